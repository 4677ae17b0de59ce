"""When an event takes place: start, end, zone and rule, which merge as one value (``engine.md`` §7). Pure.

A moment is a wall clock in a zone, ``{"date_time", "time_zone"}``, or a whole day, ``{"date"}``. A value is
``{"start", "end", "rrule"}``; the end of days is exclusive, and no end means the default duration.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.records import Fields, Value
from app.records.rrule import InvalidRule, Start
from app.records.simplest import normal
from app.records.zones import same_zone, windows_of

DAY: Final = timedelta(days=1)
PARTS: Final = ("start", "end", "rrule")
FIRST: Final = "1601-01-01"
LAST: Final = "4500-08-31"
"""The days that calendars have: Outlook's end with them."""


def canonical(value: Any) -> Value:
    """Return the normal form of a whole value: days have an end, clocks show their seconds."""
    if not value or not any(value.values()):
        return None
    start, end = at(value.get("start")), at(value.get("end"))
    if start is not None and end is None and "date" in start:
        end = {"date": (date.fromisoformat(start["date"]) + DAY).isoformat()}
    return {"start": start, "end": end, "rrule": value.get("rrule") or None}


def wrong(value: Value) -> str | None:
    """Return what is wrong with when an event begins and ends, as a sentence; None: nothing."""
    start, end = (value or {}).get("start"), (value or {}).get("end")
    if not start or not end:
        return None
    days = start.get("date"), end.get("date")
    if (days[0] is None) is not (days[1] is None):
        return "An event begins and ends with a clock, or with a day: not one of each."
    if instant(end) < instant(start) or (days[0] is not None and days[0] == days[1]):
        return "An event ends after it begins; of days this is the first that is over."
    return None


def at(moment: Any) -> Fields | None:
    """Return the normal form of a moment."""
    if not moment:
        return None
    if moment.get("date") is not None:
        return {"date": moment["date"]}
    clock = datetime.fromisoformat(moment["date_time"]).replace(microsecond=0, tzinfo=None)
    return {"date_time": clock.isoformat(), "time_zone": moment["time_zone"]}


def same(one: Value, other: Value) -> bool:
    """Return whether two values take place at the same times, whatever their zones are called."""
    if not one or not other:
        return not one and not other
    moments = all(same_at(one[part], other[part]) for part in ("start", "end"))
    return moments and same_rule(one, other)


def same_rule(one: Fields, other: Fields) -> bool:
    """Return whether two values recur alike, however their rules are spelled."""
    if one["rrule"] == other["rrule"]:
        return True
    return bool(one["rrule"] and other["rrule"]) and rule_of(one) == rule_of(other)


def rule_of(value: Fields) -> str | None:
    """Return the one spelling of a value's rule; a text that is none, as it is."""
    if not value["rrule"] or not value["start"]:
        rule: str | None = value["rrule"]
        return rule
    return _normal(value["rrule"], start_of(value), value["start"].get("time_zone"))


@lru_cache(maxsize=4096)
def _normal(rrule: str, start: Start, zone: str | None) -> str:
    try:
        return normal(rrule, start=start, zone=zone)
    except InvalidRule:
        return rrule


def start_of(value: Fields) -> Start:
    """Return when a value begins: a date, or what the clocks of its zone show."""
    start = value["start"]
    if start.get("date") is not None:
        return date.fromisoformat(start["date"])
    return datetime.fromisoformat(start["date_time"])


def same_at(one: Fields | None, other: Fields | None) -> bool:
    """Return whether two moments show the same clock in what is one zone to Windows."""
    if one is None or other is None or one.get("date") is not None or other.get("date") is not None:
        return one == other
    return one["date_time"] == other["date_time"] and same_zone(one["time_zone"], other["time_zone"])


def spelled(value: Value, *, as_in: Value) -> Value:
    """Return a value with the zones spelled as they were where they are the same: a hub keeps its own."""
    if not value or not as_in:
        return value
    moments = {part: _spelled(value[part], as_in[part]) for part in ("start", "end")}
    rule = as_in["rrule"] if same_rule(value, as_in) else value["rrule"]
    return {**value, **moments, "rrule": rule}


def _spelled(moment: Fields | None, as_in: Fields | None) -> Fields | None:
    zones = (moment or {}).get("time_zone"), (as_in or {}).get("time_zone")
    if moment is None or None in zones or not same_zone(str(zones[0]), str(zones[1])):
        return moment
    return {**moment, "time_zone": zones[1]}


def same_instant(one: Fields | None, other: Fields | None) -> bool:
    """Return whether two moments are one, whatever the clocks by which they are told."""
    if not one or not other:
        return not one and not other
    return instant(one) == instant(other)


def by_clock_of(moment: Fields | None, known: Fields | None) -> Fields | None:
    """Return a moment by the clock in whose zone another one was told."""
    if not moment or not known or "time_zone" not in known:
        return moment
    at = instant(moment).astimezone(ZoneInfo(known["time_zone"]))
    return {"date_time": at.replace(tzinfo=None).isoformat(), "time_zone": known["time_zone"]}


def completed(stated: Mapping[str, Any], known: Iterable[Value]) -> Value:
    """Return the whole value that a part of it speaks of: one that says so already, else the first, changed.

    ``known`` are the values that the speaker may have before it, the likeliest first.
    """
    candidates = [value for value in known if value]
    given = {part: stated[part] for part in PARTS if part in stated}
    wholes = [canonical({**value, **_moved(value, given)}) for value in candidates]
    for value, whole in zip(candidates, wholes, strict=True):
        if same(value, whole):
            return value
    return wholes[0] if wholes else canonical(given)


def _moved(value: Fields, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is given; an end that doesn't fit a new kind of start goes with the old one."""
    before, after = value["start"], at(given.get("start"))
    turned = before and after and ("date" in before) is not ("date" in after)
    return {"end": None, **given} if turned else given


def zone_of(value: Value) -> str | None:
    """Return the zone in which a value is told; none for whole days."""
    start = (value or {}).get("start") or {}
    return start.get("time_zone")


def instant(moment: Fields, *, day_in: str = "UTC") -> datetime:
    """Return a moment in UTC; whole days begin at midnight in ``day_in``."""
    if moment.get("date") is not None:
        return datetime.fromisoformat(moment["date"]).replace(tzinfo=ZoneInfo(day_in)).astimezone(UTC)
    clock = datetime.fromisoformat(moment["date_time"])
    return clock.replace(tzinfo=ZoneInfo(moment["time_zone"])).astimezone(UTC)


def day_of(moment: Fields) -> str:
    """Return the date that a moment has on its own wall."""
    return str(moment.get("date") or moment["date_time"][:10])


def printed(moment: Fields | None) -> tuple[str, ...]:
    """Return what tells moments apart, one name for each zone."""
    if moment is None:
        return ()
    if moment.get("date") is not None:
        return (moment["date"],)
    return (moment["date_time"], windows_of(moment["time_zone"]) or moment["time_zone"])
