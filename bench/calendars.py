"""A year of a busy calendar: how long its first synchronisation takes, and how many requests."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from bench import floors
from bench.stage import Cost, Json, Newcomer, Stage

EVENTS, SERIES, TIMES = 2_000, 60, 26
CHANGED = 20
"""So many series have one occurrence that was moved; another program made their uids."""
WIDE = 200
"""Days that sync, before and after today."""
PAGE = 200


def busy_year(today: datetime) -> str:
    """Return a calendar of single events over a year, and of weekly series over half a one."""
    said = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//EN"]
    for number in range(EVENTS - SERIES):
        start = today + timedelta(days=number % 360 - 180, hours=8 + number % 10)
        said += _event(f"single-{number}", start, f"Visit {number}")
    for number in range(SERIES):
        start = today + timedelta(days=number % 7 - 90, hours=8 + number % 10)
        said += _event(f"series-{number}", start, f"Meeting {number}", f"RRULE:FREQ=WEEKLY;COUNT={TIMES}")
        if number < CHANGED:
            second = start + timedelta(days=7)
            moved = f"RECURRENCE-ID:{second:%Y%m%dT%H%M%SZ}"
            said += _event(f"series-{number}", second + timedelta(hours=2), f"Meeting {number}", moved)
    return "\r\n".join([*said, "END:VCALENDAR", ""])


def _event(uid: str, start: datetime, title: str, *more: str) -> list[str]:
    times = [f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT30M"]
    return ["BEGIN:VEVENT", f"UID:{uid}@bench.example", f"SUMMARY:{title}", *times, *more, "END:VEVENT"]


def first_look(ready: Stage) -> tuple[Cost, float, Counter[str]]:
    """Synchronise such a calendar for the first time; return its cost, the floor's and what was asked for."""
    today = datetime.combine(datetime.now(UTC), datetime.min.time(), UTC)
    person = ready.newcomer(entity="calendar")
    ready.control("/seed", mail=person.mail, ics=busy_year(today), folder="Calendar")
    calendar = str(person.outlook.get("me/calendar").json()["id"])
    window = [
        (today + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (-WIDE - 30, WIDE + 90)
    ]
    floor = asyncio.run(
        floors.calendar(
            ready.dev["sandbox"], person.token, calendar, window=window, postgres=str(ready.data / "postgres")
        )
    )
    seen = len(person.entries())
    run, cost = person.measured(lambda: _switched_on(person))
    assert run["counts"]["to_crm"]["created"] == EVENTS, run
    return cost, floor, Counter(map(_asked, person.entries()[seen:]))


def _switched_on(person: Newcomer) -> Json:
    wish = {"direction": "two_way", "window_past_days": WIDE, "window_future_days": WIDE}
    path = f"/v1/connections/{person.connection}/settings/calendar"
    answer = person.crm.patch(path, json={**wish, "existing_records": "all"})
    answer.raise_for_status()
    return person.ended(answer.json()["run"])


def _asked(entry: Json) -> str:
    if "calendarView/delta" in entry["path"]:
        return "pages"
    return "events" if "/me/events/" in entry["path"] else "others"
