"""Whether an event lies in a window: one predicate for all (engine.md §14)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sync.event_window import Window, overlaps
from app.sync.recurrence import day_of
from tests.rules.series import MANY
from tests.rules.series_by_hand import days_of_rule
from tests.rules.test_occurrences import days_by_hand, held

HALF_AN_HOUR = timedelta(minutes=30)
MARCH = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC), "UTC")


def at(wall, zone="UTC"):
    return {"date_time": wall, "time_zone": zone}


def day(said):
    return {"date": said}


def event(start, end=None, rrule=None, *exceptions):
    recurrence = {"rrule": rrule, "exceptions": list(exceptions)} if rrule else None
    return {"start": start, "end": end, "recurrence": recurrence}


def cancelled(start):
    return {"original_start": start, "cancelled": True}


def moved(original, **to):
    return {"original_start": original, **to}


DAILY_TILL_MARCH = (at("2026-02-01T09:00:00"), at("2026-02-01T10:00:00"), "FREQ=DAILY;UNTIL=20260301")
ONCE_IN_MARCH = (day("2026-02-15"), None, "FREQ=MONTHLY;COUNT=2")

RULES = [
    ("inside", event(at("2026-03-10T09:00:00"), at("2026-03-10T10:00:00")), True),
    ("over when it begins", event(at("2026-02-28T23:00:00"), at("2026-03-01T00:00:00")), False),
    ("under way when it begins", event(at("2026-02-28T23:00:00"), at("2026-03-01T00:01:00")), True),
    ("a moment when it begins", event(at("2026-03-01T00:00:00"), at("2026-03-01T00:00:00")), True),
    ("a moment when it ends", event(at("2026-04-01T00:00:00"), at("2026-04-01T00:00:00")), False),
    ("begins when it ends", event(at("2026-04-01T00:00:00"), at("2026-04-01T01:00:00")), False),
    ("all of it and more", event(at("2026-01-01T00:00:00"), at("2026-12-31T00:00:00")), True),
    ("no end: half an hour, in it", event(at("2026-02-28T23:31:00")), True),
    ("no end: half an hour, before it", event(at("2026-02-28T23:30:00")), False),
    ("its first minute, elsewhere", event(at("2026-03-01T01:00:00", "Europe/Berlin"), at("2026-03-01T01:01:00", "Europe/Berlin")), True),
    ("still February there", event(at("2026-03-01T00:00:00", "Europe/Berlin"), at("2026-03-01T01:00:00", "Europe/Berlin")), False),
    ("a flight between zones", event(at("2026-02-28T20:00:00", "Europe/Berlin"), at("2026-02-28T19:30:00", "America/New_York")), True),
    ("its first day", event(day("2026-03-01")), True),
    ("the day before", event(day("2026-02-28")), False),
    ("days till its first, which is left out", event(day("2026-02-20"), day("2026-03-01")), False),
    ("days till its second, which is left out", event(day("2026-02-20"), day("2026-03-02")), True),
    ("the day after", event(day("2026-04-01"), day("2026-04-02")), False),
    ("a series before it", event(at("2026-02-01T09:00:00"), None, "FREQ=DAILY;UNTIL=20260228"), False),
    ("a series that reaches it", event(*DAILY_TILL_MARCH), True),
    ("… whose last event is cancelled", event(*DAILY_TILL_MARCH, cancelled(at("2026-03-01T09:00:00"))), False),
    ("… whose last event is moved out of it", event(*DAILY_TILL_MARCH, moved(at("2026-03-01T09:00:00"), start=at("2026-02-28T18:00:00"), end=at("2026-02-28T19:00:00"))), False),
    ("… whose last event is renamed", event(*DAILY_TILL_MARCH, moved(at("2026-03-01T09:00:00"), title="Last time")), True),
    ("… whose last event is named in another zone", event(*DAILY_TILL_MARCH, cancelled(at("2026-03-01T10:00:00", "Europe/Berlin"))), False),
    ("a series after it", event(at("2026-04-01T09:00:00"), None, "FREQ=DAILY"), False),
    ("… whose first event is moved into it", event(at("2026-04-02T09:00:00"), None, "FREQ=WEEKLY", moved(at("2026-04-02T09:00:00"), start=at("2026-03-31T09:00:00"))), True),
    ("… whose first event is longer back", event(at("2026-04-02T09:00:00"), None, "FREQ=WEEKLY", moved(at("2026-04-02T09:00:00"), end=at("2026-04-02T12:00:00"))), False),
    ("… of which an event differs that it never had", event(at("2026-02-01T09:00:00"), None, "FREQ=DAILY;COUNT=3", moved(at("2026-03-10T09:00:00"), title="Never")), False),
    ("a series that Outlook can't hold, of which an event differs", event(at("2026-01-01T09:00:00"), None, "FREQ=HOURLY;COUNT=2", moved(at("2026-03-10T09:00:00"), title="Ever")), True),
    ("a series that steps over it", event(at("2026-02-15T09:00:00"), None, "FREQ=MONTHLY;INTERVAL=2"), False),
    ("long events of a series that steps over it", event(day("2026-02-15"), day("2026-03-02"), "FREQ=MONTHLY;INTERVAL=2"), True),
    ("a series of days", event(*ONCE_IN_MARCH), True),
    ("… cancelled", event(*ONCE_IN_MARCH, cancelled(day("2026-03-15"))), False),
    ("… moved within it", event(*ONCE_IN_MARCH, moved(day("2026-03-15"), start=day("2026-03-16"))), True),
    ("a series that Outlook can't hold", event(at("2026-01-01T09:00:00"), None, "FREQ=HOURLY"), True),
    ("… and that is over", event(at("2026-01-01T09:00:00"), None, "FREQ=HOURLY;UNTIL=20260201T000000Z"), False),
    ("… and that begins later", event(at("2026-04-01T09:00:00"), None, "FREQ=HOURLY"), False),
]  # fmt: skip


@pytest.mark.lesson(10)
@pytest.mark.parametrize(("what", "lies"), [pytest.param(*row, id=rule) for rule, *row in RULES])
def test_in_march(what, lies):
    assert overlaps(what, MARCH, default=HALF_AN_HOUR) is lies


@pytest.mark.lesson(11)
@pytest.mark.parametrize(
    ("zone", "lies"), [("Pacific/Kiritimati", True), ("UTC", True), ("Etc/GMT+12", False)]
)
def test_the_last_day_of_march_begins_and_ends_by_the_clocks_of_the_windows_zone(zone, lies):
    evening = Window(datetime(2026, 3, 30, 11, tzinfo=UTC), datetime(2026, 3, 31, 12, tzinfo=UTC), zone)

    assert overlaps(event(day("2026-03-31")), evening, default=HALF_AN_HOUR) is lies


@MANY
@given(held(), st.integers(0, 3000), st.integers(0, 30000), st.integers(1, 2000), st.data())
def test_a_series_lies_where_any_of_its_events_does(drawn, minutes, later, long, data):
    (rrule, start, zone), days = drawn, days_by_hand(*drawn)
    length = timedelta(days=1 + minutes // 1440) if zone is None else timedelta(minutes=minutes)
    gone = data.draw(st.lists(st.sampled_from(days), max_size=4, unique=True)) if days else []
    begin = moment(day_of(start), time(), "UTC") + timedelta(hours=later)
    window = Window(begin, begin + timedelta(hours=long), "UTC")

    def said(value):
        return at(value.isoformat(), zone) if zone else day(value.isoformat())

    def on(which):
        return datetime.combine(which, start.time()) if zone else which

    series = event(said(start), said(start + length), rrule, *(cancelled(said(on(each))) for each in gone))
    lies = False
    for each in set(days) - set(gone):
        from_, to = on(each), on(each) + length
        first, last = (moment(day_of(it), it.time() if zone else time(), zone or "UTC") for it in (from_, to))
        last = max(first, last)
        lies |= first < window.end and (last > window.begin or first == last == window.begin)

    assert overlaps(series, window, default=HALF_AN_HOUR) is lies


def moment(which, clock, zone):
    return datetime.combine(which, clock, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_the_reading_by_hand_knows_its_calendar():
    assert days_of_rule("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", start=date(2026, 1, 1), horizon=date(2026, 12, 31)) == [
        date(2026, 2, 13), date(2026, 3, 13), date(2026, 11, 13)
    ]  # fmt: skip
