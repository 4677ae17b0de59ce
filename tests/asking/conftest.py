"""Concord and Microsoft in one process, as previews have them; whatever is much at once is asked about."""

import pytest

from tests.asking.people import Syncing
from tests.preview.one_process import plain_logs, running, stage  # noqa: F401  fixtures

ONE_IS_MANY = {"min_deletes": 0, "max_delete_percent": 0}


@pytest.fixture
async def ada(stage):  # noqa: F811
    """Somebody who syncs both ways, and whose workspace is asked about each single deletion or clear."""
    stage.tokens.microsoft = None  # who asks for it only hands it on
    person = Syncing(await stage.newcomer())
    await person.crm("PATCH", "/v1/workspace", {"breaker": ONE_IS_MANY})
    await person.chooses(direction="two_way")
    return person
