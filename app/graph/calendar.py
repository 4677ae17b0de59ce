"""Events on Microsoft's wire: which properties we project, what they mean, how ours are worded.

https://learn.microsoft.com/graph/api/resources/event
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from app.graph import occurrences, recurrence
from app.graph.join_block import without_block
from app.graph.moments import moment, told, worded
from app.graph.unsupported import Unsupported as NotInOutlook
from app.records import Fields, Value, event, values, when, zones
from app.records.reasons import Reason
from app.records.shape import Part, Shape
from app.records.unsupported import Unsupported
from app.records.values import Kind

SHAPE_VERSION = 1
MODIFIED = "lastModifiedDateTime"
WEB_LINK = "webLink"
"""Where Outlook shows an event: kept beside what is compared, for whoever asks where it is."""

_PARTS = (
    Part("subject", "title", Kind.TEXT),
    Part("body", "description", Kind.TEXT),
    Part("location", "location", Kind.TEXT),
    Part("when", "when", Kind.WHEN),
    Part("exceptions", "exceptions", Kind.EXCEPTIONS, apart=True),
    Part("attendees", "attendees", Kind.ATTENDEES),
    Part("reminder", "reminder", Kind.PLAIN, fills=True),
    Part("showAs", "show_as", Kind.TEXT),
    Part("sensitivity", "sensitivity", Kind.TEXT),
    Part("categories", "categories", Kind.TAGS),
    Part("isOnlineMeeting", "online_meeting", Kind.PLAIN),
    Part("isCancelled", "cancelled", Kind.PLAIN, writes=False, noted=True),
    Part("responses", "responses", Kind.PLAIN, writes=False),
    Part("organizer", "organizer", Kind.PLAIN, writes=False),
    Part("isOrganizer", "attends", Kind.PLAIN, writes=False, noted=True),
    Part("responseStatus", "my_response", Kind.TEXT, writes=False),
    Part("iCalUId", "ical_uid", Kind.TEXT, writes=False, noted=True),
    Part("onlineMeeting", "meeting", Kind.PLAIN, writes=False),
)
PARTS: Mapping[str, Part] = {part.name: part for part in _PARTS}

WHEN = ("start", "end", "isAllDay", "originalStartTimeZone", "originalEndTimeZone", "recurrence")
REMINDER = ("isReminderOn", "reminderMinutesBeforeStart")
SELECT = (
    "id", "type", "seriesMasterId", "createdDateTime", MODIFIED, "subject", "body", "location", *WHEN,
    "attendees", *REMINDER, "showAs", "sensitivity", "categories", "isOnlineMeeting", "isCancelled",
    "organizer", "isOrganizer", "responseStatus", "iCalUId", "onlineMeeting", "onlineMeetingProvider",
    WEB_LINK, "cancelledOccurrences",
)  # fmt: skip

SHOW_AS = {
    "free": "free", "tentative": "tentative", "busy": "busy", "oof": "out_of_office",
    "workingElsewhere": "working_elsewhere",
}  # fmt: skip
RESPONSES = {
    "none": "none", "organizer": "organizer", "tentativelyAccepted": "tentative", "accepted": "accepted",
    "declined": "declined", "notResponded": "no_response",
}  # fmt: skip
BUSY, NORMAL = "busy", "normal"


def had(item: Mapping[str, Any]) -> Fields:
    """Return the item's raw wording of the properties we project, as ``graph_had`` keeps it."""
    raw: Fields = {name: item[name] for name in (*PARTS, MODIFIED, WEB_LINK) if name in item}
    if "start" in item:
        raw["when"] = {name: item.get(name) for name in WHEN}
    if "isReminderOn" in item:
        raw["reminder"] = {name: item.get(name) for name in REMINDER}
    if "attendees" in item:
        raw["responses"] = {
            address: (each.get("status") or {}).get("response")
            for each in item["attendees"] or ()
            if (address := _address(each))
        }
        raw["attendees"] = [
            {name: each.get(name) for name in ("type", "emailAddress")} for each in item["attendees"] or ()
        ]
    if "cancelledOccurrences" in item or item.get("type") == "singleInstance":
        raw["exceptions"] = occurrences.differing(item)
    return raw


