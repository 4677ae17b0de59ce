"""The event of Graph v1.0: what a body may say, and what Exchange makes of it.

https://learn.microsoft.com/graph/api/resources/event
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.errors import GraphError
from sandbox.graph import event_body, event_parts, recurrence, series, zones
from sandbox.graph.errors import bad_request
from sandbox.graph.values import (
    Reader,
    Strings,
    a_boolean,
    a_whole_number,
    one_of,
    said_in,
    text,
    wrong_type,
)

Fields = dict[str, Any]

TYPE = "#microsoft.graph.event"
MAX_SUBJECT = 255
EXTENDED = "singleValueExtendedProperties"
READ_ONLY = frozenset({
    "id", "changeKey", "createdDateTime", "lastModifiedDateTime", "iCalUId", "type", "seriesMasterId",
    "originalStart", "originalStartTimeZone", "originalEndTimeZone", "responseStatus", "isOrganizer",
    "organizer", "isCancelled", "isDraft", "webLink", "bodyPreview", "hasAttachments", "onlineMeeting",
    "onlineMeetingUrl", "cancelledOccurrences",
})  # fmt: skip
NOT_BUILT = frozenset({"attachments", "extensions", "multiValueExtendedProperties"})
NAVIGATION = frozenset({EXTENDED, "calendar", "exceptionOccurrences", "instances", *NOT_BUILT})
# What an attendee may change of a copy without anybody hearing of it.
PERSONAL = frozenset({"categories", "isReminderOn", "reminderMinutesBeforeStart", "showAs"})
TIMES = ("start", "end", "isAllDay", "recurrence")
PROVIDERS = ("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness")
SHOW_AS = one_of(("unknown", "free", "tentative", "busy", "oof", "workingElsewhere"), kind="freeBusyStatus")

DEFAULTS: Fields = {
    "categories": [],
    "reminderMinutesBeforeStart": 15,
    "isReminderOn": True,
    "hideAttendees": False,
    "subject": "",
    "body": "",
    "importance": "normal",
    "sensitivity": "normal",
    "isAllDay": False,
    "responseRequested": True,
    "transactionId": None,
    "showAs": "busy",
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "allowNewTimeProposals": True,
    "location": event_parts.NOWHERE,
    "locations": [],
    "recurrence": None,
    "attendees": [],
}


def read(body: Mapping[str, Any]) -> Fields:
    """Return what a create or an update says about the fields, or raise Graph's 400.

    ``recurrence`` stays as it came: it can be read only beside a start.
    """
    silent = READ_ONLY | {EXTENDED, "calendar", "instances", "exceptionOccurrences"}
    return said_in(body, TYPE, readers=READERS, silent=silent, missing=NOT_BUILT)


def created(said: Fields) -> Fields:
    """Return the event that a create makes, without what only a mailbox can say: whose, and which uid."""
    for name in ("start", "end"):
        if said.get(name) is None:
            raise invalid(f"An event needs its {name}.")
    return _checked(DEFAULTS | event_parts.agreed(said))


def updated(held: Fields, said: Fields) -> Fields:
    """Return an event after an update; a series whose time or pattern changed begins anew.

    Quirk: what isOnlineMeeting says of an online meeting is ignored.
    https://learn.microsoft.com/graph/api/resources/event (isOnlineMeeting)
    """
    for name in ("start", "end"):
        if name in said and said[name] is None:
            raise invalid(f"An event needs its {name}.")
    if said.get("transactionId", held["transactionId"]) != held["transactionId"]:
        raise invalid("The transactionId of an event can't be changed.")
    heard = event_parts.agreed(said)
    if held["isOnlineMeeting"]:
        heard = {
            name: value
            for name, value in heard.items()
            if name not in {"isOnlineMeeting", "onlineMeetingProvider"}
        }
    if "attendees" in heard:
        heard["attendees"] = event_parts.answered(heard["attendees"], held["attendees"])
    after = held | _with_range(held, heard)
    if any(name in said for name in TIMES):
        after = _checked(after)
    if all(after[name] == held.get(name) for name in TIMES):
        return after
    if series.is_master(after):
        return series.again(held, after)
    return {name: value for name, value in after.items() if name != "series"}


def of_occurrence(found: series.Occurrence, master: Fields, said: Fields) -> Fields:
    """Return what an occurrence has of its own after an update of it alone, or raise Graph's 400."""
    if said.get("recurrence") is not None:
        raise bad_request("An occurrence can't recur itself.", code="ErrorRecurringMasterNotAllowed")
    own, _ = series.own_of(master, found.day)
    heard = {name: value for name, value in said.items() if name != "recurrence"}
    after = updated(found.fields | {"recurrence": None}, heard)
    if "start" in heard:
        series.refuse_crossing(master, found.day, start=after["start"])
    changed = {*event_parts.agreed(heard), *own}
    return {name: after[name] for name in changed if name in after}


