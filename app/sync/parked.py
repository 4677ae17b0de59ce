"""Parked links: what went wrong with one record and goes wrong again until something changes.

Such a link never holds up another one. It is tried again by itself, ever later, and at once where somebody
asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Collection, Connection, Link, Record
from app.records.link import LinkState
from app.records.reasons import Reason
from app.states import state
from app.sync.collections import Collections
from app.sync.decisions import decide
from app.sync.links import Links
from app.sync.records import Records
from app.sync.unreadable import read_again

Json = dict[str, Any]
AGAIN_AFTER: Final = (
    timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7),
)  # fmt: skip


def park(link: Link, slug: str, *, detail: str, now: datetime) -> None:
    """Set a link aside with its problem; after five more attempts only a change or a person wakes it."""
    since = datetime.fromisoformat(link.problem["since"]) if link.problem else now
    wait = AGAIN_AFTER[link.failures] if link.failures < len(AGAIN_AFTER) else None
    link.failures += 1
    link.attempt, link.due_at = None, now + wait if wait else None
    link.next_attempt_at = link.due_at
    link.problem = state(slug, since=since, detail=detail, next_attempt_at=link.due_at)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which links a list is to show; None: whatever they are. ``parked``: those with a problem."""

    connection: str | None = None
    entity: str | None = None
    state: str | None = None
    parked: bool = False
    since: datetime | None = None
    user: str | None = None
    only: str | None = None


async def page_of(
    session: AsyncSession, wanted: Wanted, *, after: str | None, limit: int
) -> Sequence[tuple[Link, str | None, str | None]]:
    """Return the next links of a list, the oldest first, with their crm_id and their folder."""
    workspace: str = session.info["workspace"]
    query = (
        select(Link, Record.crm_id, Collection.container_id)
        .outerjoin(Record, (Record.workspace_id == workspace) & (Record.record_id == Link.record_id))
        .join(Collection, (Collection.workspace_id == workspace) & (Collection.id == Link.collection_id))
        .where(Link.workspace_id == workspace)
    )
    if wanted.user is not None:
        theirs = select(Connection.id).where(
            Connection.workspace_id == workspace, Connection.user == wanted.user
        )
        query = query.where(Link.connection_id.in_(theirs))
    named = {
        Link.id: wanted.only, Link.connection_id: wanted.connection, Link.entity: wanted.entity,
        Link.state: wanted.state,
    }  # fmt: skip
    for column, value in named.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.parked:
        query = query.where(Link.problem.is_not(None))
    if wanted.since is not None:
        query = query.where(Link.updated_at >= wanted.since)
    if after is not None:
        query = query.where(Link.id > after)
    rows = await session.execute(query.order_by(Link.id).limit(limit))
    return [(link, crm_id, container) for link, crm_id, container in rows]


def shown_link(link: Link, crm_id: str | None, container: str | None) -> Json:
    """Return a link as the API shows it."""
    item = {"id": link.item_id, "container": container, "web_link": None} if link.item_id else None
    again = link.next_attempt_at
    return {
        "id": link.id, "connection": link.connection_id, "entity": link.entity, "crm_id": crm_id,
        "record_id": link.record_id, "item": item, "state": link.state, "problem": link.problem,
        "attempts": link.failures,
        "next_attempt_at": again.astimezone(UTC).isoformat().replace("+00:00", "Z") if again else None,
    }  # fmt: skip


async def retry(session: AsyncSession, link: Link, *, now: datetime) -> None:
    """Try a link again now, as if nothing had gone wrong with it."""
    if await read_again(session, link, now=now):
        return
    await Links(session).move(Link.id == link.id, due_at=now, next_attempt_at=None, problem=None, failures=0)
    Collections(session).ring([link.collection_id], now=now)


async def unlink(session: AsyncSession, link: Link, *, now: datetime) -> None:
    """Cut a link: both sides stay, are synced no more, and the item is never taken for somebody new.

    The collection is taken away from whoever works on it, so that no write under way ties it again.
    """
    if link.record_id is not None:
        await Records(session).locked([link.record_id])
    cut = (await Links(session).locked([link.id]))[link.id]
    cut.state, cut.due_at, cut.gone_at = LinkState.SEVERED.value, None, None
    cut.held_by = cut.cleared_at = cut.problem = cut.next_attempt_at = None
    cut.updated_at = now
    decide(cut, Reason.DECLINED, now=now)
    await session.flush()
    await Collections(session).stop([link.collection_id])
    Collections(session).ring([link.collection_id], now=now, pull=True)