def parse(wording: Fields) -> Fields:
    """Return the document that a wording stands for; empty fields are left out."""
    meant = ((part.field, read(part, wording.get(name))) for name, part in PARTS.items())
    return {field: value for field, value in meant if value}


def read(part: Part, raw: Value) -> Value:
    """Return what the raw wording of one part means."""
    return _READERS.get(part.name, _text)(raw)


def payload(fields: Fields, wording: Fields, *, default_minutes: int) -> Fields:
    """Return the body of a POST or PATCH that sets these parts of an item that was worded like this."""
    body: Fields = {}
    for name, value in fields.items():
        if name == "exceptions":
            body |= {"exceptions": list(value)} if wording else {}  # for a rehearsal's eyes only
        elif name == "when":
            body |= _timed(value, wording.get("when") or {}, default_minutes=default_minutes)
        else:
            body |= _WRITERS[name](value)
    return body


def shape(*, default_minutes: int = 30) -> Shape:
    """Return the shape of events where one without an end is that long."""
    return Shape(
        entity="calendar", version=SHAPE_VERSION, kinds=event.FIELDS, parts=PARTS, read=read,
        payload=partial(payload, default_minutes=default_minutes), modified=MODIFIED,
    )  # fmt: skip


def _text(raw: Value) -> str | None:
    return (raw.replace("\r\n", "\n").strip() or None) if raw else None


def _body(raw: Value) -> str | None:
    said = _text((raw or {}).get("content"))
    return _text(without_block(said)) if said else None


def _place(raw: Value) -> str | None:
    return _text((raw or {}).get("displayName"))


def _when(raw: Value) -> Value:
    if not raw or not raw.get("start"):
        return None
    whole_day, rule = bool(raw.get("isAllDay")), raw.get("recurrence")
    start = moment(raw["start"], raw.get("originalStartTimeZone"), whole_day=whole_day)
    end = moment(
        raw["end"], raw.get("originalEndTimeZone") or raw.get("originalStartTimeZone"), whole_day=whole_day
    )
    value: Fields = {"start": start, "end": end, "rrule": None}
    if rule:
        zone = start.get("time_zone")
        value["rrule"] = recurrence.from_graph(rule, start=when.start_of(value), zone=zone)
    return value


def _attendees(raw: Value) -> list[Fields]:
    people = [
        {"address": address, "name": _name(each), "role": each.get("type") or "required"}
        for each in raw or ()
        if (address := (each.get("emailAddress") or {}).get("address"))
    ]
    return list(values.canonical(Kind.ATTENDEES, people))


def _name(attendee: Mapping[str, Any]) -> str | None:
    said = attendee["emailAddress"]
    name = _text(said.get("name"))
    # Quirk: the name of an address defaults to the address itself.
    return None if name is None or name.casefold() == said["address"].casefold() else name


def _address(attendee: Mapping[str, Any]) -> str | None:
    address = (attendee.get("emailAddress") or {}).get("address")
    return address.casefold() if address else None


def _reminder(raw: Value) -> Value:
    return {"minutes": raw["reminderMinutesBeforeStart"]} if raw and raw["isReminderOn"] else None


def _responses(raw: Value) -> Value:
    known = {address: RESPONSES.get(said or "", "none") for address, said in (raw or {}).items()}
    return {address: said for address, said in known.items() if said != "none"} or None


def _organizer(raw: Value) -> Value:
    said = (raw or {}).get("emailAddress") or {}
    return {"address": said["address"], "name": said.get("name")} if said.get("address") else None


def _meeting(raw: Value) -> Value:
    if not raw or not raw.get("joinUrl"):
        return None
    known = {"join_url": raw["joinUrl"], "conference_id": raw.get("conferenceId")}
    return {"state": "ready", "provider": "teams", **known}


