"""Occurrences of a series that differ from it, as the master tells of them (``engine.md`` §14).

Their key is the date of the original start in the series' own zone.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.graph.join_block import without_block
from app.graph.series import day_in_uid
from app.records import Fields, Value, zones

CLOCK = "%Y-%m-%dT%H:%M:%S"


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
    whole_day, zone = bool(master.get("isAllDay")), _zone_of(master)
    on = _original_day(one, zone)
    if on is None:
        return None  # it went while it was looked at
    found: Fields = {"on": on}
    first, start, end = (_moment(raw, zone) for raw in (master["start"], one["start"], one["end"]))
    length = _moment(master["end"], zone) - first
    original = datetime.combine(date.fromisoformat(on), first.timetz())
    if start != original or end - start != length or bool(one.get("isAllDay")) is not whole_day:
        named = str(zone)
        days = bool(one.get("isAllDay"))
        found |= {"start": _told(start, named, days=days), "end": _told(end, named, days=days)}
    for ours, said in _TEXTS:
        if said(one) != said(master):
            found[ours] = said(one)
    return found if len(found) > 1 else None


def _original_day(one: Mapping[str, Any], zone: ZoneInfo) -> str | None:
    if one.get("originalStart"):
        return datetime.fromisoformat(one["originalStart"]).astimezone(zone).date().isoformat()
    return day_in_uid(one.get("iCalUId"))


def _zone_of(master: Mapping[str, Any]) -> ZoneInfo:
    ranged = (master["recurrence"].get("range") or {}).get("recurrenceTimeZone")
    name = master.get("originalStartTimeZone")
    return ZoneInfo(zones.iana_of(name or "") or zones.iana_of(ranged or "") or "UTC")


def _moment(raw: Mapping[str, str], zone: ZoneInfo) -> datetime:
    told = datetime.fromisoformat(raw["dateTime"][:19])
    return told.replace(tzinfo=ZoneInfo(zones.iana_of(raw["timeZone"]) or "UTC")).astimezone(zone)


def _told(at: datetime, zone: str, *, days: bool) -> Fields:
    return {"date": at.date().isoformat()} if days else {"date_time": at.strftime(CLOCK), "time_zone": zone}


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
