"""Which events sync: by time, by type, by project, private and completed ones."""

from datetime import timedelta

import pytest

from app import clock
from tests.calendar.diary import at, whole


async def titles(ada):
    return sorted(event["subject"] for event in await ada.events())


async def known(ada):
    return sorted(record["title"] for record in (await ada.crm("GET", "/v1/events?limit=200"))["data"])


@pytest.mark.lesson(10)
async def test_what_lies_outside_the_window_waits_until_its_time_comes(ada):
    await ada.chooses(window_past_days=10, window_future_days=20)
    for day in (-20, 5, 40):
        await ada.puts(f"crm{day}", title=f"crm {day}", start=at(day), end=at(day, "10:00"))
        await ada.adds(f"outlook {day}", start=at(day), end=at(day, "10:00"))
    await ada.syncs()
    assert [t for t in await titles(ada) if t.startswith("crm")] == ["crm 5"]
    assert [t for t in await known(ada) if t.startswith("outlook")] == ["outlook 5"]
    assert (await ada.explains("crm40"))["reason"] == "outside_window"

    clock.follow(clock.now() + timedelta(days=25))
    await ada.syncs()

    assert [t for t in await titles(ada) if t.startswith("crm")] == ["crm 40", "crm 5"]
    assert [t for t in await known(ada) if t.startswith("outlook")] == ["outlook 40", "outlook 5"]
    assert [c["type"] for c in await ada.news()] == ["event.created", "event.created"]


@pytest.mark.lesson(10)
async def test_a_window_that_moves_on_deletes_nothing(ada):
    await ada.has("Old", start=at(2), end=at(2, "10:00"))
    await ada.adds("Older", start=at(3), end=at(3, "10:00"))
    await ada.syncs()
    await ada.news()

    clock.follow(clock.now() + timedelta(days=400))
    await ada.syncs(full=True)

    assert await titles(ada) == ["Old", "Older"]
    assert await known(ada) == ["Old", "Older"]
    assert await ada.news() == []
    assert (await ada.link("Old"))["state"] == "linked"


@pytest.mark.lesson(10)
async def test_the_widest_window_is_opened_weekly_and_loses_nothing_at_its_far_end(ada):
    await ada.chooses(window_past_days=730, window_future_days=1095)
    await ada.syncs()
    clock.follow(clock.now() + timedelta(days=3))
    await ada.adds("OfOutlook", start=at(1094), end=at(1094, "10:00"))
    written = await ada.has("OfTheCRM", start=at(1094), end=at(1094, "10:00"))
    await ada.edits(written, location={"displayName": "Room 2"})
    first = await window(ada)
    await ada.syncs()
    await ada.syncs()

    assert await window(ada) == first
    assert await known(ada) == ["OfTheCRM"]
    assert (await ada.record("OfTheCRM"))["location"] == "Room 2"

    clock.follow(clock.now() + timedelta(days=5))
    await ada.syncs()

    assert (await window(ada))["end"] == f"{at(1095)['date_time'][:10]}T00:00:00Z" > first["end"]
    assert await known(ada) == ["OfOutlook", "OfTheCRM"]
    assert await titles(ada) == ["OfOutlook", "OfTheCRM"]


async def window(ada):
    """Return what a round over the calendar looks at."""
    (row,) = await ada.rows(
        "SELECT \"window\" FROM collections WHERE connection_id = :connection AND entity = 'calendar'",
        connection=ada.person.connection,
    )
    return row["window"]


@pytest.mark.feature("B7")
async def test_only_the_chosen_types_of_activities_sync(ada):
    await ada.chooses(activity_types=["inspection"])
    await ada.has("Inspection", activity_type="inspection")
    await ada.puts("Chat", title="Chat", start=at(1), end=at(1, "10:00"), activity_type="chat")
    await ada.settles()

    assert await titles(ada) == ["Inspection"]
    assert (await ada.explains("Chat"))["reason"] == "activity_type_not_selected"


