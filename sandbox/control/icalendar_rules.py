"""Rules of RFC 5545 as Graph's patterns, where there is one."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sandbox.graph import zones

DAYS = {"MO": "monday", "TU": "tuesday", "WE": "wednesday", "TH": "thursday", "FR": "friday",
        "SA": "saturday", "SU": "sunday"}  # fmt: skip
POSITIONS = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
KNOWN = frozenset({
    "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS",
})  # fmt: skip
LAST_DAY = 31


def recurrence(rule: Mapping[str, list[Any]], *, start: datetime, zone: str) -> dict[str, Any] | None:
    """Return a rule in Graph's words, or None for one that has none."""
    said = {name.upper(): values for name, values in rule.items()}
    pattern = _pattern(said, start)
    if pattern is None or not said.keys() <= KNOWN:
        return None
    pattern["interval"] = int(said.get("INTERVAL", [1])[0])
    return {"pattern": pattern, "range": _range(said, start, zone)}


def _pattern(said: Mapping[str, list[Any]], start: datetime) -> dict[str, Any] | None:
    days = [str(day).upper() for day in said.get("BYDAY", [])]
    match str(said["FREQ"][0]).upper():
        case "DAILY" if not said.keys() & {"BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}:
            return {"type": "daily"}
        case "DAILY" if (
            days and said.keys().isdisjoint({"BYMONTHDAY", "BYMONTH", "BYSETPOS"}) and _often(said)
        ):
            return _weekly(said, days, start)
        case "WEEKLY" if not said.keys() & {"BYMONTHDAY", "BYMONTH", "BYSETPOS"}:
            return _weekly(said, days, start)
        case "MONTHLY" if "BYMONTH" not in said:
            return _of_month(said, days, start, "Monthly")
        case "YEARLY" if len(said.get("BYMONTH", [])) <= 1:
            pattern = _of_month(said, days, start, "Yearly")
            month = int(said.get("BYMONTH", [start.month])[0])
            return None if pattern is None else pattern | {"month": month}
        case _:
            return None


def _often(said: Mapping[str, list[Any]]) -> bool:
    return int(said.get("INTERVAL", [1])[0]) == 1


def _weekly(said: Mapping[str, list[Any]], days: list[str], start: datetime) -> dict[str, Any] | None:
    named = [DAYS.get(day) for day in days] or [list(DAYS.values())[start.weekday()]]
    if None in named:
        return None
    first = DAYS[str(said.get("WKST", ["MO"])[0]).upper()]
    return {"type": "weekly", "daysOfWeek": named, "firstDayOfWeek": first}


def _of_month(
    said: Mapping[str, list[Any]], days: list[str], start: datetime, kind: str
) -> dict[str, Any] | None:
    numbers = [int(day) for day in said.get("BYMONTHDAY", [])]
    if not days and "BYSETPOS" not in said and len(numbers) <= 1:
        number = LAST_DAY if numbers == [-1] else (numbers or [start.day])[0]
        return {"type": f"absolute{kind}", "dayOfMonth": number} if number > 0 else None
    positions = {int(day[:-2]) for day in days if day[:-2]} | {int(at) for at in said.get("BYSETPOS", [])}
    names = [DAYS.get(day[-2:]) for day in days]
    numbered = {bool(day[:-2]) for day in days}
    if numbers or not days or None in names or len(positions) != 1 or (numbered == {True} and len(days) > 1):
        return None
    index = POSITIONS.get(positions.pop())
    return {"type": f"relative{kind}", "daysOfWeek": names, "index": index} if index else None


def _range(said: Mapping[str, list[Any]], start: datetime, zone: str) -> dict[str, Any]:
    span: dict[str, Any] = {"startDate": start.date().isoformat(), "recurrenceTimeZone": zone}
    if "COUNT" in said:
        return span | {"type": "numbered", "numberOfOccurrences": int(said["COUNT"][0])}
    if "UNTIL" in said:
        until: date = said["UNTIL"][0]
        if isinstance(until, datetime):
            until = (until.astimezone(zones.zone(zone)) if until.tzinfo else until).date()
        return span | {"type": "endDate", "endDate": until.isoformat()}
    return span | {"type": "noEnd"}
