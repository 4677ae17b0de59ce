"""Two calendars that agree are left alone (lesson 4), whatever is in them, and whenever they are looked at."""

from datetime import datetime, timedelta

import pytest

from app import clock
from tests.calendar.diary import Diary, at, clock_of, graph, guest, whole

pytestmark = pytest.mark.lesson(4)
BERLIN, SYDNEY, NEW_YORK = "Europe/Berlin", "Australia/Sydney", "America/New_York"
EVE = {"address": "eve@example.org", "name": "Eve", "role": "required"}
DAILY = "FREQ=DAILY;COUNT=200"


def differing(on, **said):
    return {"original_start": on, **said}


CRM = {
    "bare": lambda: {"start": at(1)},
    "untitled": lambda: {"title": None, "start": at(1), "end": at(1, "10:00")},
    "day": lambda: {"start": whole(2)},
    "days": lambda: {"start": whole(2), "end": whole(9)},
    "vienna": lambda: {"start": at(1, zone="Europe/Vienna"), "end": at(1, "11:00", "Europe/Vienna")},
    "flight": lambda: {"start": at(1, zone=BERLIN), "end": at(2, "06:00", SYDNEY)},
    "words": lambda: {"start": at(1), "description": " One\r\n\r\n<b>two</b> & three ", "location": " Hall  1 "},
    "guests": lambda: {"start": at(1), "end": at(1, "10:00"), "attendees": [EVE]},
    "private": lambda: {"start": at(1), "sensitivity": "private", "show_as": "out_of_office"},
    "silent": lambda: {"start": at(1), "reminder_minutes": None, "categories": ["Red", "red "]},
    "long ago": lambda: {"start": at(-20), "end": at(-20, "10:00")},
    "series": lambda: {
        "start": at(1, zone=BERLIN), "end": at(1, "09:15", BERLIN),
        "recurrence": {"rrule": DAILY, "exceptions": [
            differing(at(3, zone=BERLIN), start=at(3, "11:00", BERLIN), end=at(3, "12:00", BERLIN)),
            differing(at(4, zone=BERLIN), cancelled=True),
            differing(at(5, zone=BERLIN), title="Long", location="Room 2", description="Cake"),
            differing(at(6, zone=BERLIN), start=at(6, "12:00", BERLIN)),
            differing(at(7, zone=BERLIN), start=whole(7), end=whole(8)),
            differing(at(8, zone=BERLIN)),
        ]},
    },
    "days' series": lambda: {
        "start": whole(1),
        "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=60", "exceptions": [differing(whole(8), title="Long"), differing(whole(15), cancelled=True)]},
    },
    "endless series": lambda: {"start": at(-300, "23:30", SYDNEY), "recurrence": {"rrule": "FREQ=DAILY"}},
}  # fmt: skip


def crm_id(name):
    return name.replace(" ", "-").replace("'", "")


def minutes_of(row):
    begin, end = (datetime.fromisoformat(row[side]["dateTime"][:19]) for side in ("start", "end"))
    return (end - begin) / timedelta(minutes=1)


async def quiet(ada, *, outbox):
    """See that nothing is written, announced or mailed however often one synchronises."""
    seen = await ada.person.journal_end()
    await ada.news()
    for _ in range(3):
        await ada.syncs()
    await ada.syncs(full=True)
    assert (await ada.writes(after=seen), await ada.news(), await ada.outbox()) == ([], [], outbox)

    clock.follow(clock.now() + timedelta(days=61))
    await ada.syncs()
    assert (await ada.writes(after=seen), await ada.news(), await ada.outbox()) == ([], [], outbox)


async def test_what_the_crm_wrote_is_written_once(ada):
    for name, fields in CRM.items():
        await ada.puts(crm_id(name), **{"title": name, **fields()})
    await ada.settles()
    assert len(await ada.events()) == len(CRM)
    states = {name: await ada.link(crm_id(name)) for name in CRM}
    assert {name: row["code"] for name, row in states.items() if row["code"] != "in_scope"} == {}
    rows = await ada.occurrences(await ada.event("series"), days=9)
    assert [(clock_of(row)[11:], row["subject"], row["isAllDay"]) for row in rows] == [
        ("08:00", "series", False), ("08:00", "series", False), ("10:00", "series", False),
        ("08:00", "Long", False), ("11:00", "series", False), ("00:00", "series", True),
        ("08:00", "series", False),
    ]  # fmt: skip
    assert minutes_of(rows[4]) == 15
    assert [row["subject"] for row in await ada.occurrences(await ada.event("days' series"), days=20)] == [
        "days' series", "Long",
    ]  # fmt: skip

    await quiet(ada, outbox=[])


def made_in(zone, start, end, **said):
    """Return a body whose times, or days, were made in one of Windows' zones."""
    times = {
        side: {"dateTime": moment, "timeZone": zone} for side, moment in (("start", start), ("end", end))
    }
    return {**times, **said}


def midnight(day):
    return f"{whole(day)['date']}T00:00:00"


def daily(day, number):
    span = {"type": "numbered", "startDate": whole(day)["date"], "numberOfOccurrences": number}
    return {"pattern": {"type": "daily", "interval": 1}, "range": span}


