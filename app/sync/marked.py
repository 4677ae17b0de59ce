"""Items known by more than their id: one that came back under another, and a copy that a done one left.

Quirk: a task has another id in each list, and one that repeats leaves a done copy of itself behind.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.graph.protocol import Document
from app.models import Link
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.adopt import mark
from app.sync.linking import ignore_copies
from app.sync.links import Links
from app.sync.work import Work

AWAY: Final = frozenset({LinkState.MOVED_OUT, LinkState.REMOVED_THERE, LinkState.GONE})


async def came_back(work: Work, rows: Iterable[Document], *, removed: Iterable[str]) -> dict[str, Link]:
    """Give links whose item is back under another id that id; return them by it.

    ``removed`` are the ids that went as these rows came. An item is known by its mark; one without a mark by
    what it says.
    """
    unknown = {str(row["id"]): row for row in rows}
    if not work.words.changes_ids or not unknown:
        return {}
    async with work.transaction() as session:
        away = await _away(session, work, removed=removed)
        found: dict[str, Link] = {}
        for item_id, row in unknown.items():
            link = next((each for each in away if _is_item_of(work, each, row)), None)
            if link is not None:
                away.remove(link)
                link.item_id, link.etag = item_id, None
                found[item_id] = link
        await session.flush()
        await work.move(session)
    return found


async def _away(session: AsyncSession, work: Work, *, removed: Iterable[str]) -> list[Link]:
    query = select(Link).where(
        Link.workspace_id == work.lease.workspace,
        Link.collection_id == work.collection.id,
        Link.record_id.is_not(None),
        or_(Link.state.in_(AWAY), Link.gone_at.is_not(None), Link.item_id.in_(list(removed))),
    )
    return list(await session.scalars(query.order_by(Link.id).with_for_update()))


def _is_item_of(work: Work, link: Link, row: Document) -> bool:
    label = work.words.mark_of(row)
    if label is not None:
        return label.casefold() == mark(link).casefold()
    ended = link.state in {LinkState.REMOVED_THERE, LinkState.GONE}  # who says the same later is another one
    return not ended and work.words.says_the_same(link.graph_had or {}, work.had(row))


async def leave_copies(work: Work, items: Mapping[str, Link]) -> set[str]:
    """Leave alone what a done item left behind when it moved on to its next date; return those links' ids."""
    if not work.words.changes_ids:
        return set()
    copies = await _copies(work, list(items.values()))
    await ignore_copies(work, copies, because=Reason.COPY_IGNORED)
    return set(copies)


async def _copies(work: Work, items: Sequence[Link]) -> dict[str, Link]:
    labels = {link.id: label for link in items if (label := (link.graph_had or {}).get("mark"))}
    done = [link for link in items if work.words.is_done_copy(link.graph_had or {})]
    if not labels and not done:
        return {}
    async with work.transaction() as session:
        owners = await Links(session).by_id(label.rpartition(".")[0] for label in labels.values())
        alive = {mark(link).casefold() for link in owners if link.state == LinkState.LINKED}
        repeating = await _repeating(session, work, items) if done else set()
    copies = {each for each, label in labels.items() if label.casefold() in alive}
    copies |= {link.id for link in done if (link.graph_had or {}).get("title") in repeating}
    return {link.id: link for link in items if link.id in copies}


async def _repeating(session: AsyncSession, work: Work, items: Sequence[Link]) -> set[str]:
    """Return what the tasks of the list are called that repeat."""
    query = select(Link.graph_had["title"].astext).where(
        Link.workspace_id == work.lease.workspace,
        Link.collection_id == work.collection.id,
        Link.state == LinkState.LINKED,
        Link.graph_had["due"]["recurrence"].astext.is_not(None),
    )
    new = [link.graph_had or {} for link in items]
    fresh = {had["title"] for had in new if (had.get("due") or {}).get("recurrence") and had.get("title")}
    return fresh | set(await session.scalars(query))
