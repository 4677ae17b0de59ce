"""Recurrences as Graph words them: what may be said, what Exchange fills in, and the days that come of it.

https://learn.microsoft.com/graph/api/resources/recurrencepattern and recurrencerange
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from itertools import takewhile
from typing import Any

from dateutil import rrule

from sandbox.errors import GraphError
from sandbox.graph import zones
from sandbox.graph.errors import bad_request
from sandbox.graph.values import a_list, a_whole_number, an_object, one_of, text, wrong_type

Fields = dict[str, Any]

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
ON = dict(zip(DAYS, (rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA), strict=True))
POSITIONS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
TYPES = {
    "daily": (rrule.DAILY, ()),
    "weekly": (rrule.WEEKLY, ("daysOfWeek", "firstDayOfWeek")),
    "absoluteMonthly": (rrule.MONTHLY, ("dayOfMonth",)),
    "relativeMonthly": (rrule.MONTHLY, ("daysOfWeek", "index")),
    "absoluteYearly": (rrule.YEARLY, ("dayOfMonth", "month")),
    "relativeYearly": (rrule.YEARLY, ("daysOfWeek", "index", "month")),
}
OPTIONAL = frozenset({"firstDayOfWeek", "index"})
# What Exchange shows for a property that the type does not use; to send it back says nothing.
UNUSED: Fields = {"month": 0, "dayOfMonth": 0, "daysOfWeek": [], "firstDayOfWeek": "sunday", "index": "first"}
A_TYPE = one_of(TYPES, kind="recurrencePatternType")
A_DAY = one_of(DAYS, kind="dayOfWeek")
AN_INDEX = one_of(POSITIONS, kind="weekIndex")
A_RANGE = one_of(("endDate", "noEnd", "numbered"), kind="recurrenceRangeType")
NO_DATE = "0001-01-01"
MOST = 999
# Quirk: in a shorter month the 29th, 30th or 31st is its last day, as Outlook has it.
SHORTEST_MONTH = 28


def read(name: str, value: Any, *, start: Fields) -> Fields | None:
    """Read the recurrence of an event that starts then, filled in as Exchange shows it; or raise 400."""
    if value is None:
        return None
    said = an_object(name, value, names=("pattern", "range"), kind="patternedRecurrence")
    if said.get("pattern") is None or said.get("range") is None:
        raise invalid("A recurrence needs a pattern and a range.")
    pattern = _pattern(f"{name}.pattern", said["pattern"])
    span = _range(f"{name}.range", said["range"], start=start)
    return begun({"pattern": pattern, "range": span})


def begun(recurrence: Fields) -> Fields:
    """Return a recurrence whose range starts on its first occurrence, or refuse one that has none."""
    first = next(days(recurrence), None)
    if first is None:
        raise bad_request("The recurrence has no occurrences.", code="ErrorRecurrenceHasNoOccurrence")
    return recurrence | {"range": recurrence["range"] | {"startDate": first.isoformat()}}


def days(recurrence: Mapping[str, Any], *, until: date | None = None) -> Iterator[date]:
    """Yield the days on which a series occurs, in order, up to and with ``until``."""
    span = recurrence["range"]
    start = datetime.combine(date.fromisoformat(span["startDate"]), time())
    count = span["numberOfOccurrences"] if span["type"] == "numbered" else None
    last = date.fromisoformat(span["endDate"]) if span["type"] == "endDate" else None
    bounds = [bound for bound in (last, until) if bound is not None]
    rule = rrule.rrule(dtstart=start, count=count, **_rule(recurrence["pattern"]))
    found = (at.date() for at in rule)
    return takewhile(lambda day: day <= min(bounds), found) if bounds else found


def invalid(message: str) -> GraphError:
    return bad_request(message, code="ErrorInvalidRecurrence")


def _rule(pattern: Mapping[str, Any]) -> Fields:
    """Return a pattern in dateutil's words."""
    frequency, uses = TYPES[pattern["type"]]
    rule: Fields = {"freq": frequency, "interval": pattern["interval"], "wkst": ON[pattern["firstDayOfWeek"]]}
    if "daysOfWeek" in uses:
        rule["byweekday"] = [ON[day] for day in pattern["daysOfWeek"]]
    if "index" in uses:
        rule["bysetpos"] = POSITIONS[pattern["index"]]
    if "month" in uses:
        rule["bymonth"] = pattern["month"]
    if "dayOfMonth" in uses:
        wanted = pattern["dayOfMonth"]
        rule["bymonthday"] = list(range(min(wanted, SHORTEST_MONTH), wanted + 1))
        rule["bysetpos"] = -1
    return rule


