"""A CRM that repeats the times it had takes back no move of Outlook's (decision 23)."""

import pytest

from tests.calendar.diary import at, clock_of, graph

pytestmark = pytest.mark.feature("F4")


@pytest.fixture
async def moved(ada):
    """An event that Outlook's user has moved by two hours, which the CRM hasn't taken over yet."""
    item = await ada.has("e-1", title="e-1", location="Here")
    await ada.edits(item, start=graph(at(1, "11:00")), end=graph(at(1, "12:00")))
    await ada.syncs()
    return ada


@pytest.mark.parametrize(
    "copy",
    [
        pytest.param({"start": at(1)}, id="the start alone"),
        pytest.param({"end": at(1, "10:00")}, id="the end alone"),
        pytest.param({"start": at(1), "end": at(1, "10:00")}, id="both"),
        pytest.param({"start": at(1), "end": at(1, "10:00"), "recurrence": None}, id="all of it"),
    ],
)
async def test_a_stale_copy_is_no_edit(moved, copy):
    now = await moved.puts("e-1", **copy, location="There")

    assert (now["start"], now["end"], now["location"]) == (at(1, "11:00"), at(1, "12:00"), "There")
    await moved.settles()
    item = await moved.event("e-1")
    assert (clock_of(item)[11:], item["location"]["displayName"]) == ("11:00", "There")


async def test_another_time_is_an_edit(moved):
    await moved.puts("e-1", start=at(1, "08:00"), end=at(1, "09:00"))
    await moved.settles()

    assert clock_of(await moved.event("e-1"))[11:] == "08:00"


async def test_a_patch_means_what_it_says(moved):
    now = await moved.patches("e-1", start=at(1), end=at(1, "10:00"))
    await moved.settles()

    assert now["start"] == at(1)
    assert clock_of(await moved.event("e-1"))[11:] == "09:00"
