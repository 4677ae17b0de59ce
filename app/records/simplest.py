"""The one wording of rules that mean the same, so that two spellings of a series are equal.

Each step leaves the days of the series as they are; ``tests/rules/test_rrule.py`` holds them against an
expansion of both wordings.
"""

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from app.records.rrule import LONGEST, SELECTING, WITHIN_A_DAY, Frequency, On, Rule, Start, read, spelled
from app.records.zones import instant, wall

SHORTEST, LAST = 28, 31
LAST_POSITION = (-1,)
FIFTH = 5
"""A month has at most five of a weekday."""


def normal(text: str, *, start: Start | None = None, zone: str | None = None) -> str:
    """Return the canonical text of a rule, or raise ``InvalidRule``.

    With the ``start`` of its series what the rule leaves to it is said (the weekday of FREQ=WEEKLY), and
    UNTIL takes the form that RFC 5545 wants: a date for dates, for times in ``zone`` UTC.
    """
    return spelled(simplest(read(text), start=start, zone=zone))


def simplest(rule: Rule, *, start: Start | None = None, zone: str | None = None) -> Rule:
    """Return the rule in its simplest wording; see ``normal``."""
    if start is not None:
        rule = _ended(_filled(rule, start), start, zone=zone)
    if rule.frequency not in WITHIN_A_DAY:
        rule = _by_weekdays(_by_months(_by_month_days(_by_position(rule))))
    return replace(rule, week_start=0) if _week_start_is_idle(rule, start) else rule


def last_day(rule: Rule, *, start: Start, zone: str | None) -> date | None:
    """Return the last day on which an occurrence may begin, by the clocks of the series' zone.

    Quirk: an UNTIL that is a date includes that day, also where the series has a time.
    """
    until = rule.until
    if until is None:
        return None
    if not isinstance(until, datetime) or not isinstance(start, datetime):
        return date(until.year, until.month, until.day)
    if until.tzinfo is None or zone is None:
        until = until.replace(tzinfo=None)
        return until.date() - timedelta(days=until.time() < start.time())
    try:
        day = wall(until, zone).date()
        return day - timedelta(days=instant(datetime.combine(day, start.time()), zone) > until)
    except OverflowError:  # the end of time, as some systems write "for ever"
        return until.date()


def _ended(rule: Rule, start: Start, *, zone: str | None) -> Rule:
    """Word UNTIL as RFC 5545 wants it beside this start; a rule of times keeps the time it ends at."""
    if not isinstance(start, datetime) or rule.until is None:
        return replace(rule, until=last_day(rule, start=start, zone=zone))
    if not _is_of_days(rule):
        until = rule.until if isinstance(rule.until, datetime) else datetime.combine(rule.until, time.max)
        return replace(rule, until=_in_utc(until.replace(microsecond=0), zone))
    last = last_day(rule, start=start, zone=zone) or rule.until
    return replace(rule, until=_in_utc(datetime.combine(last, start.time()), zone))


def _in_utc(until: datetime, zone: str | None) -> datetime:
    try:
        return until if zone is None or until.tzinfo else instant(until, zone)
    except OverflowError:  # the end of time
        return until.replace(tzinfo=UTC)


def _is_of_days(rule: Rule) -> bool:
    """Say whether the rule has at most one occurrence a day, at its start's time."""
    return rule.frequency not in WITHIN_A_DAY and not (rule.by_hour or rule.by_minute or rule.by_second)


def _filled(rule: Rule, start: Start) -> Rule:
    """Say what the rule leaves to its start."""
    if rule.frequency in WITHIN_A_DAY:
        return rule
    if isinstance(start, datetime):
        rule = _without_the_time_of(start, rule)
    if rule.frequency is Frequency.WEEKLY and not rule.by_day:
        return replace(rule, by_day=(On(0, start.weekday()),), week_start=0)
    if rule.frequency is Frequency.YEARLY and not any(getattr(rule, field) for field in SELECTING):
        rule = replace(rule, by_month=(start.month,))
    if _has_months(rule) and not (rule.by_day or rule.by_month_day or rule.by_week or rule.by_year_day):
        reachable = start.day <= max(LONGEST[month] for month in rule.by_month or LONGEST)
        return replace(rule, by_month_day=(start.day,)) if reachable else rule
    return rule


