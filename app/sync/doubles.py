"""SQL of doubles: items that were cut off when two records of one mailbox turned out to be one."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Link, Record
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.uniting import MERGED_INTO


async def doubles_of(
    session: AsyncSession, collection_id: str, record_ids: Collection[str]
) -> list[tuple[Link, str]]:
    """Return the cut-off items whose record ended in one of these, each with that one, the oldest first."""
    workspace: str = session.info["workspace"]
    query = (
        select(Link, Record.extra[MERGED_INTO].astext)
        .join(Record, (Record.workspace_id == workspace) & (Record.record_id == Link.record_id))
        .where(
            Link.workspace_id == workspace,
            Link.collection_id == collection_id,
            Link.state == LinkState.SEVERED,
            Link.item_id.is_not(None),
            Link.decision["code"].astext == Reason.DUPLICATE_ITEM,
        )
        .order_by(Link.created_at, Link.id)
    )
    cut = [(link, str(into)) for link, into in await session.execute(query)]
    ends = await _followed(session, {into for _, into in cut} - set(record_ids))
    found = [(link, ends.get(into, into)) for link, into in cut]
    return [(link, record_id) for link, record_id in found if record_id in record_ids]


async def _followed(session: AsyncSession, record_ids: Collection[str]) -> dict[str, str]:
    """Return where these records have ended in the end."""
    workspace: str = session.info["workspace"]
    ends = {record_id: record_id for record_id in record_ids}
    asked = set(record_ids)
    while asked:
        query = select(Record.record_id, Record.extra[MERGED_INTO].astext).where(
            Record.workspace_id == workspace,
            Record.record_id.in_(asked),
            Record.extra[MERGED_INTO].astext.is_not(None),
        )
        steps = {row[0]: row[1] for row in await session.execute(query)}
        ends = {record_id: steps.get(end, end) for record_id, end in ends.items()}
        asked = set(steps.values())
    return ends
