"""After a change of settings, or at the end of a connection: which of its questions are still to be asked."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.models import Record
from app.sync.conflict_rows import Conflicts
from app.sync.conflicts import Policy
from app.sync.connections import ENDED, Connections
from app.sync.deciding import reconsider
from app.sync.open_conflicts import KIND
from app.sync.records import Records
from app.sync.resources import Resources
from app.sync.settings import EffectiveSettings
from app.sync.spread import spread
from app.sync.timers import Timers

TURN: Final = timedelta(minutes=1)
A_PAGE: Final = 100


async def reconsider_questions(resources: Resources, workspace: str, target: str) -> None:
    """Close by rule what is asked no more about a mailbox. Safe to repeat and to kill."""
    now = clock.now()
    async with resources.db.transaction(workspace) as session:
        if not await Timers(session).claim(KIND, target, now=now, until=now + TURN):
            return
    await end_questions(resources, workspace, target)
    async with resources.db.transaction(workspace) as session:
        await Timers(session).settle(KIND, target, until=now + TURN, due_at=None)


async def end_questions(resources: Resources, workspace: str, connection_id: str) -> None:
    """Go through all that is open with a mailbox, page by page."""
    after: str | None = ""
    while after is not None:
        async with resources.db.transaction(workspace) as session:
            after = await _page(session, connection_id, after=after)


async def forget_questions(session: AsyncSession, connection_id: str) -> None:
    """Close whatever is open with a mailbox whose place another one takes."""
    after: str | None = ""
    while after is not None:
        after = await _page(session, connection_id, after=after, over=True)


async def _page(session: AsyncSession, connection_id: str, *, after: str, over: bool = False) -> str | None:
    """Look at a page of what is open; return where the next one begins."""
    now = clock.now()
    rows = await Conflicts(session).open_with(connection_id, after=after, limit=A_PAGE)
    records = await Records(session).locked(record_id for _, record_id, _ in rows)
    entities = set[str]() if over else {entity for _, _, entity in rows}
    policies = await _policies(session, connection_id, entities)
    moved = [
        record.record_id
        for record in records.values()
        if await _reconsidered(session, record, connection_id, policies.get(record.entity), now=now)
    ]
    await spread(session, sorted(moved), now=now)
    return rows[-1][0] if len(rows) == A_PAGE else None


async def _policies(session: AsyncSession, connection_id: str, entities: set[str]) -> dict[str, Policy]:
    """Return the policy of each entity that the mailbox still takes part in."""
    connection = await Connections(session).get(connection_id)
    if connection is None or connection.status in ENDED:
        return {}
    found = {entity: await EffectiveSettings(session).of(connection_id, entity) for entity in entities}
    return {entity: one.policy for entity, one in found.items() if one.direction != "disabled"}


async def _reconsidered(
    session: AsyncSession, record: Record, connection_id: str, policy: Policy | None, *, now: datetime
) -> bool:
    gone = frozenset({connection_id}) if policy is None else frozenset[str]()
    policies = {connection_id: policy} if policy is not None else {}
    return await reconsider(session, record, policies, gone=gone, now=now)
