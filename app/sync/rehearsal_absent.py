"""Which records of the user would not be in the mailbox after a rehearsal, and why, as explain says it."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Connection
from app.records.types import record_type
from app.sync.conflicts import Side
from app.sync.plan import Doing, Step
from app.sync.scope import Facts, Scope, scope
from app.sync.scoping import MICROSOFT
from app.sync.verdict import Held, Sync, Tie, verdict

ABSENT: Final = text("""
SELECT r.record_id, r.entity, r.crm_id, r.doc, r.extra - 'metadata' AS said,
       r.rejected_at IS NOT NULL AS rejected,
       CASE WHEN r.origin = :microsoft THEN r.first_at END AS born_at,
       r.held_until IS NOT NULL AS awaits_name,
       l.state, l.decisions, l.problem IS NOT NULL AS parked, l.held_by IS NOT NULL AS asked,
       l.item_id IS NOT NULL OR l.linked_at IS NOT NULL AS met
FROM owners AS o
JOIN records AS r ON r.workspace_id = :workspace AND r.record_id = o.record_id
LEFT JOIN links AS l ON l.workspace_id = :workspace AND l.connection_id = :connection
  AND l.entity = :entity AND l.record_id = o.record_id
WHERE o.workspace_id = :workspace AND o."user" = :user AND r.entity = :entity AND r.deleted_at IS NULL
  AND l.state IS DISTINCT FROM 'linked' AND r.record_id > :after
ORDER BY r.record_id LIMIT :limit
""").columns(said=JSONB, doc=JSONB, decisions=JSONB)


async def absent(
    session: AsyncSession, connection: Connection, entity: str, *, after: str, limit: int
) -> Sequence[Row[Any]]:
    """Return the next living records of the connection's user that have no item in its mailbox."""
    values = {
        "workspace": connection.workspace_id, "connection": connection.id, "user": connection.user,
        "entity": entity, "microsoft": MICROSOFT, "after": after, "limit": limit,
    }  # fmt: skip
    return (await session.execute(ABSENT, values)).all()


def skipped(row: Row[Any], mailbox: Scope, sync: Sync) -> Step:
    """Return the step that says why such a record stays out."""
    facts = Facts(said=row.said, born_at=row.born_at, rejected=row.rejected, met=bool(row.met), doc=row.doc)
    held = Held(
        scope=scope(mailbox, facts), rejected=row.rejected, named=row.crm_id is not None,
        awaits_name=row.awaits_name,
    )  # fmt: skip
    codes = [str(decision["code"]) for decision in row.decisions or ()]
    tie = Tie(state=row.state, parked=row.parked, asked=row.asked, decided=codes) if row.state else None
    return Step(
        step=Doing.SKIP, side=Side.MICROSOFT, because=verdict(sync, held, tie).reason,
        record_id=row.record_id, crm_id=row.crm_id, title=record_type(row.entity).title(row.doc),
    )  # fmt: skip
