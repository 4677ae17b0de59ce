"""SQL of changes: the feed as it is read, acknowledged and, after 30 days, forgotten."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Change, Feed

KEPT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A stretch of the feed: nothing that fits is missing between the cursor asked for and ``position``."""

    changes: Sequence[Change]
    position: int
    has_more: bool


class Changes:
    """The changes of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def feed(self) -> Feed:
        """Return the workspace's counter, made if it is still missing."""
        found = await self.session.get(Feed, self.workspace, populate_existing=True)
        if found is None:
            row = {"workspace_id": self.workspace, "next": 1, "delivered": 0, "acked": 0}
            await self.session.execute(insert(Feed).values(row).on_conflict_do_nothing())
            found = await self.session.get(Feed, self.workspace)
            assert found is not None  # noqa: S101  inserted above
        return found

    async def head(self) -> int:
        """Return the number of the last change."""
        query = select(Feed.next).where(Feed.workspace_id == self.workspace)
        return (await self.session.scalar(query) or 1) - 1

    async def locked_head(self) -> int:
        """Return the number of the last change, none coming after it until this transaction has ended."""
        feed = await self.feed()
        await self.session.refresh(feed, with_for_update=True)
        return feed.next - 1

    async def oldest(self, *, now: datetime) -> int:
        """Return the number of the oldest change that is kept, or else of the one to come."""
        query = select(func.min(Change.seq)).where(
            Change.workspace_id == self.workspace, Change.at > now - KEPT
        )
        return await self.session.scalar(query) or await self.head() + 1

    async def reaches(self, position: int, *, now: datetime) -> bool:
        """Say whether everything after this place of the feed is still kept."""
        query = select(Change.at).where(Change.workspace_id == self.workspace, Change.seq == position + 1)
        at = await self.session.scalar(query)
        return at > now - KEPT if at is not None else position >= await self.head()

    async def after(
        self, position: int, *, limit: int, types: Collection[str] = (), connection: str | None = None
    ) -> FeedPage:
        """Return the next changes in order.

        The head is read before the page: everything up to it has been committed, so a page that isn't full
        leads to the head, also past changes that don't fit.
        """
        head = await self.head()
        query = select(Change).where(
            Change.workspace_id == self.workspace, Change.seq > position, Change.seq <= head, *_fits(types)
        )
        if connection is not None:
            query = query.where(Change.connection_id == connection)
        rows = (await self.session.scalars(query.order_by(Change.seq).limit(limit + 1))).all()
        if len(rows) > limit:
            return FeedPage(rows[:limit], rows[limit - 1].seq, has_more=True)
        return FeedPage(rows, max(head, position), has_more=False)

    async def of_ids(self, ids: Iterable[str]) -> dict[str, Change]:
        """Return these changes by id, as they are now."""
        query = select(Change).where(
            Change.workspace_id == self.workspace, Change.change_id.in_(sorted(set(ids)))
        )
        rows = await self.session.scalars(query, execution_options={"populate_existing": True})
        return {change.change_id: change for change in rows}

    async def of_seqs(self, seqs: Sequence[int]) -> Sequence[Change]:
        """Return these changes in order."""
        query = select(Change).where(Change.workspace_id == self.workspace, Change.seq.in_(list(seqs)))
        return (await self.session.scalars(query.order_by(Change.seq))).all()

    async def note_delivered(self, seqs: Sequence[int], *, now: datetime) -> None:
        """Note when the CRM was first handed these changes: by a read, or by a delivery answered with 2xx."""
        if seqs:
            query = update(Change).where(
                Change.workspace_id == self.workspace,
                Change.seq.in_(list(seqs)),
                Change.delivered_at.is_(None),
            )
            await self.session.execute(query.values(delivered_at=now))

    async def note_acked(self, seqs: Sequence[int], *, now: datetime) -> None:
        """Note when the CRM first said that it has applied these changes."""
        if seqs:
            query = update(Change).where(
                Change.workspace_id == self.workspace, Change.seq.in_(list(seqs)), Change.acked_at.is_(None)
            )
            await self.session.execute(
                query.values(acked_at=now, delivered_at=func.coalesce(Change.delivered_at, now))
            )


def _fits(types: Collection[str]) -> list[ColumnElement[bool]]:
    """Return the condition for types such as ``contact.created`` and ``contact.*``."""
    words = [kind.removesuffix("*") for kind in types if kind.endswith("*")]
    whole = [kind for kind in types if not kind.endswith("*")]
    if not types or "" in words:
        return []
    return [or_(Change.type.in_(whole), *(Change.type.startswith(word, autoescape=True) for word in words))]
