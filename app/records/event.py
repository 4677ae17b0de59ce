"""An event as Concord holds it (``api.md`` §5).

Inside, start, end and rule are one field, ``when``, and the changed occurrences another, ``exceptions``: each
merges as a whole (``engine.md`` §7). The API's words, ``start``, ``end`` and ``recurrence``, are made here.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.records import Fields, Value, values, when
from app.records.values import Kind

FIELDS: Mapping[str, Kind] = {
    "title": Kind.TEXT,
    "description": Kind.TEXT,
    "location": Kind.TEXT,
    "when": Kind.WHEN,
    "exceptions": Kind.EXCEPTIONS,
    "attendees": Kind.ATTENDEES,
    "reminder": Kind.PLAIN,
    "show_as": Kind.TEXT,
    "sensitivity": Kind.TEXT,
    "categories": Kind.TAGS,
    "online_meeting": Kind.PLAIN,
    "cancelled": Kind.PLAIN,
    "responses": Kind.PLAIN,
    "organizer": Kind.PLAIN,
    "attends": Kind.PLAIN,
    "my_response": Kind.TEXT,
    "ical_uid": Kind.TEXT,
    "meeting": Kind.PLAIN,
}
OURS: Final = (
    "title", "description", "location", "attendees", "show_as", "sensitivity", "categories", "online_meeting",
    "cancelled",
)  # fmt: skip
"""What the CRM states in the very words in which we keep it."""

MERGED: Final = (
    "title", "description", "location", "when", "exceptions", "attendees", "reminder", "show_as",
    "sensitivity", "categories",
)  # fmt: skip
"""The fields that both sides may change."""

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "when": ("start", "end", "recurrence"),
    "exceptions": ("recurrence",),
    "reminder": ("reminder_minutes",),
    "responses": ("attendees",),
    "attends": ("is_organizer", "editable"),
}
"""The API's words for fields that are called something else inside."""

NO_MEETING: Final = {"state": "none", "provider": None, "join_url": None, "conference_id": None}


def stated(given: Mapping[str, Any]) -> Fields:
    """Return the fields that the CRM mentioned; ``when`` and ``exceptions`` as said (see ``completed``)."""
    fields = {name: values.canonical(FIELDS[name], given[name]) for name in OURS if name in given}
    if given.get("attendees"):
        people = {
            each["address"].strip().casefold(): {"role": "required", **each} for each in given["attendees"]
        }
        fields["attendees"] = values.canonical(Kind.ATTENDEES, people.values())
    parts = {name: given[name] for name in ("start", "end") if name in given}
    if "recurrence" in given:
        rule = given["recurrence"] or {}
        parts["rrule"] = rule.get("rrule")
        if not rule or rule.get("exceptions") is not None:
            fields["exceptions"] = rule.get("exceptions") or []
    if parts:
        fields["when"] = parts
    if "reminder_minutes" in given:
        minutes = given["reminder_minutes"]
        fields["reminder"] = None if minutes is None else {"minutes": minutes}
    return fields


def completed(fields: Fields, known: Mapping[str, Iterable[Value]]) -> Fields:
    """Return stated fields with ``when`` whole, and ``exceptions`` by the days of its zone.

    ``known``: what the CRM may have had in each field.
    """
    if "when" not in fields:
        return fields
    whole = when.completed(fields["when"], known.get("when", ()))
    if "exceptions" not in fields:
        return {**fields, "when": whole}
    exceptions = _exceptions(fields["exceptions"], zone=when.zone_of(whole))
    return {**fields, "when": whole, "exceptions": exceptions}


def wrong(fields: Fields) -> Mapping[str, str]:
    """Return what can't be of stated fields once they are whole, by the pointer of the API's word."""
    told = when.wrong(fields.get("when"))
    return {"/end": told} if told else {}


def _exceptions(given: Iterable[Mapping[str, Any]], *, zone: str | None) -> list[Fields]:
    """Return exceptions by the date of their original start in the series' own zone, one for each."""
    found = {}
    for one in given:
        on = _original_day(one["original_start"], zone=zone)
        cancelled = bool(one.get("cancelled"))
        moved = {name: when.at(one.get(name)) for name in ("start", "end")}
        said = {name: one.get(name) for name in ("title", "location", "description")}
        blank = {"start": None, "end": None, "title": None, "location": None, "description": None}
        found[on] = {"on": on, "cancelled": cancelled, **(blank if cancelled else {**moved, **said})}
    return list(values.canonical(Kind.EXCEPTIONS, [found[on] for on in sorted(found)]))


