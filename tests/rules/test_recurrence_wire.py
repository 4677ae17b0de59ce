"""A recurrence on Microsoft's wire and back (graph/facts.md §5.3, api.md §5)."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.graph.recurrence import from_graph, to_graph
from app.graph.unsupported import Unsupported
from app.records.simplest import normal
from app.records.zones import worded
from sandbox.graph import recurrence as graph
from tests.rules.series import FAR, MANY, TIMES, ZONES, days, patterns, series
from tests.rules.series_by_hand import days_of_pattern, days_of_rule

TUESDAY = datetime(2026, 3, 3, 9, 30)  # noqa: DTZ001 what clocks show
BERLIN = "Europe/Berlin"
NO_END = {"type": "noEnd", "startDate": "2026-03-03", "recurrenceTimeZone": "W. Europe Standard Time"}


def weekly(*days, interval=1, first="monday"):
    return {"type": "weekly", "interval": interval, "daysOfWeek": list(days), "firstDayOfWeek": first}


WORDINGS = [
    ("daily", "FREQ=DAILY", {"type": "daily", "interval": 1}),
    ("every third day", "FREQ=DAILY;INTERVAL=3", {"type": "daily", "interval": 3}),
    ("weekly", "FREQ=WEEKLY", weekly("tuesday")),
    ("each workday", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", weekly("monday", "tuesday", "wednesday", "thursday", "friday")),
    ("each other week", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", weekly("tuesday", "sunday", interval=2, first="sunday")),
    ("each other week, begun on Mondays", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU", weekly("tuesday", "sunday", interval=2)),
    ("monthly", "FREQ=MONTHLY", {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 3}),
    ("the first Tuesday", "FREQ=MONTHLY;BYDAY=1TU", {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["tuesday"], "index": "first"}),
    ("the second workday", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=2", {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"], "index": "second"}),
    ("yearly", "FREQ=YEARLY;INTERVAL=2", {"type": "absoluteYearly", "interval": 2, "dayOfMonth": 3, "month": 3}),
    ("yearly, by month", "FREQ=MONTHLY;BYMONTH=3;BYMONTHDAY=3", {"type": "absoluteYearly", "interval": 1, "dayOfMonth": 3, "month": 3}),
    ("a weekday of a year", "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU", {"type": "relativeYearly", "interval": 1, "daysOfWeek": ["tuesday"], "index": "first", "month": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("rrule", "pattern"), [pytest.param(*row, id=rule) for rule, *row in WORDINGS])
def test_pattern(rrule, pattern):
    assert to_graph(rrule, start=TUESDAY, zone=BERLIN) == {"pattern": pattern, "range": NO_END}
    assert from_graph({"pattern": pattern, "range": NO_END}, start=TUESDAY, zone=BERLIN) == normal(
        rrule, start=TUESDAY, zone=BERLIN
    )


def test_the_31st_is_in_outlook_the_last_day_of_shorter_months():
    last = {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}
    rrule = "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"

    assert to_graph(rrule, start=date(2026, 2, 28), zone=None)["pattern"] == last
    assert to_graph("FREQ=MONTHLY;BYMONTHDAY=-1", start=date(2026, 2, 28), zone=None)["pattern"] == last
    assert from_graph({"pattern": last, "range": NO_END}, start=date(2026, 3, 31), zone=None) == rrule


RANGES = [
    ("never ends", "", {"type": "noEnd"}),
    ("counted", ";COUNT=10", {"type": "numbered", "numberOfOccurrences": 10}),
    ("till its time of a day", ";UNTIL=20260331T073000Z", {"type": "endDate", "endDate": "2026-03-31"}),
    ("till before its time", ";UNTIL=20260331T070000Z", {"type": "endDate", "endDate": "2026-03-30"}),
    (
        "till the evening before, in UTC",
        ";UNTIL=20260330T230000Z",
        {"type": "endDate", "endDate": "2026-03-30"},
    ),
    ("till a day", ";UNTIL=20260331", {"type": "endDate", "endDate": "2026-03-31"}),
    ("once", ";UNTIL=20260303T083000Z", {"type": "endDate", "endDate": "2026-03-03"}),
]


@pytest.mark.parametrize(("end", "span"), [pytest.param(*row, id=rule) for rule, *row in RANGES])
def test_range(end, span):
    said = to_graph(f"FREQ=DAILY{end}", start=TUESDAY, zone=BERLIN)["range"]

    assert said == {**span, "startDate": "2026-03-03", "recurrenceTimeZone": "W. Europe Standard Time"}


@pytest.mark.lesson(11)
def test_the_end_of_days_is_a_day_and_names_no_zone():
    said = to_graph("FREQ=DAILY;UNTIL=20260331", start=TUESDAY.date(), zone=None)["range"]

    assert said == {"type": "endDate", "startDate": "2026-03-03", "endDate": "2026-03-31"}


UNSUPPORTED = [
    ("within a day", "FREQ=HOURLY;INTERVAL=8", "FREQ", "within a day"),
    ("several times a day", "FREQ=DAILY;BYHOUR=9,17", "BYHOUR", "no rule by hour"),
    ("at another minute", "FREQ=DAILY;BYMINUTE=15", "BYMINUTE", "no rule by minute"),
    ("at another second", "FREQ=DAILY;BYSECOND=15", "BYSECOND", "no rule by second"),
    ("a day of the year", "FREQ=YEARLY;BYYEARDAY=100", "BYYEARDAY", "day of the year"),
    ("a week of the year", "FREQ=YEARLY;BYWEEKNO=10", "BYWEEKNO", "number of the week"),
    ("a weekday of the year", "FREQ=YEARLY;BYDAY=20TU", "BYDAY", "within a month, not within a year"),
    ("months of the year", "FREQ=YEARLY;BYMONTH=3,9", "BYMONTH", "several months"),
    ("days of one month", "FREQ=DAILY;BYMONTH=3", "BYMONTH", "daily series"),
    ("weeks of one month", "FREQ=WEEKLY;BYMONTH=3", "BYMONTH", "weekly series"),
    ("each third month, if March", "FREQ=MONTHLY;INTERVAL=3;BYMONTH=3", "BYMONTH", "monthly series"),
    ("each month of the year, or one", "FREQ=YEARLY;BYMONTHDAY=3", "BYMONTHDAY", "add BYMONTH, or say FREQ=MONTHLY"),
    ("each other day, if Tuesday", "FREQ=DAILY;INTERVAL=2;BYDAY=TU", "BYDAY", "every few days"),
    ("each day, if the third", "FREQ=DAILY;BYMONTHDAY=3", "BYMONTHDAY", "daily series"),
    ("the first of a week's", "FREQ=WEEKLY;BYDAY=TU,TH;BYSETPOS=1", "BYSETPOS", "weekly series"),
    ("two days of the month", "FREQ=MONTHLY;BYMONTHDAY=3,17", "BYMONTHDAY", "several days of the month"),
    ("the last day but one", "FREQ=MONTHLY;BYMONTHDAY=-2", "BYMONTHDAY", "from the end"),
    ("the 29th, or nothing", "FREQ=MONTHLY;BYMONTHDAY=29", "BYMONTHDAY", "BYMONTHDAY=28,29;BYSETPOS=-1"),
    ("the 31st, or nothing", "FREQ=MONTHLY;BYMONTHDAY=31", "BYMONTHDAY", "BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
    ("each leap day", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "BYMONTHDAY", "BYMONTHDAY=28,29;BYSETPOS=-1"),
    ("Tuesday the third", "FREQ=MONTHLY;BYMONTHDAY=3;BYDAY=TU", "BYMONTHDAY", "not both"),
    ("first and third Tuesday", "FREQ=MONTHLY;BYDAY=1TU,3TU", "BYDAY", "several numbered"),
    ("first Tuesday and Thursday", "FREQ=MONTHLY;BYDAY=1TU,1TH", "BYDAY", "several numbered"),
    ("the fifth Tuesday", "FREQ=MONTHLY;BYDAY=5TU", "BYDAY", "first to the fourth"),
    ("the last Tuesday but one", "FREQ=MONTHLY;BYDAY=-2TU", "BYDAY", "first to the fourth"),
    ("the fifth workday", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=5", "BYSETPOS", "one position"),
    ("first and last workday", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1", "BYSETPOS", "one position"),
    ("the first of numbered weekdays", "FREQ=MONTHLY;BYDAY=2TU;BYSETPOS=1", "BYSETPOS", "numbered weekdays by position"),
    ("Tuesdays of each other month", "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", "BYDAY", "some months only"),
    ("Tuesdays in March", "FREQ=YEARLY;BYMONTH=3;BYDAY=TU", "BYDAY", "some months only"),
    ("each 1,000th day", "FREQ=DAILY;INTERVAL=1000", "INTERVAL", "at most 999"),
    ("each 100th week", "FREQ=WEEKLY;INTERVAL=100", "INTERVAL", "at most 99"),
    ("1,000 times", "FREQ=DAILY;COUNT=1000", "COUNT", "at most 999"),
    ("for ever, in other words", "FREQ=DAILY;UNTIL=99991231T235959Z", "UNTIL", "31 August 4500"),
    ("over before it begins", "FREQ=DAILY;UNTIL=20260302", "UNTIL", "before it starts"),
    ("over before it begins that day", "FREQ=DAILY;UNTIL=20260303T082959Z", "UNTIL", "before it starts"),
    ("a start that is another weekday", "FREQ=WEEKLY;BYDAY=MO", "start", "this start is none"),
    ("a start that is another day", "FREQ=MONTHLY;BYMONTHDAY=4", "start", "this start is none"),
    ("a start in another month", "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=3", "start", "this start is none"),
    ("a start in another week", "FREQ=MONTHLY;BYDAY=2TU", "start", "this start is none"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rrule", "part", "says"), [pytest.param(*row, id=rule) for rule, *row in UNSUPPORTED]
)
def test_what_outlook_cannot_hold_is_told_by_its_part(rrule, part, says):
    with pytest.raises(Unsupported) as refused:
        to_graph(rrule, start=TUESDAY, zone=BERLIN)

    assert refused.value.part == part
    assert says in refused.value.detail


def test_a_start_on_a_day_that_its_month_never_has_is_told():
    with pytest.raises(Unsupported, match="don't have") as refused:
        to_graph("FREQ=YEARLY;BYMONTH=2", start=date(2026, 3, 30), zone=None)

    assert refused.value.part == "start"


def test_a_pattern_that_nobody_knows_is_not_read():
    with pytest.raises(Unsupported, match="hourly"):
        from_graph(
            {"pattern": {"type": "hourly", "interval": 1}, "range": NO_END}, start=TUESDAY, zone=BERLIN
        )


@pytest.mark.parametrize(("position", "day"), [("1", 3), ("2", 10), ("3", 17), ("4", 24), ("-1", 31)])
def test_a_series_may_begin_on_each_of_the_weekdays_of_a_month(position, day):
    rrule = f"FREQ=MONTHLY;BYDAY={position}TU"

    assert to_graph(rrule, start=date(2026, 3, day), zone=None)["range"]["startDate"] == f"2026-03-{day:02}"
    for other in {3, 10, 17, 24, 31} - {day}:
        with pytest.raises(Unsupported, match="this start is none"):
            to_graph(rrule, start=date(2026, 3, other), zone=None)


def test_a_week_that_says_nothing_else_begins_on_sunday():
    pattern = {
        name: value for name, value in weekly("tuesday", "sunday", interval=2).items() if "first" not in name
    }

    assert from_graph({"pattern": pattern, "range": NO_END}, start=TUESDAY, zone=BERLIN) == (
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU"
    )


def test_what_exchange_fills_in_and_how_it_writes_its_words_makes_no_difference():
    filled = {"month": 0, "dayOfMonth": 0, "index": "first", "firstDayOfWeek": "sunday", "daysOfWeek": []}
    shown = {**filled, **weekly("Tuesday", interval=2, first="Sunday"), "type": "Weekly"}
    span = {**NO_END, "endDate": "0001-01-01", "numberOfOccurrences": 0}

    assert (
        from_graph(
            {"pattern": {**filled, "type": "daily", "interval": 2}, "range": span}, start=TUESDAY, zone=BERLIN
        )
        == "FREQ=DAILY;INTERVAL=2"
    )
    assert (
        from_graph({"pattern": shown, "range": span}, start=TUESDAY, zone=BERLIN)
        == "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"
    )


@pytest.mark.feature("F6")
@MANY
@given(series())
def test_a_rule_has_the_same_days_in_outlook_or_is_refused(drawn):
    text, start, zone = drawn
    first = start.date() if zone else start
    horizon = first + FAR
    refused = refusal(text, start=start, zone=zone)
    if refused is not None:
        begins = first in days_of_rule(text.partition(";UNTIL")[0], start=first, horizon=first)
        said = normal(text, start=start, zone=zone)  # with what the rule leaves to its start
        assert refused.part in said or (refused.part == "start" and not begins)
        return

    wire = to_graph(text, start=start, zone=zone)

    if wire["range"]["type"] == "endDate":
        text = text.partition(";UNTIL=")[0] + f";UNTIL={wire['range']['endDate'].replace('-', '')}"
    assert days_of_pattern(wire, horizon=horizon) == days_of_rule(text, start=first, horizon=horizon)
    assert days_of_graph(wire, start=start, zone=zone, horizon=horizon) == days_of_pattern(
        wire, horizon=horizon
    )
    assert from_graph(wire, start=start, zone=zone) == normal(drawn[0], start=start, zone=zone)


def days_of_graph(wire, *, start, zone, horizon):
    """Return the days that the sandbox's Graph makes of it, which refuses what Microsoft would."""
    wall = start if zone else datetime.combine(start, time())
    begins = {"dateTime": wall.isoformat(), "timeZone": worded(zone or "UTC")}
    return list(graph.days(graph.read("recurrence", wire, start=begins), until=horizon))


