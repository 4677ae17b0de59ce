"""Timers: whatever of a workspace is due at a time. One sweep over all workspaces rings for it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Timer


class Timers:
    """The timers of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def set(self, kind: str, target: str, due_at: datetime) -> None:
        """Make ``target`` due at this time, earlier or later than it was."""
        row = {"workspace_id": self.workspace, "kind": kind, "target": target, "due_at": due_at}
        query = insert(Timer).values(row)
        keys = [Timer.workspace_id, Timer.kind, Timer.target]
        await self.session.execute(
            query.on_conflict_do_update(index_elements=keys, set_={"due_at": query.excluded.due_at})
        )

    async def claim(self, kind: str, target: str, *, now: datetime, until: datetime) -> bool:
        """Take the turn at what is due: nobody else is rung for it before ``until``. False: it isn't due."""
        query = update(Timer).where(self._is(kind, target), Timer.due_at <= now)
        taken = await self.session.scalars(query.values(due_at=until).returning(Timer.target))
        return taken.one_or_none() is not None

    async def settle(self, kind: str, target: str, *, until: datetime, due_at: datetime | None) -> None:
        """End a turn claimed ``until`` then, unless somebody asked for another one meanwhile."""
        mine = self._is(kind, target), Timer.due_at == until
        if due_at is None:
            await self.session.execute(delete(Timer).where(*mine))
        else:
            await self.session.execute(update(Timer).where(*mine).values(due_at=due_at))

    async def clear(self, kind: str, target: str) -> None:
        """Forget it: nothing is due any more."""
        await self.session.execute(delete(Timer).where(self._is(kind, target)))

    def _is(self, kind: str, target: str) -> ColumnElement[bool]:
        return and_(Timer.workspace_id == self.workspace, Timer.kind == kind, Timer.target == target)


async def due_timers(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[Timer]:
    """Return what is due in any workspace, the longest overdue first."""
    query = select(Timer).where(Timer.due_at <= now).order_by(Timer.due_at).limit(limit)
    return (await session.scalars(query)).all()
