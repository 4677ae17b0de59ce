"""Concord and Microsoft in this process, for all tests of a folder: fixtures that its conftest imports."""

from datetime import UTC, datetime

import pytest

from app import clock, log
from app.config import Settings
from app.security.seal import new_key
from tests.preview.preview_stage import staged


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """As in production: structlog's own default draws each traceback for seconds."""
    log.configure(level="error")


@pytest.fixture(scope="session")
async def running(servers, cleaner):
    settings = Settings(
        database_url=servers.url("concord_app"), database_sweep_url=servers.url("concord_sweep"),
        redis_url=f"{servers.redis}/{servers.number}", keys=new_key(), operator_key="op_only-for-tests",
        public_url="http://127.0.0.1:8000", development=True,
    )  # fmt: skip
    async with staged(settings) as stage:
        yield stage


@pytest.fixture
async def stage(running, database_url, redis_url):
    """Both sides, empty; the clock of this process is set right again in the end."""
    await running.control("reset")
    yield running
    clock.follow(datetime.now(UTC))