def _pattern(name: str, value: Any) -> Fields:
    said = an_object(name, value, names=("type", "interval", *UNUSED), kind="recurrencePattern")
    kind = A_TYPE(f"{name}.type", said.get("type"))
    _, uses = TYPES[kind]
    read = {prop: _read(f"{name}.{prop}", prop, said[prop]) for prop in UNUSED if said.get(prop) is not None}
    for prop, given in read.items():
        if prop not in uses and given != UNUSED[prop] and prop != "firstDayOfWeek":
            raise invalid(f"'{prop}' does not belong to a recurrence pattern of type {kind}.")
    for prop in uses:
        if prop not in OPTIONAL and read.get(prop, UNUSED[prop]) == UNUSED[prop]:
            raise invalid(f"A recurrence pattern of type {kind} needs '{prop}'.")
    interval = _number(f"{name}.interval", said.get("interval"), least=1, most=MOST)
    return {"type": kind, "interval": interval, **UNUSED, **read}


def _read(name: str, prop: str, value: Any) -> Any:
    match prop:
        case "daysOfWeek":
            return list(dict.fromkeys(A_DAY(name, day) for day in a_list(name, value)))
        case "firstDayOfWeek":
            return A_DAY(name, value)
        case "index":
            return AN_INDEX(name, value)
        case "month":
            return _number(name, value, least=0, most=12)
        case _:
            return _number(name, value, least=0, most=31)


def _range(name: str, value: Any, *, start: Fields) -> Fields:
    names = ("type", "startDate", "endDate", "numberOfOccurrences", "recurrenceTimeZone")
    said = an_object(name, value, names=names, kind="recurrenceRange")
    kind = A_RANGE(f"{name}.type", said.get("type"))
    where = text()(f"{name}.recurrenceTimeZone", said.get("recurrenceTimeZone")) or start["timeZone"]
    zones.zone(where)
    first = _date(f"{name}.startDate", said.get("startDate"))
    if first != zones.wall(start).date():
        raise invalid("The startDate of the recurrence range must be the date of the event's start.")
    span = {"type": kind, "startDate": first.isoformat(), "endDate": NO_DATE, "recurrenceTimeZone": where,
            "numberOfOccurrences": 0}  # fmt: skip
    if kind == "endDate":
        last = _date(f"{name}.endDate", said.get("endDate"))
        if last < first:
            raise bad_request("The recurrence ends before it starts.", code="ErrorRecurrenceEndDateTooBig")
        span["endDate"] = last.isoformat()
    if kind == "numbered":
        span["numberOfOccurrences"] = _number(
            f"{name}.numberOfOccurrences", said.get("numberOfOccurrences"), least=1, most=MOST
        )
    return span


def _date(name: str, value: Any) -> date:
    try:
        return date.fromisoformat(text()(name, value) or "")
    except ValueError as error:
        raise wrong_type(name, value, expected="Edm.Date") from error


def _number(name: str, value: Any, *, least: int, most: int) -> int:
    if not least <= a_whole_number(name, value) <= most:
        raise invalid(f"The value {value} of '{name}' is not between {least} and {most}.")
    return int(value)