EASTERN, NEW_ZEALAND = "Eastern Standard Time", "New Zealand Standard Time"
OUTLOOK = {
    "html": lambda: made_in("UTC", at(1)["date_time"], at(1, "10:00")["date_time"], body={"contentType": "html", "content": "<p>One</p><ul><li>two</li></ul>"}),
    "day in Berlin": lambda: made_in("W. Europe Standard Time", midnight(1), midnight(2), isAllDay=True),
    "day down under": lambda: made_in(NEW_ZEALAND, midnight(1), midnight(3), isAllDay=True),
    "no length": lambda: made_in("UTC", at(1)["date_time"], at(1)["date_time"], isReminderOn=False, showAs="unknown"),
    "days' series": lambda: made_in(NEW_ZEALAND, midnight(1), midnight(2), isAllDay=True, recurrence=daily(1, 30)),
    "series": lambda: made_in(EASTERN, at(1, "22:00")["date_time"], at(2, "01:00")["date_time"], recurrence=daily(1, 200)),
}  # fmt: skip


async def test_what_outlook_has_is_announced_once_and_never_written_back(ada):
    for name, body in OUTLOOK.items():
        await ada.outlook("POST", "events", {"subject": name, **body()})
    days, series = await ada.event("days' series"), await ada.event("series")
    await ada.edits((await ada.occurrences(days))[2], subject="Long")
    await ada.deletes((await ada.occurrences(days))[4])
    await ada.edits(
        (await ada.occurrences(series))[2], **made_in(EASTERN, midnight(3), midnight(4), isAllDay=True)
    )
    await ada.edits((await ada.occurrences(series))[4], location={"displayName": "Room 2"})
    await ada.syncs()

    told = {change["record"]["title"]: change["record"] for change in await ada.news()}
    assert told.keys() == OUTLOOK.keys()
    assert (told["day in Berlin"]["start"], told["day in Berlin"]["end"]) == (whole(1), whole(2))
    assert (told["day down under"]["start"], told["day down under"]["end"]) == (whole(1), whole(3))
    assert told["days' series"]["recurrence"]["exceptions"] == [
        differing(whole(3), title="Long"), differing(whole(5), cancelled=True),
    ]  # fmt: skip
    assert told["series"]["recurrence"]["exceptions"] == [
        differing(at(3, "22:00", NEW_YORK), start=whole(3), end=whole(4)),
        differing(at(5, "22:00", NEW_YORK), location="Room 2"),
    ]
    await quiet(ada, outbox=[])


async def test_a_changed_day_of_outlooks_series_of_days_is_changed_from_the_crm(ada):
    await ada.outlook("POST", "events", {"subject": "series", **OUTLOOK["days' series"]()})
    await ada.syncs()
    born = (await ada.told())["record"]
    rule = {"rrule": born["recurrence"]["rrule"], "exceptions": [differing(whole(3), title="Long")]}
    await ada.crm("PUT", f"/v1/events/e-1?record_id={born['record_id']}", {"recurrence": rule})
    await ada.settles()

    rows = await ada.occurrences(await ada.event("series"))
    assert [row["subject"] for row in rows[1:4]] == ["series", "Long", "series"]
    await quiet(ada, outbox=[])


async def test_a_meeting_of_somebody_elses_is_known_as_theirs(ada):
    host = await ada.stage.newcomer(user="host")
    body = {
        "subject": "Lunch",
        "start": graph(at(1, "12:00")),
        "end": graph(at(1, "13:00")),
        "attendees": [guest(ada.mail)],
    }
    await host.outlook("POST", "events", body)
    await ada.syncs()

    record = (await ada.told())["record"]
    assert (record["is_organizer"], record["editable"], record["organizer"]["address"]) == (
        False,
        False,
        host.mail,
    )
    await quiet(ada, outbox=[])


@pytest.mark.lesson(24)
async def test_a_token_that_expires_in_the_middle_of_a_round_loses_and_doubles_nothing(ada):
    await ada.stage.control("seed", mail=ada.mail, generate={"events": 250, "seed": 3}, folder="Calendar")
    await ada.has("mine")
    gone = await ada.has("gone")
    await ada.syncs()
    await ada.news()
    await ada.deletes(gone)
    for number in range(205):
        await ada.adds(f"new {number}", start=at(1), end=at(1, "10:00"))
    match = {"path": "*calendarView/delta*", "mail": ada.mail}
    await ada.stage.control("faults", fault={"delta": "expire"}, match=match, skip=1)

    await ada.syncs()

    told = [(change["type"], change["record"]["title"]) for change in await ada.news()]
    assert sorted(told) == sorted(
        [("event.deleted", "gone"), *(("event.created", f"new {number}") for number in range(205))]
    )
    assert (await ada.stage.sandbox.get("/_sandbox/faults")).json()["faults"] == []
    await quiet(ada, outbox=[])


@pytest.mark.feature("F6")
async def test_a_series_of_two_owners_is_alike_in_both_mailboxes_whoever_changes_a_day_of_it(ada):
    bob = Diary(await ada.stage.newcomer(user="agent-2", workspace=ada.person.workspace))
    await bob.chooses(direction="two_way")
    await bob.syncs()
    owners = [{"user": "agent-1", "access": "primary"}, {"user": "agent-2", "access": "full"}]
    rule = {"rrule": "FREQ=DAILY;COUNT=9", "exceptions": [differing(at(3), title="Long")]}
    await ada.puts("s-1", owners=owners, title="Shared", start=at(1), end=at(1, "09:15"), recurrence=rule)
    for diary in (ada, bob):
        await diary.settles()

    await bob.edits((await bob.occurrences(await bob.event("Shared")))[4], subject="Short")
    for diary in (bob, ada):
        await diary.syncs()

    for diary in (ada, bob):
        rows = await diary.occurrences(await diary.event("Shared"))
        assert [row["subject"] for row in rows] == [
            "Shared",
            "Shared",
            "Long",
            "Shared",
            "Short",
            *["Shared"] * 4,
        ]
    await quiet(ada, outbox=[])
    await quiet(bob, outbox=[])
