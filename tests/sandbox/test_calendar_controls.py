"""Calendars seeded from files and from dice, and the pages where a person looks at a week and edits it."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from calendar_stage import IN_JULY, event, starts, weekly
from graph_stage import Outlook, Stage

from sandbox.control.icalendar_rules import recurrence

pytestmark = pytest.mark.feature("F8")

ADELE = "adele@contoso.example"
CALENDARS = Path(__file__).parents[3] / "shared" / "data" / "calendars"
FILE = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:standup@other.example
SUMMARY:Stand-up
DESCRIPTION:Bring\\ncoffee
LOCATION:Room 3
CATEGORIES:Team,Early
CLASS:PRIVATE
TRANSP:TRANSPARENT
PRIORITY:1
ORGANIZER;CN=Eve:mailto:eve@else.example
ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:adele@contoso.example
DTSTART;TZID=Europe/Berlin:20260706T090000
DURATION:PT15M
RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=5
EXDATE;TZID=Europe/Berlin:20260720T090000
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT30M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:standup@other.example
RECURRENCE-ID;TZID=Europe/Berlin:20260713T090000
SUMMARY:Late stand-up
DTSTART;TZID=Europe/Berlin:20260713T110000
DTEND;TZID=Europe/Berlin:20260713T111500
END:VEVENT
BEGIN:VEVENT
UID:fair@other.example
SUMMARY:Fair
DTSTART;VALUE=DATE:20260708
DTEND;VALUE=DATE:20260710
END:VEVENT
BEGIN:VEVENT
UID:odd@other.example
SUMMARY:Beyond Graph
DTSTART:20260708T090000Z
RRULE:FREQ=HOURLY;COUNT=3
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


async def test_a_calendar_file_is_imported_and_nobody_is_invited(stage: Stage, adele: Outlook):
    seeded = await stage.control("seed", mail=ADELE, ics=FILE)
    series, fair = (await adele.read("me/events?$orderby=subject desc"))["value"]
    instances = (await adele.read(f"me/events/{series['id']}/instances?{IN_JULY}"))["value"]

    assert seeded == {"created": 2}
    assert (series["type"], series["isOrganizer"], series["iCalUId"]) == (
        "seriesMaster",
        False,
        "standup@other.example",
    )
    assert series["organizer"]["emailAddress"] == {"name": "Eve", "address": "eve@else.example"}
    assert (series["sensitivity"], series["importance"], series["reminderMinutesBeforeStart"]) == (
        "private",
        "high",
        30,
    )
    assert (series["bodyPreview"], series["location"]["displayName"], series["categories"]) == (
        "Bring\r\ncoffee",
        "Room 3",
        ["Team", "Early"],
    )
    assert series["attendees"][0]["type"] == "optional"
    assert starts(instances) == ["2026-07-06T07:00", "2026-07-13T09:00", "2026-07-27T07:00"]
    assert [row["subject"] for row in instances] == ["Stand-up", "Late stand-up", "Stand-up"]
    assert (fair["isAllDay"], fair["end"]["dateTime"][:10], fair["isReminderOn"]) == (
        True,
        "2026-07-10",
        False,
    )
    assert (await stage.controls.get("/_sandbox/outbox")).json() == {"messages": []}


async def test_a_file_goes_into_the_calendar_of_that_name(stage: Stage, adele: Outlook):
    await stage.control("seed", mail=ADELE, ics=FILE, folder="Acme")

    acme = next(row for row in (await adele.read("me/calendars"))["value"] if row["name"] == "Acme")
    assert len((await adele.read(f"me/calendars/{acme['id']}/events"))["value"]) == 2
    assert (await adele.read("me/events"))["value"] == []


@pytest.mark.skipif(not CALENDARS.is_dir(), reason="the real calendars are not beside this repository")
async def test_real_calendars_are_imported_or_refused_with_a_sentence(stage: Stage, adele: Outlook):
    created = 0
    for path in sorted(CALENDARS.glob("*.ics")):
        body = {"mail": ADELE, "ics": path.read_text(errors="replace")}
        answer = await stage.controls.post("/_sandbox/seed", json=body)
        assert answer.status_code in {200, 400}, (path.name, answer.text)
        created += answer.json().get("created", 0)

    assert created == len((await adele.read("me/events?$top=100"))["value"]) >= 9


RULES = [
    pytest.param({"FREQ": ["DAILY"], "BYDAY": ["MO", "FR"]}, {"type": "weekly", "daysOfWeek": ["monday", "friday"]}, id="days of the week"),
    pytest.param({"FREQ": ["MONTHLY"], "BYMONTHDAY": [-1]}, {"type": "absoluteMonthly", "dayOfMonth": 31}, id="the last day"),
    pytest.param({"FREQ": ["MONTHLY"], "BYDAY": ["-1FR"]}, {"type": "relativeMonthly", "index": "last", "daysOfWeek": ["friday"]}, id="the last friday"),
    pytest.param({"FREQ": ["MONTHLY"], "BYDAY": ["MO", "TU"], "BYSETPOS": [1]}, {"type": "relativeMonthly", "index": "first"}, id="the first of two days"),
    pytest.param({"FREQ": ["YEARLY"], "BYMONTH": [11], "BYDAY": ["4TH"]}, {"type": "relativeYearly", "month": 11, "index": "fourth"}, id="thanksgiving"),
    pytest.param({"FREQ": ["YEARLY"]}, {"type": "absoluteYearly", "month": 7, "dayOfMonth": 6}, id="a birthday"),
    pytest.param({"FREQ": ["MONTHLY"], "BYMONTHDAY": [1, 15]}, None, id="two days of the month"),
    pytest.param({"FREQ": ["MONTHLY"], "BYDAY": ["5MO"]}, None, id="a fifth"),
    pytest.param({"FREQ": ["WEEKLY"], "BYHOUR": [9]}, None, id="hours"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "pattern"), RULES)
def test_a_rule_becomes_a_pattern_where_there_is_one(rule, pattern):
    found = recurrence(rule, start=datetime.fromisoformat("2026-07-06T09:00"), zone="UTC")

    assert (found is None) is (pattern is None)
    assert pattern is None or pattern.items() <= found["pattern"].items()


async def test_the_same_dice_make_the_same_calendar(stage: Stage, adele: Outlook):
    assert await stage.control("seed", mail=ADELE, generate={"events": 120, "contacts": 3, "seed": 7}) == {
        "created": 123
    }
    await stage.control("seed", mail="alex@contoso.example", generate={"events": 120, "seed": 7})
    kinds = [row["type"] for row in (await adele.read("me/events?$top=200"))["value"]]
    async with await stage.outlook("alex@contoso.example") as alex:
        theirs = (await alex.read("me/events?$top=200"))["value"]

    assert kinds == [row["type"] for row in theirs]
    assert (len(kinds), 0 < kinds.count("seriesMaster") < 20) == (120, True)


def page_of(*parts: str) -> str:
    return "/".join((f"/mailbox/{ADELE}/calendar", *parts))


async def test_a_person_adds_moves_and_deletes_an_event_on_a_page(stage: Stage, adele: Outlook):
    form = {
        "subject": "Lunch & <talk>",
        "start": "2026-07-06T12:00",
        "end": "2026-07-06T13:00",
        "where": "Harry's",
    }
    made = await stage.controls.post(page_of("new"), data=form)
    week = await stage.controls.get(made.headers["location"])
    (row,) = (await adele.read("me/events"))["value"]
    path = re.search(r'href="([^"]*/calendar/events/[^"]+)"', week.text)[1]
    shown = await stage.controls.get(path)
    etag = re.search(r'name="etag" value="([^"]*)"', shown.text)[1].replace("&#34;", '"')
    moved = await stage.controls.post(
        path, data=form | {"start": "2026-07-08T12:00", "end": "2026-07-08T13:00", "etag": etag}
    )
    stale = await stage.controls.post(path, data=form | {"subject": "x", "etag": etag})

    assert (made.status_code, made.headers["location"]) == (303, f"{page_of()}?week=2026-07-06")
    assert "Lunch &amp; &lt;talk&gt;" in week.text
    assert "12:00\u201313:00" in week.text
    assert (row["subject"], row["location"]["displayName"]) == ("Lunch & <talk>", "Harry's")
    assert (moved.status_code, stale.status_code) == (303, 412)
    assert starts((await adele.read("me/events"))["value"]) == ["2026-07-08T12:00"]
    assert (await stage.controls.post(f"{path}/delete")).status_code == 303
    assert (await adele.read("me/events"))["value"] == []


async def test_a_week_shows_series_and_whole_days_and_one_event_of_a_series_is_edited_alone(
    stage: Stage, adele: Outlook
):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    await stage.controls.post(
        page_of("new"),
        data={"subject": "Fair", "start": "2026-07-14T00:00", "end": "2026-07-16T00:00", "all_day": "on"},
    )
    week = (await stage.controls.get(f"{page_of()}?week=2026-07-15")).text
    second = (await adele.read(f"me/events/{made['id']}/instances?{IN_JULY}"))["value"][1]
    path = page_of("events", second["id"])
    await stage.controls.post(
        path, data={"subject": "Late", "start": "2026-07-13T09:00", "end": "2026-07-13T10:00", "where": ""}
    )

    assert (week.count("all day"), week.count("↻"), week.count("Fair")) == (2, 1, 2)
    assert "One event of a series" in (await stage.controls.get(path)).text
    assert "A whole series" in (await stage.controls.get(page_of("events", made["id"]))).text
    changed = await adele.read(f"me/events/{second['id']}")
    assert (changed["type"], changed["subject"], changed["originalStartTimeZone"]) == (
        "exception",
        "Late",
        "UTC",
    )


async def test_a_page_that_cannot_be_says_why(stage: Stage):
    bad = {"subject": "x", "start": "", "end": ""}
    answers = [
        await stage.controls.get(f"{page_of()}?week=soon"),
        await stage.controls.post(page_of("new"), data=bad),
    ]
    nobody = await stage.controls.get("/mailbox/who@contoso.example/calendar")

    assert [answer.status_code for answer in answers] == [400, 400]
    assert nobody.status_code == 404
