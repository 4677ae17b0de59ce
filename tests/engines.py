"""Engines that outlive their owners: one for each way to a worker's database, for all tests of a process.

SQLAlchemy keeps with an engine what it has compiled, and asyncpg with a connection what it has prepared: to
do both anew for each test took longer than most tests.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import app.db


class Kept(AsyncEngine):
    """Stays open when its owner closes it."""

    async def dispose(self, close: bool = True) -> None:
        """Do nothing: the next test goes on with it."""


@asynccontextmanager
async def kept_engines() -> AsyncIterator[None]:
    """Keep the engines that are made inside, but for those that are told something about their connections."""
    known: dict[tuple[Any, ...], Kept] = {}
    here = asyncio.get_running_loop()

    def engine(url: str, **options: Any) -> AsyncEngine:
        elsewhere = asyncio._get_running_loop() is not here
        if elsewhere or options["connect_args"]["server_settings"]:
            return create_async_engine(url, **options)
        key = (url, options["pool_size"], options["max_overflow"])
        if key not in known:
            known[key] = Kept(create_async_engine(url, **options).sync_engine)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.db, "create_async_engine", engine)
        yield
    for each in known.values():
        await AsyncEngine.dispose(each)
