"""SQL of collections: who works on one, what rings for it, when it is due."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import last_before_commit, ring
from app.errors import LeaseLost
from app.ids import new_id
from app.models import Collection

LEASE = timedelta(seconds=10)


class Collections:
    """The collections of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def get(self, collection_id: str) -> Collection | None:
        """Return the collection as it is now."""
        return await self.session.get(Collection, (self.workspace, collection_id), populate_existing=True)

    async def of(self, connection_id: str, entity: str) -> Collection | None:
        """Return the collection of this entity, if it was ever switched on."""
        query = select(Collection).where(
            Collection.workspace_id == self.workspace,
            Collection.connection_id == connection_id,
            Collection.entity == entity,
        )
        return (await self.session.scalars(query)).one_or_none()

    async def of_connection(self, connection_id: str) -> Sequence[Collection]:
        """Return every collection of a connection."""
        query = select(Collection).where(
            Collection.workspace_id == self.workspace, Collection.connection_id == connection_id
        )
        return (await self.session.scalars(query)).all()

    async def working(self) -> Sequence[Collection]:
        """Return every collection of the workspace that hears or sends."""
        query = select(Collection).where(
            Collection.workspace_id == self.workspace, Collection.hears | Collection.sends
        )
        return (await self.session.scalars(query.order_by(Collection.id))).all()

    async def opened(self, connection_id: str, entity: str, *, now: datetime) -> Collection:
        """Return the collection of this entity, made now if need be."""
        row = {
            "workspace_id": self.workspace, "id": new_id("col", now), "connection_id": connection_id,
            "entity": entity, "created_at": now,
        }  # fmt: skip
        keys = ["workspace_id", "connection_id", "entity"]
        await self.session.execute(insert(Collection).values(row).on_conflict_do_nothing(index_elements=keys))
        found = await self.of(connection_id, entity)
        assert found is not None  # noqa: S101  inserted above
        return found

    async def claim(self, collection_id: str, holder: str, *, now: datetime) -> Collection | None:
        """Take the lease if nobody holds it; return the collection under its new epoch."""
        query = (
            update(Collection)
            .where(
                Collection.workspace_id == self.workspace,
                Collection.id == collection_id,
                or_(Collection.lease_until.is_(None), Collection.lease_until <= now),
            )
            .values(holder=holder, epoch=Collection.epoch + 1, lease_until=now + LEASE)
            .returning(Collection)
        )
        return (await self.session.scalars(query)).one_or_none()

    async def freed(self, collection_id: str, holder: str, *, now: datetime) -> bool:
        """Give back a lease whose epoch is over, if nobody has claimed the collection since."""
        query = (
            update(Collection)
            .where(
                Collection.workspace_id == self.workspace,
                Collection.id == collection_id,
                Collection.holder == holder,
                Collection.lease_until > now,
            )
            .values(lease_until=now)
            .returning(Collection.id)
        )
        return (await self.session.scalars(query)).one_or_none() is not None

    async def move(self, collection_id: str, *, epoch: int, **values: Any) -> None:
        """Set columns as the holder of the lease, and nobody else. Raises LeaseLost."""
        await self._locked([collection_id, *_rung(self.session)])
        query = (
            update(Collection)
            .where(
                Collection.workspace_id == self.workspace,
                Collection.id == collection_id,
                Collection.epoch == epoch,
            )
            .values(**values)
            .returning(Collection.id)
        )
        if (await self.session.scalars(query)).one_or_none() is None:
            raise LeaseLost(f"Collection {collection_id} has moved beyond epoch {epoch}.")

    async def finish(
        self, collection_id: str, *, epoch: int, wanted: int, due_at: datetime | None, now: datetime
    ) -> bool:
        """Give the lease back unless somebody rang meanwhile; then answer False: go round again."""
        query = (
            update(Collection)
            .where(
                Collection.workspace_id == self.workspace,
                Collection.id == collection_id,
                Collection.epoch == epoch,
                Collection.wanted == wanted,
            )
            .values(served=wanted, lease_until=now, due_at=due_at)
            .returning(Collection.id)
        )
        return (await self.session.scalars(query)).one_or_none() is not None

    async def release(
        self, collection_id: str, *, epoch: int, due_at: datetime | None, now: datetime
    ) -> None:
        """Give the lease back whoever rang: the work goes on at ``due_at``, or when somebody rings again."""
        await self.move(collection_id, epoch=epoch, lease_until=now, due_at=due_at)

    def ring(self, ids: Iterable[str], *, now: datetime, pull: bool = False) -> None:
        """Ask for these collections to be looked at now; ``pull``: also for what Microsoft has.

        Written at the end of the transaction, in order, so that two workers that ring each other's don't
        deadlock.
        """
        rung = _rung(self.session)
        for collection_id in ids:
            rung[collection_id] = (now, pull or rung.get(collection_id, (now, False))[1])
            ring(self.session, "collection", workspace=self.workspace, target=collection_id)

    async def poll_by(self, collection_id: str, *, at: datetime) -> None:
        """See to it that Microsoft is asked at this time, if not before."""
        here = Collection.workspace_id == self.workspace, Collection.id == collection_id
        sooner = func.least(Collection.poll_at, at)
        await self.session.execute(update(Collection).where(*here).values(poll_at=sooner))

    async def approve(self, connection_id: str, entity: str, approved: dict[str, Any]) -> None:
        """Keep what somebody has approved of beforehand."""
        query = update(Collection).where(
            Collection.workspace_id == self.workspace,
            Collection.connection_id == connection_id,
            Collection.entity == entity,
        )
        await self.session.execute(query.values(approved=approved))

    async def stop(self, ids: Iterable[str]) -> None:
        """Take these collections away from whoever works on them; nothing is due any more."""
        stopped = await self._locked(ids)
        for collection_id in stopped:
            _rung(self.session).pop(collection_id, None)
        query = update(Collection).where(
            Collection.workspace_id == self.workspace, Collection.id.in_(stopped)
        )
        await self.session.execute(query.values(epoch=Collection.epoch + 1, due_at=None, poll_at=None))

    async def write_rings(self) -> None:
        """Store what was rung for."""
        rung = _rung(self.session)
        await self._locked(rung)
        for now, pull in set(rung.values()):
            ids = [collection_id for collection_id, asked in rung.items() if asked == (now, pull)]
            values = {"wanted": Collection.wanted + 1, "due_at": now, **({"poll_at": now} if pull else {})}
            here = Collection.workspace_id == self.workspace, Collection.id.in_(ids)
            await self.session.execute(update(Collection).where(*here).values(**values))
        rung.clear()

    async def _locked(self, ids: Iterable[str]) -> list[str]:
        """Lock several in the one order that never deadlocks; one alone is locked by what is done to it."""
        wanted = sorted(set(ids))
        if len(wanted) > 1:
            query = select(Collection.id).where(
                Collection.workspace_id == self.workspace, Collection.id.in_(wanted)
            )
            await self.session.execute(query.order_by(Collection.id).with_for_update())
        return wanted


def _rung(session: AsyncSession) -> dict[str, tuple[datetime, bool]]:
    """Return the collections that this transaction rings for: when it asked, and whether they are to pull."""
    rung: dict[str, tuple[datetime, bool]] = session.info.setdefault("rung", {})
    return rung


@last_before_commit
async def write_rings(session: AsyncSession) -> None:
    """Ring for collections after all else: whoever locks one locks no record or link any more."""
    if session.info.get("rung"):
        await Collections(session).write_rings()


async def due_collections(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """Return (workspace, id) of what is due in any workspace and held by nobody, for the sweep's role."""
    free = or_(Collection.lease_until.is_(None), Collection.lease_until <= now)
    query = (
        select(Collection.workspace_id, Collection.id)
        .where(Collection.due_at <= now, free)
        .order_by(Collection.due_at)
        .limit(limit)
    )
    return [(workspace, collection_id) for workspace, collection_id in await session.execute(query)]