@pytest.mark.feature("D2")
async def test_only_active_projects_sync_where_they_are_listed(ada):
    await ada.crm("PATCH", "/v1/workspace", {"rules": {"projects": {"mode": "listed", "active": ["p-1"]}}})
    await ada.has("On", project="p-1")
    await ada.has("Without")
    await ada.puts("Off", title="Off", start=at(1), end=at(1, "10:00"), project="p-2")
    await ada.settles()

    assert await titles(ada) == ["On", "Without"]
    assert (await ada.explains("Off"))["reason"] == "project_not_active"


@pytest.mark.feature("B7")
async def test_completed_events_stay_or_go_as_is_chosen(ada):
    await ada.has("Done")
    await ada.patches("Done", completed=True)
    await ada.settles()
    assert await titles(ada) == ["Done"]

    await ada.chooses(completed="delete")
    await ada.syncs()

    assert await titles(ada) == []
    assert (await ada.explains("Done"))["reason"] == "completed_excluded"


async def test_private_events_are_left_out_on_both_sides_where_that_is_chosen(ada):
    await ada.chooses(private_events="skip")
    await ada.adds("Doctor", start=at(1), end=at(1, "10:00"), sensitivity="private")
    await ada.puts("Secret", title="Secret", start=at(2), end=at(2, "10:00"), sensitivity="private")
    await ada.syncs()

    assert (await titles(ada), await known(ada)) == (["Doctor"], ["Secret"])
    assert (await ada.explains("Secret"))["reason"] == "private_skipped"


async def test_of_private_events_only_the_time_is_seen_where_that_is_chosen(ada):
    await ada.chooses(private_events="busy_only")
    await ada.adds(
        "Doctor", start=at(1), end=at(1, "10:00"), sensitivity="private", location={"displayName": "Clinic"}
    )
    await ada.puts(
        "Secret", title="Secret", start=at(2), end=at(2, "10:00"), sensitivity="private", description="Hush"
    )
    await ada.syncs()
    await ada.patches("Secret", title="More secret", start=at(2, "09:30"))
    await ada.syncs()

    (born,) = [c["record"] for c in await ada.news() if c["type"] == "event.created"]
    assert (born["title"], born["location"], born["start"]) == ("Busy", None, at(1))
    item = await ada.event("Busy")
    assert (item["body"]["content"].strip(), item["sensitivity"]) == ("", "private")
    assert item["start"]["dateTime"][11:16] == "09:30"


@pytest.mark.feature("D5")
async def test_an_event_without_an_end_lasts_as_long_as_is_chosen_when_it_is_made(ada):
    await ada.chooses(default_duration_minutes=45)
    item = await ada.has("Call", start=at(1), end=None)
    assert item["end"]["dateTime"][11:16] == "09:45"

    await ada.chooses(default_duration_minutes=60)
    await ada.syncs(full=True)

    assert (await ada.event("Call"))["end"]["dateTime"][11:16] == "09:45"
    assert (await ada.record("Call"))["end"] is None


@pytest.mark.lesson(11)
async def test_a_whole_day_is_a_date_on_both_sides(ada):
    item = await ada.has("Open-day", start=whole(3), end=None)

    assert (item["isAllDay"], item["start"]["dateTime"][:10]) == (True, whole(3)["date"])
    assert (await ada.record("Open-day"))["end"] == whole(4)


async def test_no_reminder_is_no_reminder_and_nothing_said_is_outlooks_own(ada):
    silent, without = await ada.has("Silent"), await ada.has("Without", reminder_minutes=None)
    at_once = await ada.has("At-once", reminder_minutes=0)

    assert (silent["isReminderOn"], silent["reminderMinutesBeforeStart"]) == (True, 15)
    assert without["isReminderOn"] is False
    assert (at_once["isReminderOn"], at_once["reminderMinutesBeforeStart"]) == (True, 0)
    assert (await ada.record("Silent"))["reminder_minutes"] is None
