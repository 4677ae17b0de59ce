"""Occurrences of a series that differ from it, as the master tells of them (``engine.md`` §14).

Their key is the date of the original start in the series' own zone.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from app.graph.join_block import without_block
from app.graph.moments import clock, original_day, told
from app.graph.series import day_in_uid
from app.records import Fields, Value, zones


def differing(master: Mapping[str, Any]) -> list[Fields]:
    """Return what was cancelled and what was changed of a series, each by its day, in order."""
    if not master.get("recurrence"):
        return []
    found = {on: {"on": on, "cancelled": True} for on in _cancelled(master)}
    found |= {one["on"]: one for one in (_changed(master, each) for each in _exceptions(master)) if one}
    return [found[on] for on in sorted(found)]


def meaning(raw: Value) -> list[Fields]:
    """Return the exceptions that a wording stands for."""
    return [
        {
            "on": each["on"],
            "cancelled": bool(each.get("cancelled")),
            **{name: each.get(name) for name in ("start", "end", "title", "location", "description")},
        }
        for each in raw or ()
    ]


def _cancelled(master: Mapping[str, Any]) -> list[str]:
    """Return the days of ``OID.<master>.<date>``."""
    return [str(name).rpartition(".")[2] for name in master.get("cancelledOccurrences") or ()]


def _exceptions(master: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(master.get("exceptionOccurrences") or ())


def _changed(master: Mapping[str, Any], one: Mapping[str, Any]) -> Fields | None:
    """Return what an occurrence says otherwise than its series; None where nothing that we hold differs."""
    zone = _zone_of(master)
    on = _original_day(master, one, zone)
    if on is None:
        return None  # it went while it was looked at
    found: Fields = {"on": on.isoformat(), **_moved(master, one, on, zone)}
    for ours, said in _TEXTS:
        if said(one) != said(master):
            found[ours] = said(one)
    return found if len(found) > 1 else None


def _moved(master: Mapping[str, Any], one: Mapping[str, Any], on: date, zone: str) -> Fields:
    """Return when an occurrence takes place, where that isn't when its series has it."""
    whole_day = bool(one.get("isAllDay"))
    start, end = (clock(one[side], zone, whole_day=whole_day) for side in ("start", "end"))
    if whole_day is bool(master.get("isAllDay")):
        first, last = (clock(master[side], zone, whole_day=whole_day) for side in ("start", "end"))
        regular = datetime.combine(on, first.time())
        its_own = "UTC" if whole_day else zone
        if (start, end) == (_shown(regular, its_own), _shown(regular + (last - first), its_own)):
            return {}
    return {
        "start": told(start, zone, whole_day=whole_day),
        "end": told(end, zone, whole_day=whole_day),
    }


def _shown(at: datetime, zone: str) -> datetime:
    """Return what clocks show at a time that they may skip."""
    return zones.wall(zones.instant(at, zone), zone)


def _original_day(master: Mapping[str, Any], one: Mapping[str, Any], zone: str) -> date | None:
    if one.get("originalStart"):
        return original_day(one["originalStart"], zone, whole_day=bool(master.get("isAllDay")))
    return day_in_uid(one.get("iCalUId"))


def _zone_of(master: Mapping[str, Any]) -> str:
    ranged = (master["recurrence"].get("range") or {}).get("recurrenceTimeZone")
    name = master.get("originalStartTimeZone")
    return zones.iana_of(name or "") or zones.iana_of(ranged or "") or "UTC"


def _body(item: Mapping[str, Any]) -> str | None:
    said = _text((item.get("body") or {}).get("content"))
    return _text(without_block(said)) if said else None


def _text(raw: Value) -> str | None:
    return (raw.replace("\r\n", "\n").strip() or None) if raw else None


_TEXTS: tuple[tuple[str, Callable[[Mapping[str, Any]], str | None]], ...] = (
    ("title", lambda item: _text(item.get("subject"))),
    ("location", lambda item: _text((item.get("location") or {}).get("displayName"))),
    ("description", _body),
)
