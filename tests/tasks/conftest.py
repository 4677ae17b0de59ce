"""Concord and Microsoft in one process, for stories about tasks."""

import pytest

from tests.preview.one_process import plain_logs, running, stage  # noqa: F401  fixtures
from tests.tasks.to_do import ToDo


@pytest.fixture
async def ada(stage):  # noqa: F811
    """Somebody whose tasks sync both ways."""
    to_do = ToDo(await stage.newcomer())
    await to_do.chooses(direction="two_way", include="all")
    await to_do.syncs()
    return to_do