def refusal(text, *, start, zone):
    try:
        to_graph(text, start=start, zone=zone)
    except Unsupported as refused:
        return refused


@st.composite
def recurrences(draw):
    """Return a patternedRecurrence, with the wall time and zone of its first event."""
    pattern, zone = draw(patterns()), draw(st.none() | st.sampled_from(ZONES))
    drawn = draw(days)
    probe = {"pattern": pattern, "range": {"type": "noEnd", "startDate": drawn.isoformat()}}
    first = next(iter(days_of_pattern(probe, horizon=drawn + FAR)), None)
    assume(first is not None)
    span = draw(st.sampled_from([{"type": "noEnd"}, {"type": "numbered"}, {"type": "endDate"}])) | {
        "startDate": first.isoformat()
    }
    if span["type"] == "numbered":
        span["numberOfOccurrences"] = draw(st.integers(1, 30))
    if span["type"] == "endDate":
        span["endDate"] = (first + timedelta(days=draw(st.integers(0, 900)))).isoformat()
    start = first if zone is None else datetime.combine(first, draw(st.sampled_from(TIMES)))
    return {"pattern": pattern, "range": span}, start, zone


@pytest.mark.feature("F6")
@MANY
@given(recurrences())
def test_outlooks_recurrence_comes_back_as_the_same_series(drawn):
    wire, start, zone = drawn

    rrule = from_graph(wire, start=start, zone=zone)
    again = to_graph(rrule, start=start, zone=zone)

    horizon = date.fromisoformat(wire["range"]["startDate"]) + FAR
    assert days_of_pattern(again, horizon=horizon) == days_of_pattern(wire, horizon=horizon)
    assert again["range"] == wire["range"] | (
        {} if zone is None else {"recurrenceTimeZone": again["range"]["recurrenceTimeZone"]}
    )
    assert from_graph(again, start=start, zone=zone) == rrule == normal(rrule, start=start, zone=zone)