def _plain(raw: Value) -> Value:
    return raw or None


_READERS: Final[Mapping[str, Callable[[Value], Value]]] = {
    "body": _body,
    "location": _place,
    "when": _when,
    "exceptions": occurrences.meaning,
    "attendees": _attendees,
    "reminder": _reminder,
    "showAs": lambda raw: SHOW_AS.get(raw or ""),
    "sensitivity": _text,
    "categories": lambda raw: [text for each in raw or () if (text := _text(each))],
    "isOnlineMeeting": _plain,
    "isCancelled": _plain,
    "responses": _responses,
    "organizer": _organizer,
    "isOrganizer": lambda raw: True if raw is False else None,
    "responseStatus": lambda raw: RESPONSES.get(str((raw or {}).get("response"))),
    "onlineMeeting": _meeting,
}


def _timed(value: Value, wording: Fields, *, default_minutes: int) -> Fields:
    """Return start, end and recurrence."""
    if not value or value["start"] is None:
        raise Unsupported(Reason.UNSUPPORTED_VALUE, "The event has no start, and Outlook holds none without.")
    start, rule = value["start"], value["rrule"]
    whole_day = start.get("date") is not None
    end = value["end"] or _later(start, minutes=default_minutes)
    if (end.get("date") is not None) is not whole_day:
        raise Unsupported(
            Reason.UNSUPPORTED_VALUE, "The event begins on a day and ends at a clock, or the other way."
        )
    body: Fields = {"start": worded(start), "end": worded(end), "isAllDay": whole_day}
    if rule is not None:
        body["recurrence"] = _rule(value)
    elif wording.get("recurrence"):
        body["recurrence"] = None
    return body


def _rule(value: Fields) -> Fields:
    try:
        return recurrence.to_graph(
            value["rrule"], start=when.start_of(value), zone=value["start"].get("time_zone")
        )
    except NotInOutlook as refusal:
        raise Unsupported(Reason.UNSUPPORTED_RECURRENCE, refusal.detail) from refusal


def _later(start: Fields, *, minutes: int) -> Fields:
    """Return the moment some minutes after a start: by the clock's hand, not the wall's.

    Quirk: of a time that comes twice in autumn Exchange takes the first. An end that is to be the second
    would be an hour early, or lie before its start; so it is the wall's.
    """
    zone = start["time_zone"]
    begin, length = datetime.fromisoformat(start["date_time"]), timedelta(minutes=minutes)
    after = zones.wall(zones.instant(begin, zone) + length, zone)
    is_told = zones.instant(after, zone) - zones.instant(begin, zone) == length
    return told(after if is_told else begin + length, zone, whole_day=False)


def _people(value: Value) -> Fields:
    return {
        "attendees": [
            {
                "type": each["role"] or "required",
                "emailAddress": {"address": each["address"], "name": each["name"] or each["address"]},
            }
            for each in value
        ]
    }


def _reminding(value: Value) -> Fields:
    if value is None:
        return {"isReminderOn": False}
    return {"isReminderOn": True, "reminderMinutesBeforeStart": value["minutes"]}


def _online(value: Value) -> Fields:
    return {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"} if value else {}


_SHOWN: Final = {ours: theirs for theirs, ours in SHOW_AS.items()}
_WRITERS: Final[Mapping[str, Callable[[Value], Fields]]] = {
    "subject": lambda value: {"subject": value or ""},
    "body": lambda value: {"body": {"contentType": "text", "content": value or ""}},
    "location": lambda value: {"location": {"displayName": value or ""}},
    "attendees": _people,
    "reminder": _reminding,
    "showAs": lambda value: {"showAs": _SHOWN.get(value or "", BUSY)},
    "sensitivity": lambda value: {"sensitivity": value or NORMAL},
    "categories": lambda value: {"categories": list(value)},
    "isOnlineMeeting": _online,
}
