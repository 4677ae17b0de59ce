"""Whatever a CRM and two people do to their calendars: nothing is lost, doubled, or mailed."""

import pytest

from tests.calendar.worlds import CalendarWorld

pytestmark = [pytest.mark.feature("F5"), pytest.mark.feature("F6")]


@pytest.mark.lesson(3)
@pytest.mark.lesson(4)
@pytest.mark.parametrize("seed", ["suite/1", "suite/3"])
async def test_both_sides_agree_in_the_end_and_nobody_was_mailed(stage, seed):
    await CalendarWorld(stage, seed).plays()
