"""The ordered feed Concord → CRM: changes are gathered while a transaction works and numbered as it ends.

Numbers come from one counter row per workspace, whose lock the last statement of a transaction takes and the
commit gives back. So they are gapless and in the order of the commits: whoever has read up to a number has
read everything below it. A sequence can't promise that, it hands out numbers before the commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import last_before_commit, ring
from app.ids import new_id
from app.models import Change
from app.sync import collections as _before  # noqa: F401  rings are written before the feed is numbered
from app.sync import match_keys as _and_before  # noqa: F401  and so are the words that find records
from app.sync.bulk import encode, typed

UNHEARD_AFTER: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What the CRM is to hear: one entry of the feed, before it has a number.

    ``snapshot`` is what the type's first word names, ``changed`` and ``previous`` what is new about it.
    ``extra`` is what some types say besides (``merged``).
    """

    type: str
    subject: str
    at: datetime
    origin: str
    record_id: str | None = None
    crm_id: str | None = None
    revision: int | None = None
    connection_id: str | None = None
    reason: str | None = None
    changed: Sequence[str] = ()
    previous: Mapping[str, Any] = field(default_factory=dict)
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] | None = None


def announce(session: AsyncSession, news: News) -> str:
    """Put this into the feed if, and when, the transaction commits; return the change's id."""
    change_id = new_id("chg", news.at)
    session.info.setdefault("news", []).append((change_id, news))
    return change_id


@last_before_commit
async def number(session: AsyncSession) -> None:
    """Give what was announced its numbers and store it, in one statement; ring for the endpoints."""
    heard: list[tuple[str, News]] = session.info.pop("news", [])
    if not heard:
        return
    workspace: str = session.info["workspace"]
    rows = [_row(place, change_id, news) for place, (change_id, news) in enumerate(heard)]
    at = max(news.at for _, news in heard)
    values = {
        "workspace": workspace, "rows": encode(rows), "n": len(rows), "now": at,
        "unheard_at": at + UNHEARD_AFTER,
    }  # fmt: skip
    webhooks = (await session.execute(STORE, values)).scalar()
    if webhooks is None:  # the first change of this workspace
        await session.execute(OPEN, {"workspace": workspace})
        webhooks = (await session.execute(STORE, values)).scalar_one()
    for webhook_id in webhooks:
        ring(session, "webhook", workspace=workspace, target=webhook_id)


def _row(place: int, change_id: str, news: News) -> dict[str, Any]:
    return {
        "seq": place,
        "change_id": change_id,
        "type": news.type,
        "subject": news.subject,
        "record_id": news.record_id,
        "crm_id": news.crm_id,
        "revision": news.revision,
        "connection_id": news.connection_id,
        "origin": news.origin,
        "reason": news.reason,
        "changed": news.changed,
        "previous": news.previous,
        "snapshot": news.snapshot,
        "extra": news.extra,
        "at": news.at,
    }


COLUMNS: Final = (
    "seq", "change_id", "type", "subject", "record_id", "crm_id", "revision", "connection_id", "origin",
    "reason", "changed", "previous", "snapshot", "extra", "at",
)  # fmt: skip
_NAMES: Final = ", ".join(COLUMNS[1:])
_READ: Final = ", ".join(f"r.{name}" for name in COLUMNS[1:])

OPEN: Final = text(
    "INSERT INTO feeds (workspace_id, next, delivered, acked) VALUES (:workspace, 1, 0, 0) "
    "ON CONFLICT DO NOTHING"
)

# Everything hangs on ``counted``, so nothing happens before the counter's lock is ours. The timers are for
# rings that get lost: one stands from the first undelivered change until the endpoint has caught up.
STORE: Final = text(f"""
WITH counted AS (
    UPDATE feeds SET next = next + :n WHERE workspace_id = :workspace RETURNING next - :n AS first
), stored AS (
    INSERT INTO changes (workspace_id, seq, {_NAMES})
    SELECT :workspace, counted.first + r.seq, {_READ}
    FROM counted, jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({typed(Change, COLUMNS)})
), waiting AS (
    SELECT webhooks.id, webhooks.next_attempt_at FROM counted, webhooks
    WHERE webhooks.workspace_id = :workspace AND webhooks.status <> 'disabled'
), timed AS (
    INSERT INTO timers (workspace_id, kind, target, due_at)
    SELECT :workspace, 'webhook', id, GREATEST(:unheard_at, next_attempt_at) FROM waiting
    ON CONFLICT (workspace_id, kind, target) DO UPDATE SET due_at = excluded.due_at
    WHERE timers.due_at > excluded.due_at
)
SELECT ARRAY(SELECT id FROM waiting WHERE next_attempt_at IS NULL OR next_attempt_at <= :now) FROM counted
""")  # noqa: S608  names of our own columns
