"""The database engine and the only commit.

``transaction(workspace)`` is the one way to a session: it names the workspace to row-level security
for exactly one transaction, runs the last steps, commits, and rings the doorbells. This module knows no
table: ``sync/feed.py`` registers the step that runs last before the commit, ``jobs.py`` what a ring does.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Executable, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

LastStep = Callable[[AsyncSession], Awaitable[None]]
_last_steps: list[LastStep] = []
# More statements than there are kinds: to prepare one again costs a connection another round trip.
PREPARED: Final = 500
NAME_WORKSPACE = text("SELECT set_config('concord.workspace', :workspace, true)")


@dataclass(frozen=True, slots=True)
class Ring:
    """A doorbell: some background work may be due. Losing one costs time, never data."""

    job: str
    workspace: str
    target: str
    bulk: bool = False


Doorbell = Callable[[Collection[Ring]], Awaitable[None]]


def last_before_commit(step: LastStep) -> LastStep:
    """Register a step that every transaction runs after its own work, just before it commits."""
    _last_steps.append(step)
    return step


def ring(session: AsyncSession, job: str, *, workspace: str, target: str, bulk: bool = False) -> None:
    """Ring for background work once, and only if, this transaction has committed."""
    session.info.setdefault("rings", set()).add(Ring(job, workspace, target, bulk))


def _dumps(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


async def nobody_listens(rings: Collection[Ring]) -> None:
    """Stand in where no queue is at hand; the sweep finds the work."""


class Database:
    """One PostgreSQL, reached as one role."""

    def __init__(
        self,
        url: str,
        *,
        doorbell: Doorbell = nobody_listens,
        pool_size: int = 10,
        max_overflow: int = 5,
        server_settings: Mapping[str, str] | None = None,
    ) -> None:
        self.engine: AsyncEngine = create_async_engine(
            url, pool_size=pool_size, max_overflow=max_overflow, pool_use_lifo=True,
            connect_args={
                "server_settings": dict(server_settings or {}),
                "prepared_statement_cache_size": PREPARED,
            },
            json_serializer=_dumps, json_deserializer=orjson.loads,
        )  # fmt: skip
        self.doorbell = doorbell

    @asynccontextmanager
    async def transaction(self, workspace: str | None) -> AsyncIterator[AsyncSession]:
        """Yield a session that sees this workspace (None: the global tables only); commit at the end.

        Never hold one open over the network. Rings are best effort: a commit succeeds with Redis down.
        """
        async with AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session:
            async with session.begin():
                if workspace is not None:
                    await session.execute(NAME_WORKSPACE, {"workspace": workspace})
                session.info["workspace"] = workspace
                yield session
                await session.flush()
                for step in _last_steps:
                    await step(session)
            rings: set[Ring] = session.info.pop("rings", set())
        if rings:
            await self.doorbell(rings)

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection for a look at a global table: no transaction, one round trip a statement."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


class Scratch(Database):
    """One connection that reads everything and writes nothing but temporary tables of its own.

    PostgreSQL itself refuses all else: its transactions are read-only, and in such only temporary tables may
    be written. A temporary table hides the real one of its name, so code that names no schema works on it.
    Quirk: prepared statements stay with the table they were made for, hence a fresh connection.
    """

    SETTINGS: Final = {"default_transaction_read_only": "on", "temp_buffers": "32MB"}

    def __init__(self, url: str) -> None:
        super().__init__(url, pool_size=1, max_overflow=0, server_settings=self.SETTINGS)

    async def lay_out(
        self, workspace: str, statements: Sequence[Executable], values: Mapping[str, Any]
    ) -> None:
        """Make and fill the temporary tables, before anything else is asked of this connection."""
        async with self.engine.begin() as connection:
            await connection.execute(text("SET TRANSACTION READ WRITE"))
            await connection.execute(NAME_WORKSPACE, {"workspace": workspace})
            for statement in statements:
                await connection.execute(statement, values)
