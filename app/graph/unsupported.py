"""What of a recurrence rule Outlook can't hold, each with a sentence that says which part.

The limits are Exchange's: https://learn.microsoft.com/exchange/client-developer/web-service-reference/dailyrecurrence
and numberofoccurrences; the patterns are Graph's: https://learn.microsoft.com/graph/api/resources/recurrencepattern
"""

from collections.abc import Iterator
from datetime import date

from app.records.rrule import WITHIN_A_DAY, Frequency, Rule
from app.records.simplest import LAST, SHORTEST

POSITIONS = frozenset({1, 2, 3, 4, -1})
MOST_OCCURRENCES = 999
MOST_DAYS, MOST_OTHERS = 999, 99
LAST_DATE = date(4500, 8, 31)
FEBRUARY, LEAP_DAY = 2, 29


class Unsupported(Exception):  # noqa: N818  nothing went wrong
    """Outlook can't hold this series: ``part`` of the rule, and ``detail`` for a person."""

    def __init__(self, part: str, detail: str) -> None:
        super().__init__(detail)
        self.part = part
        self.detail = detail


def refuse(rule: Rule) -> None:
    """Raise ``Unsupported`` for the first part of a rule in its simplest wording that Outlook can't hold."""
    for part, detail in _objections(rule):
        raise Unsupported(part, detail)


def _objections(rule: Rule) -> Iterator[tuple[str, str]]:
    yield from _to_times(rule)
    yield from _to_limits(rule)
    yield from _to_months(rule)
    match rule.frequency:
        case Frequency.DAILY | Frequency.WEEKLY:
            yield from _to_short_periods(rule)
        case Frequency.MONTHLY | Frequency.YEARLY:
            yield from _to_days(rule)


def _to_times(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.frequency in WITHIN_A_DAY:
        yield "FREQ", f"Outlook has no series that repeats within a day (FREQ={rule.frequency})."
    for part, values in (
        ("BYHOUR", rule.by_hour),
        ("BYMINUTE", rule.by_minute),
        ("BYSECOND", rule.by_second),
    ):
        if values:
            yield (
                part,
                f"Outlook has no rule by {part[2:].lower()} ({part}): a series has the time of its start.",
            )
    if rule.by_year_day:
        yield "BYYEARDAY", "Outlook has no rule by the day of the year (BYYEARDAY)."
    if rule.by_week:
        yield "BYWEEKNO", "Outlook has no rule by the number of the week (BYWEEKNO)."


def _to_limits(rule: Rule) -> Iterator[tuple[str, str]]:
    most = MOST_DAYS if rule.frequency is Frequency.DAILY else MOST_OTHERS
    if rule.interval > most:
        yield (
            "INTERVAL",
            f"In Outlook the interval of a {rule.frequency.lower()} series is at most {most} (INTERVAL).",
        )
    if rule.count is not None and rule.count > MOST_OCCURRENCES:
        yield "COUNT", f"A series in Outlook that is counted has at most {MOST_OCCURRENCES} events (COUNT)."
    if rule.until is not None and date(rule.until.year, rule.until.month, rule.until.day) > LAST_DATE:
        yield (
            "UNTIL",
            "Outlook's calendar ends on 31 August 4500 (UNTIL); leave UNTIL out for a series without end.",
        )


def _to_months(rule: Rule) -> Iterator[tuple[str, str]]:
    if len(rule.by_month) > 1:
        yield "BYMONTH", "Outlook has no series of several months of a year (BYMONTH)."
    if rule.by_month and rule.frequency is not Frequency.YEARLY:
        yield "BYMONTH", f"Outlook can't limit a {rule.frequency.lower()} series to a month (BYMONTH)."
    if rule.frequency is Frequency.YEARLY and not rule.by_month:
        yield _months_left_out(rule)


def _months_left_out(rule: Rule) -> tuple[str, str]:
    if rule.by_month_day:
        return "BYMONTHDAY", (
            "Programs differ on whether a yearly rule with BYMONTHDAY but without BYMONTH means every month; "
            "add BYMONTH, or say FREQ=MONTHLY."
        )
    return "BYDAY", "Outlook counts weekdays within a month, not within a year (BYDAY without BYMONTH)."


def _to_short_periods(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.by_position:
        yield (
            "BYSETPOS",
            f"Outlook can't choose days of a {rule.frequency.lower()} series by position (BYSETPOS).",
        )
    if rule.frequency is Frequency.DAILY and rule.by_day:
        yield "BYDAY", "Outlook can't limit a series of every few days to weekdays (BYDAY)."
    if rule.by_month_day:
        yield "BYMONTHDAY", "Outlook can't limit a daily series to days of the month (BYMONTHDAY)."


def _to_days(rule: Rule) -> Iterator[tuple[str, str]]:
    if not (rule.by_day or rule.by_month_day):
        yield "start", "The series starts on a day that the months of its rule (BYMONTH) don't have."
    if rule.by_day and rule.by_month_day:
        yield (
            "BYMONTHDAY",
            "Outlook has a day of the month or a weekday, not both at once (BYMONTHDAY and BYDAY).",
        )
    if any(position not in POSITIONS for position in rule.by_position) or len(rule.by_position) > 1:
        yield "BYSETPOS", "Outlook has one position: the first to the fourth, or the last (BYSETPOS)."
    if rule.by_month_day:
        yield from _to_month_days(rule)
    elif len({on.nth for on in rule.by_day}) > 1 or (len(rule.by_day) > 1 and rule.by_day[0].nth):
        yield "BYDAY", "Outlook has no series of several numbered weekdays (BYDAY)."
    elif rule.by_day[0].nth and rule.by_position:
        yield "BYSETPOS", "Outlook can't choose among numbered weekdays by position (BYSETPOS)."
    elif rule.by_day[0].nth not in POSITIONS | {0}:
        yield "BYDAY", "Outlook has the first to the fourth of a weekday, and the last, no other (BYDAY)."
    elif not rule.by_day[0].nth and not rule.by_position:
        yield "BYDAY", "Outlook has no series of every such weekday of some months only (BYDAY)."


def _to_month_days(rule: Rule) -> Iterator[tuple[str, str]]:
    days, position = rule.by_month_day, rule.by_position
    if days == tuple(range(SHORTEST, days[-1] + 1)) and position == (-1,):
        return  # this day, or the last of a shorter month
    if len(days) > 1:
        yield "BYMONTHDAY", "Outlook has no series of several days of the month (BYMONTHDAY)."
    elif days[0] < 0:
        yield (
            "BYMONTHDAY",
            "Outlook can't count days from the end of the month, but for the last one (BYMONTHDAY).",
        )
    elif days[0] > SHORTEST and (rule.frequency is Frequency.MONTHLY or _is_a_leap_day(rule)):
        yield "BYMONTHDAY", _skipping(rule)


def _is_a_leap_day(rule: Rule) -> bool:
    return rule.by_month == (FEBRUARY,) and rule.by_month_day == (LEAP_DAY,)


def _skipping(rule: Rule) -> str:
    day = rule.by_month_day[0]
    instead = ",".join(str(number) for number in range(SHORTEST, min(day, LAST) + 1))
    return (
        f"By this rule shorter months have no event (BYMONTHDAY={day}); in Outlook theirs is on their last "
        f"day, as BYMONTHDAY={instead};BYSETPOS=-1 says."
    )
