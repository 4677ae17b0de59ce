"""One Concord and one Microsoft for all; each test has a workspace and a person of its own."""

from datetime import UTC, datetime

import pytest

from app import clock
from tests.preview.one_process import plain_logs, running, stage  # noqa: F401  fixtures


@pytest.fixture
async def one_of_many(running):  # noqa: F811
    """Both sides, with other workspaces still there: for tests that look at nothing but their own."""
    await running.control("reset")
    yield running
    clock.follow(datetime.now(UTC))


@pytest.fixture
async def ada(stage):  # noqa: F811
    return await stage.newcomer()