def invalid(message: str, *, code: str = "ErrorPropertyValidationFailure") -> GraphError:
    return bad_request(message, code=code)


def _with_range(held: Fields, said: Fields) -> Fields:
    """Return what was said, with the range of a held series moved along where only its start was said."""
    start, kept = said.get("start"), held.get("recurrence")
    if start is None or kept is None or "recurrence" in said:
        return said
    moved = zones.wall(start).date() - zones.wall(held["start"]).date()
    if not moved and start["timeZone"] == held["start"]["timeZone"]:
        return said
    span = kept["range"] | {
        "startDate": zones.wall(start).date().isoformat(),
        "recurrenceTimeZone": start["timeZone"],
    }
    return said | {"recurrence": {"pattern": kept["pattern"], "range": span}}


def _checked(fields: Fields) -> Fields:
    """Return an event whose times agree with one another, or raise Graph's 400."""
    start, end = fields["start"], fields["end"]
    if fields["isAllDay"]:
        if not (zones.is_midnight(start) and zones.is_midnight(end)) or start["timeZone"] != end["timeZone"]:
            raise invalid("An all-day event starts and ends at midnight, in one time zone.")
        if start["dateTime"] == end["dateTime"]:
            raise invalid("An all-day event lasts a day at least.")
    if zones.moment(end) < zones.moment(start):
        raise invalid(
            "An event can't end before it starts.", code="ErrorCalendarEndDateIsEarlierThanStartDate"
        )
    if fields["recurrence"] is None:
        return fields
    return _on_first_day(
        fields | {"recurrence": recurrence.read("recurrence", fields["recurrence"], start=start)}
    )


def _on_first_day(fields: Fields) -> Fields:
    """Return a series whose own times are those of its first occurrence."""
    first = zones.parsed("startDate", fields["recurrence"]["range"]["startDate"]).date()
    later: timedelta = first - zones.wall(fields["start"]).date()
    moved = {
        name: fields[name] | {"dateTime": (zones.wall(fields[name]) + later).isoformat()}
        for name in ("start", "end")
    }
    return fields | moved


def _reminder(name: str, value: Any) -> int:
    return 0 if value is None else a_whole_number(name, value)


def _categories(name: str, value: Any) -> list[str]:
    return list(dict.fromkeys(Strings()(name, value)))


def _as_it_came(name: str, value: Any) -> Any:
    if value is not None and not isinstance(value, dict):
        raise wrong_type(name, value, expected="microsoft.graph.patternedRecurrence")
    return value


READERS: dict[str, Reader] = {
    "subject": lambda name, value: text(MAX_SUBJECT)(name, value) or "",
    "body": event_body.read,
    "start": zones.read,
    "end": zones.read,
    "isAllDay": a_boolean,
    "location": event_parts.location,
    "locations": event_parts.locations,
    "attendees": event_parts.attendees,
    "recurrence": _as_it_came,
    "sensitivity": one_of(("normal", "personal", "private", "confidential"), kind="sensitivity"),
    "showAs": SHOW_AS,
    "importance": one_of(("low", "normal", "high"), kind="importance"),
    "isReminderOn": a_boolean,
    "reminderMinutesBeforeStart": _reminder,
    "responseRequested": a_boolean,
    "hideAttendees": a_boolean,
    "allowNewTimeProposals": a_boolean,
    "isOnlineMeeting": a_boolean,
    "onlineMeetingProvider": one_of(PROVIDERS, kind="onlineMeetingProviderType"),
    "categories": _categories,
    "transactionId": text(),
}
