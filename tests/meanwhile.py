"""What happens while a worker pauses between two of its transactions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from app.db import Database


async def dies() -> None:
    """Let the worker be killed here."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


class Meanwhile:
    """A database after whose ``after``-th commit something else happens."""

    def __init__(self, db: Database, *, after: int, happens: Callable[[], Awaitable[None]] = dies) -> None:
        self.db, self.left, self.happens = db, after, happens

    @asynccontextmanager
    async def transaction(self, workspace: str | None) -> AsyncIterator[Any]:
        async with self.db.transaction(workspace) as session:
            yield session
        self.left -= 1
        if self.left == 0:
            await self.happens()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)
