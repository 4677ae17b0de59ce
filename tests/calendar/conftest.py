"""Concord and Microsoft in one process, for stories about calendars."""

from datetime import UTC, datetime

import pytest

from app import clock
from tests.calendar.diary import Diary
from tests.preview.one_process import plain_logs, running, stage  # noqa: F401  fixtures

TODAY = datetime(2026, 11, 29, 8, tzinfo=UTC)


@pytest.fixture
async def ada(stage):  # noqa: F811
    """Somebody whose calendar syncs both ways."""
    diary = Diary(await stage.newcomer())
    await diary.chooses(direction="two_way")
    await diary.syncs()
    return diary


@pytest.fixture
def today():
    """The day of these stories, whatever day it is."""
    return clock.now().date()
