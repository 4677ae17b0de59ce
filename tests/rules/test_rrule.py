"""A recurrence rule's text and its one spelling (RFC 5545 §3.3.10, api.md §5)."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.records.rrule import InvalidRule, read, spelled
from app.records.simplest import last_day, normal
from tests.rules.series import FAR, MANY, rules, series
from tests.rules.series_by_hand import days_of_rule

TUESDAY = datetime(2026, 3, 3, 9, 30)  # noqa: DTZ001 what clocks show
BERLIN = "Europe/Berlin"

SPELLINGS = [
    ("any order and case", "byday=we,mo;freq=weekly", "FREQ=WEEKLY;BYDAY=MO,WE"),
    ("blanks and a last semicolon", "FREQ=WEEKLY; BYDAY=MO, TU;", "FREQ=WEEKLY;BYDAY=MO,TU"),
    ("what goes without saying", "FREQ=DAILY;INTERVAL=1;WKST=MO", "FREQ=DAILY"),
    ("numbers once, in order", "FREQ=MONTHLY;BYMONTHDAY=15,1,+1", "FREQ=MONTHLY;BYMONTHDAY=1,15"),
    ("the end is last", "COUNT=3;FREQ=DAILY", "FREQ=DAILY;COUNT=3"),
    ("weeks that begin on Sunday", "FREQ=WEEKLY;WKST=SU;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MO"),
    ("… where it matters", "FREQ=WEEKLY;WKST=SU;INTERVAL=2;BYDAY=SU,MO", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU"),
    ("each workday", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
    ("each Monday of each month", "FREQ=MONTHLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MO"),
    ("each Monday of each year", "FREQ=YEARLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MO"),
    ("… of each other month", "FREQ=MONTHLY;INTERVAL=2;BYDAY=MO", "FREQ=MONTHLY;INTERVAL=2;BYDAY=MO"),
    ("the second of one weekday", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2", "FREQ=MONTHLY;BYDAY=2MO"),
    ("the last workday", "FREQ=MONTHLY;BYSETPOS=-1;BYDAY=FR,MO,TU,WE,TH", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
    ("a day of the year, by months", "FREQ=MONTHLY;BYMONTH=3;BYMONTHDAY=5", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=5"),
    ("… of each other month", "FREQ=MONTHLY;INTERVAL=2;BYMONTH=3;BYMONTHDAY=5", "FREQ=MONTHLY;INTERVAL=2;BYMONTH=3;BYMONTHDAY=5"),
    ("a day of each month, or only of one", "FREQ=YEARLY;BYMONTHDAY=5", "FREQ=YEARLY;BYMONTHDAY=5"),
    ("the last day of the month", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
    ("the 30th or the last", "FREQ=MONTHLY;BYMONTHDAY=30,29,28,27;BYSETPOS=-1", "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"),
    ("the 28th, which is never missing", "FREQ=MONTHLY;BYMONTHDAY=28;BYSETPOS=-1", "FREQ=MONTHLY;BYMONTHDAY=28"),
    ("the 30th or nothing", "FREQ=MONTHLY;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTHDAY=30"),
    ("the last day of April", "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=-1", "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30"),
    ("the last day of February", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"),
    ("rules that Outlook has not", "FREQ=HOURLY;BYHOUR=9,17;BYMINUTE=0", "FREQ=HOURLY;BYHOUR=9,17;BYMINUTE=0"),
    ("at midnight", "FREQ=DAILY;BYHOUR=0", "FREQ=DAILY;BYHOUR=0"),
    ("a last day that is a Monday", "FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=-1", "FREQ=MONTHLY;BYMONTHDAY=-1;BYDAY=MO"),
    ("a last day of two months", "FREQ=YEARLY;BYMONTH=2,4;BYMONTHDAY=-1", "FREQ=YEARLY;BYMONTH=2,4;BYMONTHDAY=-1"),
    ("a week's number", "FREQ=YEARLY;BYWEEKNO=20;WKST=SU;BYDAY=MO", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;WKST=SU"),
    ("an end in UTC", "FREQ=DAILY;UNTIL=20260331t220000z", "FREQ=DAILY;UNTIL=20260331T220000Z"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "canonical"), [pytest.param(*row, id=rule) for rule, *row in SPELLINGS])
def test_canonical_spelling(text, canonical):
    assert normal(text) == canonical
    assert normal(canonical) == canonical


FILLED = [
    ("weekly", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=TU"),
    ("weekly, its own day", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;WKST=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
    ("monthly", "FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=3"),
    ("yearly", "FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3"),
    ("yearly in a month", "FREQ=YEARLY;BYMONTH=3", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3"),
    ("monthly in a month", "FREQ=MONTHLY;BYMONTH=3", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3"),
    ("daily", "FREQ=DAILY", "FREQ=DAILY"),
    ("at its own time", "FREQ=DAILY;BYHOUR=9;BYMINUTE=30;BYSECOND=0", "FREQ=DAILY"),
    ("at another time", "FREQ=DAILY;BYHOUR=10;BYMINUTE=30", "FREQ=DAILY;BYHOUR=10;BYMINUTE=30"),
    ("till a day", "FREQ=DAILY;UNTIL=20260331", "FREQ=DAILY;UNTIL=20260331T073000Z"),
    ("till its time of a day", "FREQ=DAILY;UNTIL=20260331T073000Z", "FREQ=DAILY;UNTIL=20260331T073000Z"),
    ("till just before its time", "FREQ=DAILY;UNTIL=20260331T072959Z", "FREQ=DAILY;UNTIL=20260330T073000Z"),
    ("till midnight", "FREQ=DAILY;UNTIL=20260330T220000Z", "FREQ=DAILY;UNTIL=20260330T073000Z"),
    ("till a time of its own clock", "FREQ=DAILY;UNTIL=20260331T093000", "FREQ=DAILY;UNTIL=20260331T073000Z"),
    ("till the winter", "FREQ=DAILY;UNTIL=20261231T235959Z", "FREQ=DAILY;UNTIL=20261231T083000Z"),
    ("a rule of times", "FREQ=HOURLY;UNTIL=20260303T170000Z", "FREQ=HOURLY;UNTIL=20260303T170000Z"),
    ("a rule of times, by its own clock", "FREQ=DAILY;BYHOUR=9,17;UNTIL=20260303T170000", "FREQ=DAILY;BYHOUR=9,17;UNTIL=20260303T160000Z"),
    ("a rule of times, till a day", "FREQ=HOURLY;UNTIL=20260303", "FREQ=HOURLY;UNTIL=20260303T225959Z"),
    ("till the end of time", "FREQ=DAILY;UNTIL=99991231T235959Z", "FREQ=DAILY;UNTIL=99991231T083000Z"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "canonical"), [pytest.param(*row, id=rule) for rule, *row in FILLED])
def test_what_a_rule_leaves_to_its_start(text, canonical):
    assert normal(text, start=TUESDAY, zone=BERLIN) == canonical
    assert normal(canonical, start=TUESDAY, zone=BERLIN) == canonical


ALL_DAY = [
    ("till a day", "FREQ=DAILY;UNTIL=20260331", "FREQ=DAILY;UNTIL=20260331"),
    ("till a midnight", "FREQ=DAILY;UNTIL=20260331T000000Z", "FREQ=DAILY;UNTIL=20260331"),
    ("weekly", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=TU"),
]


@pytest.mark.parametrize(("text", "canonical"), [pytest.param(*row, id=rule) for rule, *row in ALL_DAY])
def test_what_a_rule_of_days_leaves_to_its_start(text, canonical):
    assert normal(text, start=TUESDAY.date()) == canonical


INVALID = [
    ("nothing", "", "", "is no part"),
    ("no frequency", "COUNT=3", "FREQ", "FREQ=DAILY"),
    ("an unknown frequency", "FREQ=FORTNIGHTLY", "FREQ", "'FORTNIGHTLY' is no frequency"),
    ("an unknown part", "FREQ=DAILY;BYEASTER=1", "BYEASTER", "no part of a rule"),
    ("the property's name", "RRULE:FREQ=DAILY", "RRULE:FREQ", "without 'RRULE:'"),
    ("several lines", "FREQ=DAILY\nRDATE:20260101", "FREQ", "'DAILY\nRDATE:2026010"),
    ("single dates", "FREQ=DAILY;RDATE=20260101", "RDATE", "exceptions"),
    ("another calendar", "RSCALE=HEBREW;FREQ=YEARLY", "RSCALE", "Gregorian"),
    ("a part twice", "FREQ=DAILY;FREQ=DAILY", "FREQ", "twice"),
    ("two ends", "FREQ=DAILY;COUNT=3;UNTIL=20260331", "COUNT", "not by both"),
    ("never", "FREQ=DAILY;INTERVAL=0", "INTERVAL", "from 1 to 999999"),
    ("backwards", "FREQ=DAILY;INTERVAL=-1", "INTERVAL", "from 1 to 999999"),
    ("a fraction", "FREQ=DAILY;COUNT=1.5", "COUNT", "from 1 to 999999"),
    ("too many", "FREQ=DAILY;COUNT=1000000", "COUNT", "from 1 to 999999"),
    ("no weekday", "FREQ=WEEKLY;BYDAY=XX", "BYDAY", "'XX' is no weekday"),
    ("a whole name", "FREQ=WEEKLY;BYDAY=MONDAY", "BYDAY", "'MONDAY' is no weekday"),
    ("no days", "FREQ=WEEKLY;BYDAY=", "BYDAY", "no weekday"),
    ("the zeroth", "FREQ=MONTHLY;BYDAY=0MO", "BYDAY", "counts from 1"),
    ("the second of a week", "FREQ=WEEKLY;BYDAY=2MO", "BYDAY", "no number before it"),
    ("the sixth of a month", "FREQ=MONTHLY;BYDAY=6MO", "BYDAY", "at most 5"),
    ("month 13", "FREQ=YEARLY;BYMONTH=13", "BYMONTH", "1 to 12"),
    ("month 0", "FREQ=YEARLY;BYMONTH=0", "BYMONTH", "1 to 12, not 0"),
    ("day 0", "FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY", "not 0"),
    ("day 32", "FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY", "not 32"),
    ("30 February", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "BYMONTHDAY", "No month"),
    ("31 April and June", "FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=31,-31", "BYMONTHDAY", "No month"),
    ("a week's day by number", "FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY", "weekly"),
    ("a month's day of the year", "FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY", "monthly"),
    ("a month's week", "FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO", "yearly"),
    ("the position of nothing", "FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS", "there is none"),
    ("hour 24", "FREQ=DAILY;BYHOUR=24", "BYHOUR", "0 to 23"),
    ("a day in other words", "FREQ=DAILY;UNTIL=2026-03-31", "UNTIL", "20260331"),
    ("no day", "FREQ=DAILY;UNTIL=20260231", "UNTIL", "20260331"),
    ("the beginning of time", "FREQ=DAILY;UNTIL=00010101T000000Z", "UNTIL", "20260331"),
    ("no value", "FREQ", "FREQ", "no frequency"),
]


@pytest.mark.parametrize(("text", "part", "says"), [pytest.param(*row, id=rule) for rule, *row in INVALID])
def test_what_is_no_rule_is_told_by_its_part(text, part, says):
    with pytest.raises(InvalidRule) as refused:
        normal(text)

    assert refused.value.part == part
    assert says in refused.value.detail


def test_of_a_part_that_is_none_no_more_is_told_than_shows_which():
    with pytest.raises(InvalidRule) as refused:
        normal("FREQ=DAILY;" + "X" * 30)

    assert (refused.value.part, refused.value.detail.partition(" ")[0]) == ("X" * 20, f"'{'X' * 20}'")


@MANY
@given(st.text(st.sampled_from("FREQ=DAILY;BYMONTHSETPOSUNIL0123456789,-TZ \n"), max_size=40))
def test_any_other_text_is_refused_in_the_same_way(text):
    with suppress(InvalidRule):
        canonical = normal(text)
        assert normal(canonical) == canonical


@MANY
@given(series())
def test_the_simplest_wording_is_simplest(drawn):
    text, start, zone = drawn

    canonical = normal(text, start=start, zone=zone)

    assert normal(canonical, start=start, zone=zone) == canonical
    assert normal(canonical) == canonical
    assert spelled(read(canonical)) == canonical


@MANY
@given(rules(), st.dates(date(2019, 1, 1), date(2032, 12, 31)))
def test_the_simplest_wording_has_the_same_days(text, start):
    horizon = start + FAR
    written = days_of_rule(text, start=start, horizon=horizon)

    assert days_of_rule(normal(text), start=start, horizon=horizon) == written
    assert days_of_rule(normal(text, start=start), start=start, horizon=horizon) == written


@pytest.mark.lesson(11)
@MANY
@given(series())
def test_the_last_day_is_the_one_that_until_was_made_of(drawn):
    text, start, zone = drawn
    rule = read(text)
    last = last_day(rule, start=start, zone=zone)
    if rule.until is None:
        assert last is None
    elif zone is not None:
        sooner = (rule.until - timedelta(seconds=1)).astimezone(UTC)
        before = text.partition(";UNTIL=")[0] + f";UNTIL={sooner:%Y%m%dT%H%M%SZ}"
        assert last_day(read(before), start=start, zone=zone) == last - timedelta(days=1)