def _has_months(rule: Rule) -> bool:
    return rule.frequency is Frequency.MONTHLY or (rule.frequency is Frequency.YEARLY and bool(rule.by_month))


def _without_the_time_of(start: datetime, rule: Rule) -> Rule:
    """Leave out a time of day that is the start's own."""
    same = {"by_hour": (start.hour,), "by_minute": (start.minute,), "by_second": (start.second,)}
    if any(getattr(rule, field) not in {(), own} for field, own in same.items()):
        return rule
    return replace(rule, by_hour=(), by_minute=(), by_second=())


def _week_start_is_idle(rule: Rule, start: Start | None) -> bool:
    """Say whether it makes no difference on which day weeks begin."""
    if rule.by_week:
        return False
    if rule.frequency is not Frequency.WEEKLY or not rule.by_day:
        return True
    if rule.by_position:
        return False
    alone = start is not None and rule.by_day == (On(0, start.weekday()),)
    return alone or rule.interval == 1


def _is_of_one_month(rule: Rule) -> bool:
    """Say whether each period of the rule is one month, or one month of a year."""
    return rule.frequency is Frequency.MONTHLY or (
        rule.frequency is Frequency.YEARLY and len(rule.by_month) == 1
    )


def _has_only(rule: Rule, *fields: str) -> bool:
    return all(not getattr(rule, field) for field in (*SELECTING, "by_position") if field not in fields)


def _by_position(rule: Rule) -> Rule:
    """Word the n-th of one weekday as its number: BYDAY=MO;BYSETPOS=2 is BYDAY=2MO."""
    match rule.by_day, rule.by_position:
        case (On(0, weekday),), (nth,) if (
            abs(nth) <= FIFTH
            and _is_of_one_month(rule)
            and _has_only(rule, "by_month", "by_day", "by_position")
        ):
            return replace(rule, by_day=(On(nth, weekday),), by_position=())
    return rule


def _by_month_days(rule: Rule) -> Rule:
    """Word "this day, or the month's last" in one way."""
    if not _is_of_one_month(rule) or not _has_only(rule, "by_month", "by_month_day", "by_position"):
        return rule
    days, position = rule.by_month_day, rule.by_position
    if days and len(days) == 1 and position in {(1,), LAST_POSITION}:
        position = ()
    if days == (-1,) and not position:
        days, position = tuple(range(SHORTEST, LAST + 1)), LAST_POSITION
    if position == LAST_POSITION and days and days[0] > 0:
        days, position = _last_of(days, of=_lengths(rule))
    return replace(rule, by_month_day=days, by_position=position)


def _lengths(rule: Rule) -> range:
    """Return how many days the months of a rule may have."""
    if rule.frequency is Frequency.YEARLY and rule.by_month:
        month = rule.by_month[0]
        return range(monthrange(2025, month)[1], LONGEST[month] + 1)
    return range(SHORTEST, LAST + 1)


def _last_of(days: tuple[int, ...], *, of: range) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Word the last of these days that a month has: as one day, or as all from the 28th on."""
    last = [max((day for day in days if day <= length), default=0) for length in of]
    if len(set(last)) == 1 and last[0]:
        return (last[0],), ()
    most = max(last)
    if last == [min(most, length) for length in of]:
        return tuple(range(SHORTEST, most + 1)), LAST_POSITION
    return days, LAST_POSITION


def _by_months(rule: Rule) -> Rule:
    """Word each month of one name as a year."""
    if rule.frequency is Frequency.MONTHLY and rule.interval == 1 and len(rule.by_month) == 1:
        return _by_month_days(replace(rule, frequency=Frequency.YEARLY))
    return rule


def _by_weekdays(rule: Rule) -> Rule:
    """Word each of some weekdays as weeks, whatever the rule calls its period."""
    if rule.interval > 1 or not rule.by_day or not _has_only(rule, "by_day"):
        return rule
    if any(on.nth for on in rule.by_day):
        return rule
    return replace(rule, frequency=Frequency.WEEKLY)
