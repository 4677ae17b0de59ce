"""SQL of links: by page, by record, by what is due."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Link, Record
from app.records.link import Role
from app.sync.bulk import Row, insert_many, update_many
from app.sync.match_keys import forget_items

LIVE = ("linked", "suspended", "moved_out")
CUT_LATELY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Gathered:
    """When the first and the last of the reported removals came, and when others are looked up again."""

    first: datetime | None
    last: datetime | None
    again: datetime | None


class Links:
    """The links of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def of_items(self, connection_id: str, item_ids: Iterable[str]) -> dict[str, Link]:
        """Return the links of these items, by item id, as they are now."""
        query = select(Link).where(
            Link.workspace_id == self.workspace,
            Link.connection_id == connection_id,
            Link.item_id.in_(list(item_ids)),
        )
        rows = await self.session.scalars(query, execution_options={"populate_existing": True})
        return {link.item_id: link for link in rows if link.item_id is not None}

    async def locked(self, ids: Iterable[str]) -> dict[str, Link]:
        """Return these links by id, locked in order. Their records are locked before them."""
        query = select(Link).where(Link.workspace_id == self.workspace, Link.id.in_(sorted(set(ids))))
        rows = await self.session.scalars(
            query.order_by(Link.id).with_for_update(), execution_options={"populate_existing": True}
        )
        return {link.id: link for link in rows}

    async def of_records(self, record_ids: Iterable[str]) -> Sequence[Link]:
        """Return every link of these records, in whichever connection, but for mirrors."""
        query = select(Link).where(
            Link.workspace_id == self.workspace,
            Link.record_id.in_(sorted(set(record_ids))),
            Link.role == Role.MAIN,
        )
        return (await self.session.scalars(query.order_by(Link.id))).all()

    async def by_id(self, ids: Iterable[str]) -> Sequence[Link]:
        """Return these links, without a lock."""
        query = select(Link).where(Link.workspace_id == self.workspace, Link.id.in_(sorted(set(ids))))
        return (await self.session.scalars(query.order_by(Link.id))).all()

    async def due(self, collection_id: str, *, now: datetime, limit: int) -> Sequence[Link]:
        """Return links that may be owed something now, the longest due first."""
        query = (
            select(Link)
            .where(
                Link.workspace_id == self.workspace, Link.collection_id == collection_id, Link.due_at <= now
            )
            .order_by(Link.due_at, Link.id)
            .limit(limit)
        )
        return (await self.session.scalars(query)).all()

    async def due_with_records(self, collection_id: str, *, now: datetime) -> list[tuple[Link, Record]]:
        """Return every link that is due something now and waits for nobody, with its record."""
        query = (
            select(Link, Record)
            .join(
                Record,
                (Record.workspace_id == Link.workspace_id) & (Record.record_id == Link.record_id),
            )
            .where(
                Link.workspace_id == self.workspace, Link.collection_id == collection_id,
                Link.due_at <= now, Link.attempt.is_(None), Link.held_by.is_(None),
                Link.cleared_at.is_(None),
            )
            .order_by(Link.id)
        )  # fmt: skip
        return [(link, record) for link, record in await self.session.execute(query)]

    async def next_due(self, collection_id: str) -> datetime | None:
        """Return when the next link of the collection is due."""
        query = select(func.min(Link.due_at)).where(
            Link.workspace_id == self.workspace, Link.collection_id == collection_id
        )
        return await self.session.scalar(query)

    async def unmatched(
        self, collection_id: str, *, due_only: bool, after: str, limit: int
    ) -> Sequence[Link]:
        """Return items that no record knows, by id; ``due_only``: those that changed since their match.

        One that may be gone is nobody until it is looked up.
        """
        query = select(Link).where(
            Link.workspace_id == self.workspace,
            Link.collection_id == collection_id,
            Link.state == "unmatched",
            Link.gone_at.is_(None),
            Link.id > after,
        )
        if due_only:
            query = query.where(Link.due_at.is_not(None))
        return (await self.session.scalars(query.order_by(Link.id).limit(limit))).all()

    async def in_state(
        self,
        collection_id: str,
        state: str,
        *,
        attempted: bool | None = None,
        after: str = "",
        limit: int = 1000,
    ) -> Sequence[Link]:
        """Return links of the collection in one state, by id, so that a caller can page through them."""
        query = select(Link).where(
            Link.workspace_id == self.workspace,
            Link.collection_id == collection_id,
            Link.state == state,
            Link.id > after,
        )
        if attempted is not None:
            query = query.where(Link.attempt.is_not(None) if attempted else Link.attempt.is_(None))
        return (await self.session.scalars(query.order_by(Link.id).limit(limit))).all()

    async def creating(self, collection_id: str, *, now: datetime) -> Sequence[Link]:
        """Return links whose item may be there without our knowing its id, also those cut meanwhile."""
        query = select(Link).where(
            Link.workspace_id == self.workspace,
            Link.collection_id == collection_id,
            Link.attempt.is_not(None),
            or_(
                Link.state == "wanted",
                and_(Link.state == "severed", Link.item_id.is_(None), Link.updated_at > now - CUT_LATELY),
            ),
        )
        return (await self.session.scalars(query.order_by(Link.id))).all()

    async def gathered(self, collection_id: str, *, now: datetime) -> Gathered:
        """Return how long reported removals have been gathering that nobody has verified yet."""
        reported = Link.gone_at <= now
        query = select(
            func.min(Link.gone_at).filter(reported),
            func.max(Link.gone_at).filter(reported),
            func.min(Link.gone_at).filter(Link.gone_at > now),
        ).where(self._unverified(collection_id))
        return Gathered(*(await self.session.execute(query)).one())

    async def unverified(self, collection_id: str, *, now: datetime, limit: int) -> Sequence[Link]:
        """Return links whose item was reported removed and that are to be verified now."""
        query = select(Link).where(self._unverified(collection_id), Link.gone_at <= now)
        return (await self.session.scalars(query.order_by(Link.id).limit(limit))).all()

    def _unverified(self, collection_id: str) -> ColumnElement[bool]:
        return and_(
            Link.workspace_id == self.workspace,
            Link.collection_id == collection_id,
            Link.gone_at.is_not(None),
            Link.state != "gone",
        )

    async def with_items(self, collection_id: str, states: Sequence[str]) -> Sequence[Link]:
        """Return every link of these states that has both a record and an item."""
        query = select(Link).where(
            Link.workspace_id == self.workspace,
            Link.collection_id == collection_id,
            Link.state.in_(states),
            Link.record_id.is_not(None),
            Link.item_id.is_not(None),
        )
        return (await self.session.scalars(query.order_by(Link.id))).all()

    async def held(self, run_id: str, *, limit: int) -> Sequence[Link]:
        """Return links that wait for what is decided about a run, or are about to follow it."""
        query = select(Link).where(Link.workspace_id == self.workspace, Link.held_by == run_id)
        return (await self.session.scalars(query.order_by(Link.id).limit(limit))).all()

    async def cleared(self, collection_id: str) -> Sequence[Link]:
        """Return links whose item was seen emptied, which nobody is asked about."""
        query = select(Link).where(
            Link.workspace_id == self.workspace,
            Link.collection_id == collection_id,
            Link.cleared_at.is_not(None),
            Link.held_by.is_(None),
            Link.state == "linked",
        )
        return (await self.session.scalars(query.order_by(Link.id))).all()

    async def lived(self, collection_id: str, *, since: datetime) -> int:
        """Return how many links with an item lived in a collection then or have since."""
        query = select(func.count()).where(
            Link.workspace_id == self.workspace,
            Link.collection_id == collection_id,
            Link.record_id.is_not(None),
            Link.linked_at.is_not(None),
            or_(Link.state.in_((*LIVE, "gone")), Link.updated_at > since),
        )
        return int(await self.session.scalar(query) or 0)

    async def unseen(
        self, collection_id: str, *, round_no: int, before: datetime, limit: int = 1000
    ) -> Sequence[Link]:
        """Return links made before a full round began that this round did not show."""
        query = select(Link).where(
            Link.workspace_id == self.workspace,
            Link.collection_id == collection_id,
            Link.state.in_(("linked", "suspended", "unmatched", "in_review")),
            Link.item_id.is_not(None),
            Link.seen_round < round_no,
            Link.gone_at.is_(None),
            or_(Link.linked_at.is_(None), Link.linked_at < before),
        )
        return (await self.session.scalars(query.order_by(Link.id).limit(limit))).all()

    async def counts(self, connection_id: str, entity: str) -> dict[str, int]:
        """Return how many links are linked, parked and in review."""
        parked = func.count(case((Link.problem.is_not(None), 1)))
        linked = func.count(case((Link.state == "linked", 1)))
        in_review = func.count(case(((Link.state == "in_review") & Link.record_id.is_(None), 1)))
        query = select(linked, parked, in_review).where(
            Link.workspace_id == self.workspace, Link.connection_id == connection_id, Link.entity == entity
        )
        row = (await self.session.execute(query)).one()
        return {"linked": row[0], "parked": row[1], "in_review": row[2]}

    async def set_due(self, ids: Iterable[str], *, now: datetime) -> None:
        """Hint that these links may be owed something; what parked them is tried again."""
        query = update(Link).where(Link.workspace_id == self.workspace, Link.id.in_(sorted(set(ids))))
        await self.session.execute(query.values(due_at=now, next_attempt_at=None, problem=None))

    async def move(self, *where: Any, **values: Any) -> None:
        """Set columns on the links of this workspace that fit the conditions."""
        await self.session.execute(
            update(Link).where(Link.workspace_id == self.workspace, *where).values(**values)
        )

    async def taken(self, connection_id: str, record_ids: Iterable[str]) -> set[str]:
        """Return those of these records that have an item in a mailbox already."""
        query = select(Link.record_id).where(
            Link.workspace_id == self.workspace,
            Link.connection_id == connection_id,
            Link.record_id.in_(sorted(set(record_ids))),
            Link.item_id.is_not(None) | Link.attempt.is_not(None),
        )
        return {str(record_id) for record_id in await self.session.scalars(query)}

    async def make_room(self, connection_id: str, record_ids: Sequence[str]) -> set[str]:
        """Delete links of these records that hold nothing here; return the records that have another left."""
        here = (
            Link.workspace_id == self.workspace,
            Link.connection_id == connection_id,
            Link.record_id.in_(list(record_ids)),
            Link.role == Role.MAIN,
        )
        holding = Link.state.not_in(("removed_there", "removed_by_us")) & Link.item_id.is_not(None)
        await self.session.execute(delete(Link).where(*here, Link.attempt.is_(None), ~holding))
        left = await self.session.scalars(select(Link.record_id).where(*here))
        return {record_id for record_id in left if record_id is not None}

    async def give(self, pairs: Mapping[str, str]) -> None:
        """Give links without a record theirs (link id: record id)."""
        rows = [
            {"workspace_id": self.workspace, "id": link_id, "record_id": record_id}
            for link_id, record_id in pairs.items()
        ]
        await update_many(self.session, Link, rows)

    async def drop(self, ids: Sequence[str]) -> None:
        """Delete links that stand for nothing any more: items unmatched and gone, creations never begun."""
        if ids:
            forget_items(self.session, ids)
            await self.session.execute(
                delete(Link).where(Link.workspace_id == self.workspace, Link.id.in_(list(ids)))
            )

    async def insert(self, rows: Sequence[Row]) -> None:
        """Insert a page of links in one statement; one that was made meanwhile stays as it is."""
        page = [{"workspace_id": self.workspace, **row} for row in rows]
        await insert_many(self.session, Link, page, skip_known=True)
