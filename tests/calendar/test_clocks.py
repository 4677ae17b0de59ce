"""Series are at the same time by the clocks of their zone, in summer and in winter, in both hemispheres (lesson 11)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app import clock
from tests.calendar.diary import Diary
from tests.calendar.test_agreement import quiet

pytestmark = [pytest.mark.lesson(11), pytest.mark.feature("F6")]
ZONES = ["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Pacific/Auckland", "Etc/GMT+12"]
TODAY = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
async def ada(stage):
    """Somebody whose calendar syncs both ways, shortly before clocks change."""
    clock.follow(TODAY)
    diary = Diary(await stage.newcomer())
    await diary.chooses(direction="two_way")
    await diary.syncs()
    return diary


def at(day, hour, zone):
    return {"date_time": f"{day}T{hour}", "time_zone": zone}


def shown(row, zone):
    """Return what the clocks of a zone show when an event of Outlook's begins."""
    told = datetime.fromisoformat(row["start"]["dateTime"][:19]).replace(tzinfo=UTC)
    return told.astimezone(ZoneInfo(zone)).strftime("%H:%M")


async def test_a_series_of_the_crm_keeps_its_time_by_the_clocks_of_its_zone(ada):
    for zone in ZONES:
        name = zone.rpartition("/")[2].replace("+", "-")
        times = {"start": at("2026-03-02", "09:00:00", zone), "end": at("2026-03-02", "09:30:00", zone)}
        await ada.puts(name, title=name, **times, recurrence={"rrule": "FREQ=WEEKLY;COUNT=40"})
    await ada.settles()

    for zone in ZONES:
        rows = await ada.occurrences(await ada.event(zone.rpartition("/")[2].replace("+", "-")), days=300)
        assert ({shown(row, zone) for row in rows}, len(rows)) == ({"09:00"}, 40)
    await quiet(ada, outbox=[])


@pytest.mark.parametrize(
    ("zone", "changes_on", "skipped"),
    [("Europe/Berlin", "2026-03-29", "02:30:00"), ("Australia/Sydney", "2026-10-04", "02:30:00"),
     ("Asia/Beirut", "2026-03-29", "00:00:00")],
)  # fmt: skip
async def test_a_day_on_which_clocks_skip_the_time_of_a_series_is_a_day_of_it(ada, zone, changes_on, skipped):
    end = f"{skipped[:3]}45:00"
    times = {"start": at("2026-03-02", skipped, zone), "end": at("2026-03-02", end, zone)}
    on = {"original_start": at(changes_on, skipped, zone), "title": "On that night"}
    await ada.puts(
        "Night", title="Night", **times, recurrence={"rrule": "FREQ=DAILY;COUNT=230", "exceptions": [on]}
    )
    await ada.settles()

    rows = await ada.occurrences(await ada.event("Night"), days=240)
    changed = [row for row in rows if row["subject"] == "On that night"]

    hours = f"{int(skipped[:2]) + 1:02d}{skipped[2:5]}"
    assert [(row["type"], shown(row, zone)) for row in changed] == [("exception", hours)]
    assert (await ada.record("Night"))["recurrence"]["exceptions"] == [on]
    await quiet(ada, outbox=[])


async def test_a_call_that_ends_in_the_hour_that_comes_twice_reaches_outlook(ada):
    await ada.puts("Call", title="Call", start=at("2026-10-25", "02:45:00", "Europe/Berlin"))
    await ada.settles()

    item = await ada.event("Call")
    assert item["end"]["dateTime"] > item["start"]["dateTime"]
    await quiet(ada, outbox=[])
