"""Calendars of other programs: iCalendar, read by icalendar, in Graph's words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import Calendar

from sandbox.control.icalendar_rules import recurrence
from sandbox.errors import GraphError
from sandbox.graph import zones

SENSITIVITY = {"PRIVATE": "private", "CONFIDENTIAL": "confidential"}
SHOW_AS = {
    "FREE": "free",
    "TENTATIVE": "tentative",
    "BUSY": "busy",
    "OOF": "oof",
    "WORKINGELSEWHERE": "workingElsewhere",
}
ROLES = {"OPT-PARTICIPANT": "optional", "NON-PARTICIPANT": "resource"}
HIGH, LOW = 4, 6
DAY = timedelta(days=1)


class UnreadableCalendarError(ValueError):
    pass


@dataclass(frozen=True, slots=True)
class Import:
    """One event of a calendar file: a create's body, and what no create can say."""

    body: dict[str, Any]
    uid: str
    organizer: dict[str, Any] | None = None
    cancelled: tuple[date, ...] = ()
    changed: dict[date, dict[str, Any]] = field(default_factory=dict)


def events(text: str) -> Iterator[Import]:
    """Yield what Outlook could import: an event with a start, and no rule beyond Graph's patterns."""
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        raise UnreadableCalendarError(f"The calendar can't be read: {error}") from error
    if not calendars:
        raise UnreadableCalendarError("There is no whole calendar in it.")
    found = [part for calendar in calendars for part in calendar.walk("VEVENT")]
    masters = [part for part in found if "RECURRENCE-ID" not in part]
    for part in masters:
        uid = str(part.get("UID", ""))
        others = [one for one in found if "RECURRENCE-ID" in one and str(one.get("UID", "")) == uid]
        if (read := _import(part, others, uid=uid)) is not None:
            yield read


def _import(part: Any, others: list[Any], *, uid: str) -> Import | None:
    body = _body(part)
    if body is None or "RDATE" in part or not isinstance(part.get("RRULE", {}), Mapping):
        return None
    if "RRULE" not in part:
        return Import(body, uid, _organizer(part))
    start = datetime.fromisoformat(body["start"]["dateTime"])
    body["recurrence"] = recurrence(part["RRULE"], start=start, zone=body["start"]["timeZone"])
    if body["recurrence"] is None:
        return None
    zone = body["start"]["timeZone"]
    listed = part.get("EXDATE", [])
    lists = listed if isinstance(listed, list) else [listed]
    cancelled = tuple(_day(at.dt, zone) for one in lists for at in getattr(one, "dts", []))
    changed = {
        _day(one["RECURRENCE-ID"].dt, zone): said for one in others if (said := _body(one)) is not None
    }
    return Import(body, uid, _organizer(part), cancelled, changed)


def _body(part: Any) -> dict[str, Any] | None:
    """Return what a create would say, or None for an event that has no readable start."""
    times = _times(part)
    if times is None:
        return None
    body: dict[str, Any] = {"subject": str(part.get("SUMMARY", ""))[:255], **times}
    if "DESCRIPTION" in part:
        body["body"] = {"contentType": "text", "content": str(part["DESCRIPTION"])}
    if part.get("LOCATION"):
        body["location"] = {"displayName": str(part["LOCATION"])}
    busy = str(part.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper()
    body["showAs"] = SHOW_AS.get(
        busy, "free" if str(part.get("TRANSP", "")).upper() == "TRANSPARENT" else "busy"
    )
    body["sensitivity"] = SENSITIVITY.get(str(part.get("CLASS", "")).upper(), "normal")
    said = str(part.get("PRIORITY", 0))
    priority = int(said) if said.isdigit() else 0
    body["importance"] = "high" if 0 < priority <= HIGH else "low" if priority >= LOW else "normal"
    body["categories"] = _categories(part)
    body["attendees"] = [one for one in map(_attendee, _listed(part, "ATTENDEE")) if one]
    return body | _reminder(part)


def _times(part: Any) -> dict[str, Any] | None:
    start = getattr(part.get("DTSTART"), "dt", None)
    if not isinstance(start, date):
        return None
    length = getattr(part.get("DURATION"), "dt", None)
    end = getattr(part.get("DTEND"), "dt", None)
    all_day = not isinstance(start, datetime)
    if end is None or isinstance(end, datetime) is all_day:
        end = start + (length or (DAY if all_day else timedelta()))
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        end = max(end, start + DAY)
        return {"isAllDay": True, "start": _midnight(start), "end": _midnight(end)}
    zone = str(part["DTSTART"].params.get("TZID", "UTC"))
    return {"start": _wall(start, zone), "end": _wall(max(start, end), zone)}


def _midnight(day: date) -> dict[str, str]:
    return {"dateTime": f"{day.isoformat()}T00:00:00", "timeZone": "UTC"}


def _wall(at: datetime, named: str) -> dict[str, str]:
    """Return a time in the zone that its file names, where Exchange knows it, else in UTC."""
    try:
        where, name = zones.zone(named), named
    except GraphError:
        where, name = UTC, "UTC"
    local = at if at.tzinfo is None else at.astimezone(where)
    return {"dateTime": local.replace(tzinfo=None, microsecond=0).isoformat(), "timeZone": name}


def _day(at: date, zone: str) -> date:
    """Return the day of an occurrence, by the clock of its series."""
    return date.fromisoformat(_wall(at, zone)["dateTime"][:10]) if isinstance(at, datetime) else at


def _reminder(part: Any) -> dict[str, Any]:
    for alarm in part.walk("VALARM"):
        trigger = getattr(alarm.get("TRIGGER"), "dt", None)
        if isinstance(trigger, timedelta):
            return {
                "isReminderOn": True,
                "reminderMinutesBeforeStart": max(0, -int(trigger.total_seconds()) // 60),
            }
    return {"isReminderOn": False}


def _categories(part: Any) -> list[str]:
    return [str(name) for line in _listed(part, "CATEGORIES") for name in getattr(line, "cats", [])]


def _listed(part: Any, name: str) -> list[Any]:
    value = part.get(name, [])
    return value if isinstance(value, list) else [value]


def _attendee(line: Any) -> dict[str, Any] | None:
    address = _address(line)
    kind = ROLES.get(str(line.params.get("ROLE", "")).upper(), "required")
    return {"type": kind, "emailAddress": address} if address else None


def _organizer(part: Any) -> dict[str, Any] | None:
    lines = _listed(part, "ORGANIZER")
    return _address(lines[0]) if lines else None


def _address(line: Any) -> dict[str, Any] | None:
    address = str(line).strip()
    if not address.lower().startswith("mailto:") or "@" not in address:
        return None
    address = address[len("mailto:") :]
    return {"name": str(line.params.get("CN", address)), "address": address}
