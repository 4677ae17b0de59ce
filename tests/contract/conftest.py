"""One application for all cases of a process: what they send is refused, or changes nothing that matters."""

import asyncpg
import pytest

from app import log
from app.config import Settings
from tests.conftest import EMPTY_EVERY_TABLE, KEYS


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    log.configure(level="error")


@pytest.fixture(scope="module")
async def module_settings(servers, cleaner: asyncpg.Connection) -> Settings:
    """As ``settings``, with a database that is emptied once for the whole module."""
    await cleaner.execute(EMPTY_EVERY_TABLE)
    return Settings(
        database_url=servers.url("concord_app"),
        database_sweep_url=servers.url("concord_sweep"),
        database_owner_url=servers.url("concord_owner"),
        redis_url=f"{servers.redis}/{servers.number}",
        keys=KEYS,
        operator_key="op_only-for-tests",
        public_url="http://127.0.0.1:8000",
        microsoft_authority="https://127.0.0.1:1",
        development=True,
    )
