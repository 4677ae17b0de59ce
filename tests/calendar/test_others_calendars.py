"""Calendars that other people's programs wrote go both ways, and nothing is lost but what docs/calendar.md names."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar

from app import clock
from app.records.zones import iana_of, instant, wall
from tests.calendar.diary import Diary
from tests.calendar.test_agreement import quiet

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT.parent / "shared" / "data" / "calendars").glob("*.ics"))
CARRIED = {
    "SUMMARY",
    "DESCRIPTION",
    "LOCATION",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "EXDATE",
    "TRANSP",
    "UID",
}
DAY = timedelta(days=1)
pytestmark = pytest.mark.skipif(not FILES, reason="the calendars of others are not on this machine")


def parts():
    """Yield the events of the files, and what their text says of a rule."""
    for file in FILES:
        try:
            calendars = Calendar.from_ical(file.read_text(errors="replace"), multiple=True)
        except ValueError:
            continue
        events = (part for calendar in calendars for part in calendar.walk("VEVENT"))
        yield from (part for part in events if hasattr(part.get("DTSTART"), "dt"))


def moment(line):
    """Return a moment in the CRM's words; one in a zone that only its file knows in UTC."""
    at = line.dt
    if not isinstance(at, datetime):
        return {"date": at.isoformat()}
    zone = iana_of(str(line.params.get("TZID", "UTC")))
    if zone is None:
        zone, at = "UTC", (at if at.tzinfo else at.replace(tzinfo=UTC))
    shown = wall(at, zone) if at.tzinfo else at
    return {"date_time": shown.isoformat(), "time_zone": zone}


def ending(part, start):
    if "DTEND" in part:
        return moment(part["DTEND"])
    if "date" in start:
        return {"date": (date.fromisoformat(start["date"]) + DAY).isoformat()}
    return start


def reminding(part):
    alarms = [alarm["TRIGGER"].dt for alarm in part.walk("VALARM")]
    return int(-alarms[0] / timedelta(minutes=1)) if alarms else None


def said_by(part):
    """Return what a CRM says that has read an event of a file."""
    start = moment(part["DTSTART"])
    texts = {"title": "SUMMARY", "description": "DESCRIPTION", "location": "LOCATION"}
    said = {ours: (str(part.get(theirs, "")).strip() or None) for ours, theirs in texts.items()}
    rule = part["RRULE"].to_ical().decode() if "RRULE" in part else None
    return {
        **said, "start": start, "end": ending(part, start), "reminder_minutes": reminding(part),
        "show_as": "free" if part.get("TRANSP") == "TRANSPARENT" else "busy",
        "recurrence": {"rrule": rule} if rule else None,
    }  # fmt: skip


def utc(moment):
    if "date" in moment:
        return moment["date"]
    at = datetime.fromisoformat(moment["date_time"])
    return f"{instant(at, moment['time_zone']):%Y-%m-%dT%H:%M}"


def told(said):
    """Return what must be the same on both sides."""
    texts = [" ".join((said[name] or "").split()) for name in ("title", "description", "location")]
    times = [utc(said[side]) for side in ("start", "end")]
    return (*texts, *times, said["reminder_minutes"], said["show_as"], bool(said["recurrence"]))


@pytest.fixture
async def ada(stage):
    """Somebody whose calendar syncs both ways, years ago, as far back and ahead as it can be."""
    clock.follow(datetime(2013, 6, 1, tzinfo=UTC))
    diary = Diary(await stage.newcomer())
    await diary.chooses(
        direction="two_way", existing_records="all", window_past_days=730, window_future_days=1095
    )
    await diary.syncs()
    return diary


async def through_the_years(ada):
    for year in (2013, 2018, 2023):
        clock.follow(datetime(year, 6, 2, tzinfo=UTC))
        await ada.syncs()


def taken(part):
    """Say whether an event is one that the other side can have: no days beside its rule, and a rule that is one."""
    rule = part["RRULE"].to_ical().decode() if "RRULE" in part else ""
    return "RDATE" not in part and "RSCALE" not in rule and "\\" not in rule


async def test_calendars_in_outlook_reach_the_crm_whole(ada):
    for file in FILES:
        if file.name != "big_bad_calendar.ics":  # cut off in the middle
            await ada.stage.control("seed", mail=ada.mail, ics=file.read_text(errors="replace"))
    await through_the_years(ada)

    records = (await ada.crm("GET", "/v1/events?limit=200"))["data"]
    assert sorted(map(told, records)) == sorted(told(said_by(part)) for part in parts() if taken(part))
    uids = {str(part["UID"]) for part in parts() if taken(part) and "UID" in part}
    assert uids <= {record["ical_uid"] for record in records}
    await quiet(ada, outbox=[])


def as_the_crm_would(item):
    """Return an item of Outlook's in the CRM's words."""
    days = item["isAllDay"]
    start, end = (
        {"date": item[side]["dateTime"][:10]}
        if days
        else {"date_time": item[side]["dateTime"][:19], "time_zone": "UTC"}
        for side in ("start", "end")
    )
    body = re.sub("<[^>]+>", "", item["body"]["content"])
    return {
        "title": item["subject"], "description": body, "location": item["location"]["displayName"],
        "start": start, "end": end, "show_as": item["showAs"], "recurrence": item["recurrence"],
        "reminder_minutes": item["reminderMinutesBeforeStart"] if item["isReminderOn"] else None,
    }  # fmt: skip


async def test_calendars_that_a_crm_has_read_come_to_outlook_whole(ada):
    for number, part in enumerate(parts()):
        if taken(part):
            await ada.puts(f"e-{number}", **said_by(part))
    await through_the_years(ada)

    sent = [said_by(part) for part in parts() if taken(part)]
    made = sent
    assert sorted(told(as_the_crm_would(item)) for item in await ada.events()) == sorted(map(told, made))
    known = (await ada.crm("GET", "/v1/events?limit=200"))["data"]
    assert sorted(map(told, known), key=str) == sorted(map(told, sent), key=str)
    await quiet(ada, outbox=[])


def test_what_is_lost_is_what_the_page_names():
    page = (ROOT / "docs" / "calendar.md").read_text()
    table = page.partition("<!-- lost -->")[2].partition("<!-- /lost -->")[0]
    named = set(
        re.findall(r"`([A-Z-]+)`", "".join(line.split("|")[1] for line in table.splitlines() if line))
    )
    found = {name for part in parts() for name in part}

    assert named == {name if not name.startswith("X-") else "X-" for name in found - CARRIED} | {
        "VALARM",
        "TZID",
    }