def _original_day(moment: Mapping[str, Any], *, zone: str | None) -> str:
    if moment.get("date") is not None or zone is None or moment["time_zone"] == zone:
        return when.day_of(dict(moment))
    clock = datetime.fromisoformat(moment["date_time"]).replace(tzinfo=ZoneInfo(moment["time_zone"]))
    return clock.astimezone(ZoneInfo(zone)).date().isoformat()


def worded(doc: Fields) -> Fields:
    """Return an event's fields in the words of the API; what it was never given is null or an empty list."""
    time = doc.get("when") or {}
    responses = doc.get("responses") or {}
    own = not doc.get("attends")
    return {
        "title": doc.get("title"),
        "description": doc.get("description"),
        "location": doc.get("location"),
        "start": time.get("start"),
        "end": time.get("end"),
        "attendees": [
            {**each, "response": responses.get(each["address"].casefold(), "none")}
            for each in doc.get("attendees") or ()
        ],
        "recurrence": _recurrence(doc),
        "reminder_minutes": (doc.get("reminder") or {}).get("minutes"),
        "show_as": doc.get("show_as"),
        "sensitivity": doc.get("sensitivity"),
        "categories": doc.get("categories") or [],
        "cancelled": bool(doc.get("cancelled")),
        "online_meeting": bool(doc.get("online_meeting")),
        "organizer": doc.get("organizer"),
        "is_organizer": own,
        "editable": own,
        "my_response": doc.get("my_response"),
        "ical_uid": doc.get("ical_uid"),
        "meeting": doc.get("meeting") or NO_MEETING,
    }


def _recurrence(doc: Fields) -> Fields | None:
    time = doc.get("when") or {}
    if not time.get("rrule"):
        return None
    exceptions = [_exception(time, each) for each in doc.get("exceptions") or ()]
    return {"rrule": time["rrule"], "exceptions": exceptions}


def _exception(time: Fields, element: Fields) -> Fields:
    original = original_start(time, element["on"])
    if element["cancelled"]:
        return {"original_start": original, "cancelled": True}
    said = {name: element[name] for name in ("start", "end", "title", "location", "description")}
    return {"original_start": original} | {name: value for name, value in said.items() if value is not None}


def original_start(time: Fields, on: str) -> Fields:
    """Return when the occurrence of this day would have begun."""
    start = time.get("start") or {"date": on}
    if start.get("date") is not None:
        return {"date": on}
    return {"date_time": f"{on}T{start['date_time'][11:]}", "time_zone": start["time_zone"]}


def value_worded(name: str, value: Value, time: Value) -> Value:
    """Return one field's value in the API's words, keyed by them where they are several (see ``words_of``).

    ``time``: when the event takes place, by which its exceptions are told.
    """
    match name:
        case "when":
            parts = value or dict.fromkeys(when.PARTS)
            rule = {"rrule": parts["rrule"]} if parts["rrule"] else None
            return {"start": parts["start"], "end": parts["end"], "recurrence": rule}
        case "exceptions":
            told = [_exception(time or {}, each) for each in value or ()]
            return {"rrule": (time or {}).get("rrule"), "exceptions": told}
        case "reminder":
            return (value or {}).get("minutes")
        case _:
            return value


def words_of(names: Iterable[str]) -> list[str]:
    """Return the API's words for these fields."""
    return list(dict.fromkeys(word for name in names for word in WORDS.get(name, (name,))))


def is_news(doc: Fields, moved: Iterable[str]) -> bool:
    """Say whether the CRM is to hear of these fields: of what an item is like once it is made, it isn't."""
    known = {"organizer", "ical_uid"}
    known |= {"my_response"} if doc.get("my_response") == "organizer" else set()
    return not known.issuperset(moved)


def title(doc: Fields) -> str | None:
    """Return what a person would call this event."""
    return doc.get("title")
