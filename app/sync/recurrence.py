"""When the events of a series begin, by the clocks of its zone.

Only rules that Outlook can hold are expanded: each of these has a next day within some years, so that no text
keeps us counting for ever. Links of other rules are parked.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import dropwhile, islice, takewhile

from dateutil import rrule as dateutil

from app.graph.unsupported import refuse
from app.records.rrule import Frequency, Rule, Start, read
from app.records.simplest import last_day, simplest

FREQUENCIES = {
    Frequency.DAILY: dateutil.DAILY,
    Frequency.WEEKLY: dateutil.WEEKLY,
    Frequency.MONTHLY: dateutil.MONTHLY,
    Frequency.YEARLY: dateutil.YEARLY,
}
WEEK, MONTHS = 7, 12
JANUARY = 1


def occurrences(
    rrule: str,
    *,
    start: Start,
    zone: str | None,
    after: date | None = None,
    before: date | None = None,
    limit: int | None = None,
) -> Iterator[Start]:
    """Yield when the events of a series begin, in order: dates, or what the clocks of its zone show.

    Only days from ``after`` on and before ``before``, and at most ``limit`` of them. Raises ``Unsupported``
    where Outlook can't hold the rule.
    """
    rule = simplest(read(rrule), start=start, zone=zone)
    refuse(rule)
    days = _days(rule, start=day_of(start), last=last_day(rule, start=start, zone=zone), after=after)
    if before is not None:
        days = takewhile(lambda day: day < before, days)
    return (on(day, start) for day in islice(days, limit))


def day_of(start: Start) -> date:
    return start.date() if isinstance(start, datetime) else start


def on(day: date, start: Start) -> Start:
    """Return when an event begins that day, at the time of this one."""
    return datetime.combine(day, start.time()) if isinstance(start, datetime) else day


def _days(rule: Rule, *, start: date, last: date | None, after: date | None) -> Iterator[date]:
    # What is counted is counted from the start, the rest may begin near the first day that is asked for.
    near = start if after is None or rule.count is not None else max(start, after)
    found = (at.date() for at in _expansion(rule, base=_base(rule, start=start, near=near)))
    days: Iterator[date] = islice(dropwhile(lambda day: day < start, found), rule.count)
    if last is not None:
        days = takewhile(lambda day: day <= last, days)
    return days if after is None else dropwhile(lambda day: day < after, days)


def _expansion(rule: Rule, *, base: date) -> Iterator[datetime]:
    """Yield the days of a rule that says everything, from the first day of a period on."""
    return iter(
        dateutil.rrule(
            FREQUENCIES[rule.frequency],
            dtstart=datetime.combine(base, time()),
            interval=rule.interval,
            wkst=rule.week_start,
            bymonth=rule.by_month or None,
            bymonthday=rule.by_month_day or None,
            byweekday=[dateutil.weekday(on.weekday, on.nth or None) for on in rule.by_day] or None,
            bysetpos=rule.by_position or None,
        )
    )


def _base(rule: Rule, *, start: date, near: date) -> date:
    """Return the first day of the last period of the series that begins by a day near the one wanted."""
    every = rule.interval
    match rule.frequency:
        case Frequency.DAILY:
            return start + timedelta(days=(near - start).days // every * every)
        case Frequency.WEEKLY:
            first = start - timedelta(days=(start.weekday() - rule.week_start) % WEEK)
            return first + timedelta(days=(near - first).days // (WEEK * every) * WEEK * every)
        case Frequency.MONTHLY:
            months = (near.year - start.year) * MONTHS + near.month - start.month
            month = start.year * MONTHS + start.month - 1 + months // every * every
            return date(month // MONTHS, month % MONTHS + 1, 1)
    return date(start.year + (near.year - start.year) // every * every, JANUARY, 1)
