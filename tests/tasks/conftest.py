"""Concord and Microsoft in one process, for stories about tasks."""

import pytest

from tests.preview.one_process import plain_logs, running, stage  # noqa: F401  fixtures
from tests.tasks.to_do import ToDo


@pytest.fixture
async def newcomer(stage):  # noqa: F811
    """Somebody whose tasks don't sync yet."""
    return ToDo(await stage.newcomer())


@pytest.fixture
async def ada(stage):  # noqa: F811
    """Somebody whose tasks sync both ways."""
    stage.tokens.microsoft = None  # who asks for it only hands it on
    to_do = ToDo(await stage.newcomer())
    await to_do.chooses(direction="two_way", include="all")
    await to_do.syncs()
    return to_do
