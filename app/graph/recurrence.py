"""A recurrence as Graph words it, and as a rule.

https://learn.microsoft.com/graph/api/resources/recurrencepattern and recurrencerange
"""

from calendar import monthrange
from datetime import date, datetime
from typing import Any

from app.graph.unsupported import Unsupported, refuse
from app.records.rrule import Frequency, On, Rule, Start, read, spelled
from app.records.simplest import SHORTEST, last_day, simplest
from app.records.zones import worded

Wire = dict[str, Any]

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
POSITIONS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
INDEXES = {position: index for index, position in POSITIONS.items()}
NUMBER_OF = {day: number for number, day in enumerate(DAYS)}
FREQUENCIES = {
    "daily": Frequency.DAILY,
    "weekly": Frequency.WEEKLY,
    "absolutemonthly": Frequency.MONTHLY,
    "relativemonthly": Frequency.MONTHLY,
    "absoluteyearly": Frequency.YEARLY,
    "relativeyearly": Frequency.YEARLY,
}
"""Keyed in small letters: Graph's clients compare its enumerations so."""


def to_graph(rrule: str, *, start: Start, zone: str | None) -> Wire:
    """Return the rule as a patternedRecurrence, or raise ``Unsupported``: it is never another series.

    ``start`` is a date, or what the clocks of ``zone`` (a name of IANA's) show when the first event begins.
    """
    rule = simplest(read(rrule), start=start, zone=zone)
    refuse(rule)
    pattern = _pattern(rule)
    if not _falls_on(start, pattern):
        raise Unsupported("start", "In Outlook a series begins on a day of its rule; this start is none.")
    return {"pattern": pattern, "range": _range(rule, start=start, zone=zone)}


def from_graph(recurrence: Wire, *, start: Start, zone: str | None) -> str:
    """Return the canonical text (``records.simplest.normal``) of the rule that a patternedRecurrence means.

    ``start`` and ``zone`` are those of the master, in the recurrence's own zone.
    """
    pattern, span = recurrence["pattern"], recurrence["range"]
    until, count = _ends(span)
    return spelled(simplest(_rule(pattern, until=until, count=count), start=start, zone=zone))


def _pattern(rule: Rule) -> Wire:
    every = {"interval": rule.interval}
    month = {"month": rule.by_month[0]} if rule.by_month else {}
    match rule.frequency:
        case Frequency.DAILY:
            return {"type": "daily", **every}
        case Frequency.WEEKLY:
            days = {"daysOfWeek": _days_of(rule), "firstDayOfWeek": DAYS[rule.week_start]}
            return {"type": "weekly", **every, **days}
    span = "Yearly" if rule.frequency is Frequency.YEARLY else "Monthly"
    if rule.by_month_day:
        return {"type": f"absolute{span}", **every, "dayOfMonth": rule.by_month_day[-1], **month}
    index = INDEXES[rule.by_day[0].nth or rule.by_position[0]]
    return {"type": f"relative{span}", **every, "daysOfWeek": _days_of(rule), "index": index, **month}


def _days_of(rule: Rule) -> list[str]:
    return [DAYS[on.weekday] for on in rule.by_day]


def _range(rule: Rule, *, start: Start, zone: str | None) -> Wire:
    first = _date_of(start)
    span: Wire = {"startDate": first.isoformat()}
    if zone is not None:
        span["recurrenceTimeZone"] = worded(zone)
    if rule.count is not None:
        return {"type": "numbered", "numberOfOccurrences": rule.count, **span}
    last = last_day(rule, start=start, zone=zone)
    if last is None:
        return {"type": "noEnd", **span}
    if last < first:
        raise Unsupported("UNTIL", "The series ends (UNTIL) before it starts.")
    return {"type": "endDate", "endDate": last.isoformat(), **span}


def _date_of(start: Start) -> date:
    return start.date() if isinstance(start, datetime) else start


def _falls_on(start: Start, pattern: Wire) -> bool:
    """Say whether a day is one of a pattern's, whatever its interval."""
    length = monthrange(start.year, start.month)[1]
    if pattern.get("month", start.month) != start.month:
        return False
    if "dayOfMonth" in pattern:
        return bool(start.day == min(pattern["dayOfMonth"], length))
    if "daysOfWeek" not in pattern:
        return True
    wanted = {NUMBER_OF[day] for day in pattern["daysOfWeek"]}
    if "index" not in pattern:
        return start.weekday() in wanted
    days = [day for day in range(1, length + 1) if (start.weekday() + day - start.day) % 7 in wanted]
    position = POSITIONS[pattern["index"]]
    return start.day == days[position - 1 if position > 0 else position]


def _rule(pattern: Wire, *, until: date | None, count: int | None) -> Rule:
    """Return the rule of a pattern.

    Quirk: Exchange fills in properties that don't belong to the type; those are ignored.
    """
    kind = pattern["type"].lower()
    if kind not in FREQUENCIES:
        raise Unsupported("type", f"Outlook's pattern '{pattern['type']}' is not known.")
    frequency = FREQUENCIES[kind]
    said: Wire = {"interval": pattern["interval"], "until": until, "count": count}
    if frequency is Frequency.YEARLY:
        said["by_month"] = (pattern["month"],)
    if kind.startswith("absolute"):
        day: int = pattern["dayOfMonth"]
        said["by_month_day"] = tuple(range(min(day, SHORTEST), day + 1))
        said["by_position"] = (-1,)
    elif frequency is not Frequency.DAILY:
        said["by_day"] = tuple(sorted(On(0, NUMBER_OF[named.lower()]) for named in pattern["daysOfWeek"]))
    if kind.startswith("relative"):
        said["by_position"] = (POSITIONS[(pattern.get("index") or "first").lower()],)
    if kind == "weekly":
        said["week_start"] = NUMBER_OF[(pattern.get("firstDayOfWeek") or "sunday").lower()]
    return Rule(frequency, **said)


def _ends(span: Wire) -> tuple[date | None, int | None]:
    """Return until when, or how many times, a range goes on."""
    match span["type"].lower():
        case "enddate":
            return date.fromisoformat(span["endDate"]), None
        case "numbered":
            return None, span["numberOfOccurrences"]
    return None, None
