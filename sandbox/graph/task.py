"""The task of Microsoft To Do: what a body may say, and what comes of it.

A task is kept in Graph's own wording, without the properties that hold nothing; its times in the zone they
were written in. https://learn.microsoft.com/graph/api/resources/todotask
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.graph import event_body, recurrence, zones
from sandbox.graph.errors import bad_request
from sandbox.graph.values import (
    MAX_NOTES,
    Reader,
    Strings,
    a_boolean,
    a_list,
    an_object,
    one_of,
    said_in,
    text,
)

Fields = dict[str, Any]

TYPE = "#microsoft.graph.todoTask"
MAX_TITLE = 255
STATUSES = ("notStarted", "inProgress", "completed", "waitingOnOthers", "deferred")
IMPORTANCES = ("low", "normal", "high")
BODY_TYPE = one_of(("text", "html"), kind="bodyType")
PARTS = ("checklistItems", "linkedResources")
LINK = ("webUrl", "applicationName", "displayName", "externalId")
READ_ONLY = frozenset({
    "id", "createdDateTime", "lastModifiedDateTime", "bodyLastModifiedDateTime", "hasAttachments",
})  # fmt: skip
NOT_BUILT = frozenset({"attachments", "attachmentSessions", "extensions"})
NEW: Fields = {
    "importance": "normal", "isReminderOn": False, "status": "notStarted", "title": "", "categories": [],
    "body": {"content": "", "contentType": "text"}, "checklistItems": [], "linkedResources": [],
}  # fmt: skip
DATES = ("dueDateTime", "startDateTime", "reminderDateTime")


def created(body: Mapping[str, Any], *, at: str) -> Fields:
    """Return the task that a create makes, or raise Graph's 400.

    Quirk: linked resources may come along, nothing else that lies inside a task.
    https://learn.microsoft.com/graph/api/todotasklist-post-tasks
    """
    links = [linked(f"linkedResources[{index}]", one) for index, one in enumerate(_inside(body))]
    said = read({name: value for name, value in body.items() if name != "linkedResources"})
    return _merged(NEW | {"linkedResources": links}, said, at=at)


def updated(fields: Fields, body: Mapping[str, Any], *, at: str) -> Fields:
    """Return the task after an update, or raise Graph's 400.

    Quirk: Microsoft documents that a body is changed to HTML only.
    https://learn.microsoft.com/graph/api/todotask-update
    """
    said = read(body)
    if "body" in said and said["body"]["content"] and said["body"]["contentType"] != "html":
        raise bad_request("Only HTML is supported for the body of a task.", code="invalidRequest")
    return _merged(fields, said, at=at)


def read(body: Mapping[str, Any]) -> Fields:
    """Return what a body says about the properties; None clears one."""
    return said_in(body, TYPE, readers=READERS, silent=READ_ONLY, missing=NOT_BUILT.union(PARTS))


def linked(name: str, value: Any) -> Fields:
    """Read a new linked resource."""
    said = an_object(name, value, names=("id", *LINK), kind="linkedResource")
    read = {part: text()(f"{name}.{part}", said.get(part)) for part in LINK}
    return {"id": str(uuid.uuid4()), **read}


def is_done(fields: Fields) -> bool:
    return bool(fields["status"] == "completed")


def next_of(fields: Fields) -> Fields | None:
    """Return a completed task open again on the next date it recurs on; None where there is none.

    Start and reminder move along, and what was checked off begins again.
    """
    if "recurrence" not in fields:
        return None
    due = zones.wall(fields["dueDateTime"]).date()
    coming = next((day for day in recurrence.days(fields["recurrence"]) if day > due), None)
    if coming is None:
        return None
    moved = {name: _later(fields[name], coming - due) for name in DATES if name in fields}
    unchecked = [one | {"isChecked": False, "checkedDateTime": None} for one in fields["checklistItems"]]
    opened = {name: value for name, value in fields.items() if name != "completedDateTime"}
    return opened | moved | {"status": "notStarted", "checklistItems": unchecked}


def copied(fields: Fields) -> Fields:
    """Return what a finished occurrence leaves behind: a task of its own that does not recur.

    What lies inside has ids of its own there.
    """
    kept = {name: value for name, value in fields.items() if name != "recurrence"}
    return kept | {part: [one | {"id": str(uuid.uuid4())} for one in kept[part]] for part in PARTS}


def _merged(fields: Fields, said: Fields, *, at: str) -> Fields:
    merged = fields | said
    if said.get("body"):
        merged["bodyLastModifiedDateTime"] = at
    if merged.get("recurrence") and not merged.get("dueDateTime"):
        # What recurs is due: on its first day, where nothing is said; without a date it recurs no more.
        merged |= {"dueDateTime": _first(merged)} if said.get("recurrence") else {"recurrence": None}
    merged["completedDateTime"] = _completed(merged, at) if is_done(merged) else None
    return {name: value for name, value in merged.items() if value is not None}


def _completed(merged: Fields, at: str) -> Fields:
    """Return when a task was completed: a date, at midnight UTC.

    https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/8664
    """
    return merged.get("completedDateTime") or {"dateTime": f"{at[:10]}T00:00:00", "timeZone": "UTC"}


def _first(merged: Fields) -> Fields:
    span = merged["recurrence"]["range"]
    return {"dateTime": f"{span['startDate']}T00:00:00", "timeZone": span["recurrenceTimeZone"]}


def _later(at: Fields, by: timedelta) -> Fields:
    return at | {"dateTime": (zones.wall(at) + by).isoformat()}


def _inside(body: Mapping[str, Any]) -> list[Any]:
    said = body.get("linkedResources")
    return [] if said is None else a_list("linkedResources", said)


def _day(name: str, value: Any) -> Fields | None:
    """Read a date. Quirk: the time is cut off, in the zone that was written.

    https://github.com/microsoftgraph/microsoft-graph-docs/issues/16991
    """
    said = zones.read(name, value)
    return said and said | {"dateTime": datetime.combine(zones.wall(said), datetime.min.time()).isoformat()}


def _done_on(name: str, value: Any) -> Fields | None:
    said = _day(name, value)
    return said and said | {"timeZone": "UTC"}


def _body(name: str, value: Any) -> Fields:
    """Read a body: text stays text, HTML becomes a document."""
    said = an_object(name, value or {}, names=("contentType", "content"), kind="itemBody")
    content = text(MAX_NOTES)(f"{name}.content", said.get("content")) or ""
    kind = BODY_TYPE(f"{name}.contentType", said.get("contentType") or "text")
    return {"content": event_body.as_html(content) if kind == "html" else content, "contentType": kind}


def _recurrence(name: str, value: Any) -> Fields | None:
    """Read a recurrence, which begins on its own startDate."""
    span = value.get("range") if isinstance(value, dict) else None
    first = span.get("startDate") if isinstance(span, dict) else None
    return recurrence.read(name, value, start={"dateTime": first, "timeZone": "UTC"})


READERS: dict[str, Reader] = {
    "title": lambda name, value: text(MAX_TITLE)(name, value) or "",
    "body": _body,
    "status": one_of(STATUSES, kind="taskStatus"),
    "importance": one_of(IMPORTANCES, kind="importance"),
    "categories": Strings(),
    "isReminderOn": a_boolean,
    "dueDateTime": _day,
    "startDateTime": _day,
    "reminderDateTime": zones.read,
    "completedDateTime": _done_on,
    "recurrence": _recurrence,
}
