"""Whatever a CRM and two people do to their tasks: nothing is lost, doubled, or written without end."""

import pytest

from tests.tasks.worlds import TaskWorld

pytestmark = [pytest.mark.feature("C9"), pytest.mark.feature("B8")]


@pytest.mark.lesson(3)
@pytest.mark.lesson(12)
@pytest.mark.parametrize("seed", ["suite/1", "suite/3"])
async def test_both_sides_agree_in_the_end(stage, seed):
    await TaskWorld(stage, seed).plays()
