"""Concord and Microsoft in one process, as previews have them; whatever is much at once is asked about."""

from datetime import UTC, datetime

import pytest

from app import clock, log
from app.config import Settings
from app.security.seal import new_key
from tests.asking.people import Syncing
from tests.preview.preview_stage import staged

ONE_IS_MANY = {"min_deletes": 0, "max_delete_percent": 0}


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
        stage.tokens.microsoft = None  # who asks for it only hands it on
        yield stage


@pytest.fixture
async def stage(running, database_url, redis_url):
    """Both sides, empty; the clock of this process is set right again in the end."""
    await running.control("reset")
    yield running
    clock.follow(datetime.now(UTC))


@pytest.fixture
async def ada(stage):
    """Somebody who syncs both ways, and whose workspace is asked about each single deletion or clear."""
    person = Syncing(await stage.newcomer())
    await person.crm("PATCH", "/v1/workspace", {"breaker": ONE_IS_MANY})
    await person.chooses(direction="two_way")
    return person
