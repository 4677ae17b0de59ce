"""Items in review: put there, looked at again when their evidence moves, and let go.

Neither such an item nor the records it may be are created on the other side. The records are held by links in
review of their own; who is in doubt about whom is told by the open matches alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.ids import new_id
from app.models import Link, Match
from app.records.link import LinkState, Role
from app.records.reasons import Reason
from app.sync.decisions import decide
from app.sync.links import Links
from app.sync.match_rows import MatchRows, candidates_of, review_of
from app.sync.records import Records
from app.sync.spread import spread
from app.sync.work import Work

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Doubt:
    """An item and the records it may be; those ``beyond`` are none of its mailbox's user."""

    item: str
    records: tuple[str, ...]
    because: tuple[str, ...]
    beyond: frozenset[str] = field(default_factory=frozenset)

    def candidates(self) -> list[dict[str, Any]]:
        """Return them as a match keeps them."""
        return [
            {"record_id": each, "because": list(self.because), "in_scope": each not in self.beyond}
            for each in self.records
        ]


async def open_reviews(
    work: Work, items: Mapping[str, Link], doubts: Sequence[Doubt], *, free: Collection[str]
) -> None:
    """Let a person decide: neither the items nor the records in doubt are created on the other side."""
    for start in range(0, len(doubts), AT_ONCE):
        part = doubts[start : start + AT_ONCE]
        async with work.transaction() as session:
            await _hold(work, session, {each for doubt in part for each in doubt.records if each in free})
            links = await Links(session).locked(doubt.item for doubt in part)
            known = await MatchRows(session).of_links(work.collection.id, links)
            opened: list[Match] = []
            for doubt in part:
                link = links.get(doubt.item)
                if link is None or link.record_id is not None:
                    continue  # gone, or settled by an earlier turn's late end
                link.state, link.due_at, link.updated_at = LinkState.IN_REVIEW.value, None, work.now
                decide(link, Reason.MATCH_OPEN, run=work.progress.run_id, now=work.now)
                if row := known.get(link.id):
                    row.summary, row.candidates = _told(work, link), doubt.candidates()
                    row.looked_at = work.now
                else:
                    summary = _told(work, items[link.id])
                    opened.append(
                        review_of(link, summary=summary, candidates=doubt.candidates(), now=work.now)
                    )
            await MatchRows(session).open(opened)
            work.progress.count("in_review", len(opened))
            await session.flush()
            await work.move(session)


def _told(work: Work, link: Link) -> dict[str, Any]:
    return work.words.parse(link.graph_had or {})


async def _hold(work: Work, session: AsyncSession, record_ids: set[str]) -> None:
    """Let these records make no item here for now."""
    records = await Records(session).locked(record_ids)
    await Links(session).move(
        Link.connection_id == work.connection.id, Link.record_id.in_(list(records)), Link.state == "wanted",
        Link.role == Role.MAIN, Link.attempt.is_(None), state=LinkState.IN_REVIEW.value, due_at=None,
    )  # fmt: skip
    now = work.now
    await Links(session).insert(
        [
            {
                "id": new_id("lnk", now), "connection_id": work.connection.id, "record_id": record_id,
                "entity": work.collection.entity, "collection_id": work.collection.id, "role": "main",
                "born": "crm", "state": LinkState.IN_REVIEW.value, "generation": 1, "graph_means": {},
                "shape": 0, "seen_round": 0, "failures": 0, "created_at": now, "updated_at": now,
            }
            for record_id, record in records.items()
            if record.deleted_at is None
        ]
    )  # fmt: skip


async def close(work: Work, session: AsyncSession, link_ids: Collection[str]) -> None:
    """Close the reviews of items that are settled without a person: what they were about has moved."""
    matches = MatchRows(session)
    rows = (await matches.of_links(work.collection.id, link_ids)).values()
    await matches.close(rows, "obsolete", by="evidence", now=work.now)
    await session.flush()


async def close_of_gone(work: Work) -> bool:
    """Close the reviews whose item is there no more; say whether any was: the others are matched again."""
    async with work.transaction() as session:
        matches = MatchRows(session)
        rows = [row for row in await matches.unsettled(work.collection.id) if row.status == "open"]
        there = await _items(session, [row.link_id for row in rows])
        gone = [row for row in rows if row.link_id not in there]
        if not gone:
            return False
        beside = _beside(rows, {candidate for row in gone for candidate in candidates_of(row)})
        await Links(session).set_due([row.link_id for row in beside if row.link_id in there], now=work.now)
        locked = await matches.of_links(work.collection.id, [row.link_id for row in gone])
        await matches.close(locked.values(), "obsolete", by="item_removed", now=work.now)
        await session.flush()
        await work.move(session)
    return True


async def to_look_at(work: Work, touched: Collection[str]) -> tuple[list[Link], dict[str, Collection[str]]]:
    """Return items in review that are to be matched again, and the records that each was in doubt about.

    Whoever moved takes with it all who are in doubt about the same records, as do those in ``touched``, which
    a person has just settled. One that may be gone is nobody until it is looked up.
    """
    async with work.transaction() as session:
        matches = MatchRows(session)
        rows = [row for row in await matches.unsettled(work.collection.id) if row.status == "open"]
        moved = await matches.moved_since(rows) if rows else set()
        about = {candidate for row in rows if row.id in moved for candidate in candidates_of(row)}
        again = _beside(rows, about | set(touched))
        found = await _items(session, [row.link_id for row in again])
        there = {link_id: link for link_id, link in found.items() if link.gone_at is None}
    doubted = {row.link_id: candidates_of(row) for row in again if row.link_id in there}
    return list(there.values()), dict(doubted)


async def release(work: Work) -> None:
    """Let go of records that no open match is about any more: they get items of their own."""
    async with work.transaction() as session:
        query = select(Link.id, Link.record_id).where(
            Link.workspace_id == work.lease.workspace, Link.collection_id == work.collection.id,
            Link.state == LinkState.IN_REVIEW.value, Link.record_id.is_not(None),
        )  # fmt: skip
        held = {row.record_id: row.id for row in await session.execute(query) if row.record_id is not None}
        if not held:
            return
        doubted = await MatchRows(session).still_doubted(work.collection.id)
        free = sorted(held.keys() - doubted)
        if free:
            await Records(session).locked(free)
            await Links(session).drop([held[record_id] for record_id in free])
            await spread(session, free, now=work.now)
            await work.move(session)


def _beside(rows: Sequence[Match], records: Collection[str]) -> list[Match]:
    return [row for row in rows if not set(candidates_of(row)).isdisjoint(records)]


async def _items(session: AsyncSession, link_ids: Iterable[str]) -> dict[str, Link]:
    return {link.id: link for link in await Links(session).by_id(link_ids) if link.record_id is None}
