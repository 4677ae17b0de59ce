"""When the events of a series begin, held against a reading by hand (RFC 5545, graph/facts.md §5.3)."""

from datetime import date, datetime, timedelta
from itertools import islice
from time import process_time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.graph.unsupported import Unsupported
from app.sync.recurrence import day_of, occurrences
from tests.rules.series import FAR, MANY, series
from tests.rules.series_by_hand import days_of_rule

BERLIN = "Europe/Berlin"
NINE = datetime(2026, 3, 2, 9)  # noqa: DTZ001 what clocks show


@st.composite
def held(draw):
    """Return a series that Outlook can hold."""
    text, start, zone = draw(series())
    try:
        occurrences(text, start=start, zone=zone)
    except Unsupported:
        assume(False)
    return text, start, zone


def days_by_hand(text, start, zone):
    """Return the days of a series; where it has times and an end in UTC, that was made of a day and its time."""
    said, _, until = text.partition(";UNTIL=")
    if until and zone is not None:
        *_, last = occurrences(f"FREQ=DAILY;UNTIL={until}", start=start, zone=zone)
        text = f"{said};UNTIL={last:%Y%m%d}"
    return days_of_rule(text, start=day_of(start), horizon=day_of(start) + FAR)


@pytest.mark.feature("F6")
@MANY
@given(held(), st.integers(0, 1000), st.integers(0, 400))
def test_days_are_those_that_a_reading_by_hand_has(drawn, later, long):
    (text, start, zone), expected = drawn, days_by_hand(*drawn)
    first = day_of(start)
    after, before = first + timedelta(days=later), first + timedelta(days=later + long)

    every = occurrences(text, start=start, zone=zone, before=first + FAR + timedelta(days=1))
    within = occurrences(text, start=start, zone=zone, after=after, before=before)

    assert [day_of(at) for at in every] == expected
    assert [day_of(at) for at in within] == [day for day in expected if after <= day < before]


DAYS = [
    ("each day", "FREQ=DAILY", ["2026-03-02", "2026-03-03", "2026-03-04"]),
    ("each other week, begun on Sundays", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", ["2026-03-02", "2026-03-15", "2026-03-16"]),
    ("each other week, begun on Mondays", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO", ["2026-03-02", "2026-03-08", "2026-03-16"]),
    ("the last workday", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-03-31", "2026-04-30", "2026-05-29"]),
    ("the last day", "FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-03-31", "2026-04-30", "2026-05-31"]),
    ("the last day of February", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", ["2027-02-28", "2028-02-29", "2029-02-28"]),
    ("Thanksgiving", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", ["2026-11-26", "2027-11-25", "2028-11-23"]),
    ("twice", "FREQ=DAILY;COUNT=2", ["2026-03-02", "2026-03-03"]),
]  # fmt: skip


@pytest.mark.parametrize(("rrule", "days"), [pytest.param(*row, id=rule) for rule, *row in DAYS])
def test_first_days(rrule, days):
    found = islice(occurrences(rrule, start=NINE, zone=BERLIN), 3)

    assert [at.isoformat() for at in found] == [f"{day}T09:00:00" for day in days]


BEGUN = [
    ("on the last day of its week", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO", date(2026, 3, 8), ["2026-03-08", "2026-03-16", "2026-03-22"]),
    ("on a Saturday, of weeks from Sunday on", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU;WKST=SU", date(2026, 3, 7), ["2026-03-07", "2026-03-15", "2026-03-21"]),
    ("on the first of a month", "FREQ=MONTHLY", date(2026, 3, 1), ["2026-03-01", "2026-04-01", "2026-05-01"]),
    ("on New Year's Day", "FREQ=YEARLY", date(2026, 1, 1), ["2026-01-01", "2027-01-01", "2028-01-01"]),
]  # fmt: skip


@pytest.mark.parametrize(("rrule", "start", "days"), [pytest.param(*row, id=rule) for rule, *row in BEGUN])
def test_first_days_of_a_series_that_begins(rrule, start, days):
    assert [at.isoformat() for at in islice(occurrences(rrule, start=start, zone=None), 3)] == days
    later = occurrences(rrule, start=start, zone=None, after=date.fromisoformat(days[1]))
    assert [at.isoformat() for at in islice(later, 2)] == days[1:]


FAR_OFF = [
    ("FREQ=WEEKLY;INTERVAL=3", "4400-01-03"),
    ("FREQ=MONTHLY;INTERVAL=7", "4400-05-02"),
    ("FREQ=YEARLY;INTERVAL=4", "4402-03-02"),
]


@pytest.mark.parametrize(("rrule", "day"), FAR_OFF)
def test_a_day_far_off_is_found(rrule, day):
    found = occurrences(rrule, start=date(2026, 3, 2), zone=None, after=date(4400, 1, 1))

    assert next(found).isoformat() == day


LAST = [
    ("counted", "FREQ=DAILY;COUNT=3", datetime(2026, 3, 4, 9)),  # noqa: DTZ001
    ("till a moment", "FREQ=DAILY;UNTIL=20260331T065959Z", datetime(2026, 3, 30, 9)),  # noqa: DTZ001
    ("till a day that is none of its own", "FREQ=WEEKLY;UNTIL=20260315", datetime(2026, 3, 9, 9)),  # noqa: DTZ001
]


@pytest.mark.parametrize(("rrule", "last"), [pytest.param(*row, id=rule) for rule, *row in LAST])
def test_last_event(rrule, last):
    *_, found = occurrences(rrule, start=NINE, zone=BERLIN)

    assert found == last


@pytest.mark.lesson(11)
def test_clocks_show_the_same_time_in_summer_and_in_winter():
    late = list(occurrences("FREQ=WEEKLY", start=NINE, zone=BERLIN, after=date(2026, 10, 18), limit=3))

    assert [at.isoformat() for at in late] == [
        "2026-10-19T09:00:00",
        "2026-10-26T09:00:00",
        "2026-11-02T09:00:00",
    ]


def test_no_rule_keeps_us_counting_for_ever():
    for rrule in (
        "FREQ=SECONDLY;BYMONTH=2",
        "FREQ=DAILY;BYYEARDAY=1;BYSETPOS=3",
        "FREQ=HOURLY;BYDAY=MO;BYSETPOS=30",
    ):
        with pytest.raises(ValueError if "YEARDAY" in rrule else Unsupported):
            occurrences(rrule, start=NINE, zone=BERLIN)


def test_a_series_of_long_ago_is_not_counted_from_its_beginning():
    start, began = datetime(1700, 1, 1, 9), process_time()  # noqa: DTZ001
    found = occurrences("FREQ=DAILY;INTERVAL=7", start=start, zone=BERLIN, after=date(4400, 1, 1), limit=1)
    daily = occurrences("FREQ=DAILY", start=start, zone=BERLIN, after=date(4400, 1, 1), limit=1)

    assert (day_of(next(found)), day_of(next(daily))) == (date(4400, 1, 7), date(4400, 1, 1))
    assert process_time() - began < 1
