"""Tasks on Microsoft's wire: which properties we project, what they mean, how ours are worded.

https://learn.microsoft.com/graph/api/resources/todotask
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from app.graph import recurrence
from app.graph.moments import worded
from app.graph.plain_text import as_html, said_by
from app.graph.task_calls import mark_of
from app.graph.unsupported import Unsupported as NotInOutlook
from app.records import Fields, Value, task, values, when, zones
from app.records.reasons import Reason
from app.records.shape import Part, Shape
from app.records.unsupported import Unsupported
from app.records.values import Kind

SHAPE_VERSION = 1
MODIFIED = "lastModifiedDateTime"
CHECKLIST: Final = "checklistItems"

_PARTS = (
    Part("title", "title", Kind.TEXT),
    Part("body", "notes", Kind.TEXT),
    Part("due", "due", Kind.WHEN),
    Part("startDateTime", "start_date", Kind.DATE),
    Part("reminder", "reminder", Kind.MOMENT),
    Part("status", "status", Kind.TEXT),
    Part("completedDateTime", "completed_date", Kind.DATE),
    Part("importance", "importance", Kind.TEXT),
    Part(CHECKLIST, "checklist", Kind.CHECKLIST, apart=True),
    Part("categories", "categories", Kind.TAGS),
)
PARTS: Mapping[str, Part] = {part.name: part for part in _PARTS}

TELLING = ("title", "body", "due", "startDateTime", CHECKLIST)
"""What tells tasks apart that bear no mark."""

DUE = ("dueDateTime", "recurrence")
REMINDER = ("isReminderOn", "reminderDateTime")
SELECT = (
    "id", "createdDateTime", MODIFIED, "title", "body", *DUE, "startDateTime", *REMINDER, "status",
    "completedDateTime", "importance", CHECKLIST, "categories",
)  # fmt: skip
STATUS = {
    "notStarted": None, "inProgress": "in_progress", "completed": task.COMPLETED,
    "waitingOnOthers": "waiting", "deferred": "deferred",
}  # fmt: skip
NOON: Final = timedelta(hours=13, minutes=45)


def had(item: Mapping[str, Any]) -> Fields:
    """Return the item's raw wording of the properties we project, as ``graph_had`` keeps it.

    Quirk: what is empty is left out of a whole item.
    """
    whole = "createdDateTime" in item
    names = [name for name in (*PARTS, MODIFIED) if name in item or (whole and name in _SINGLE)]
    raw: Fields = {name: item.get(name) for name in names}
    if whole or any(name in item for name in DUE):
        raw["due"] = {name: item.get(name) for name in DUE}
    if whole or any(name in item for name in REMINDER):
        raw["reminder"] = {name: item.get(name) for name in REMINDER}
    if (label := mark_of(dict(item))) is not None:
        raw["mark"] = label
    if CHECKLIST in item:
        kept = ("id", "displayName", "isChecked")
        raw[CHECKLIST] = [{name: each.get(name) for name in kept} for each in item[CHECKLIST] or ()]
    return raw


def same(one: Fields, other: Fields) -> bool:
    """Say whether two wordings, of which nobody knows the mark, are taken for one task in two places."""
    told = [(read(PARTS[name], one.get(name)), read(PARTS[name], other.get(name))) for name in TELLING]
    return all(mine == theirs for mine, theirs in told) and bool(told[0][0])


def is_done(wording: Fields) -> bool:
    """Say whether a task is done for good."""
    return wording.get("status") == "completed" and not (wording.get("due") or {}).get("recurrence")


def parse(wording: Fields) -> Fields:
    """Return the document that a wording stands for; empty fields are left out."""
    meant = ((part.field, read(part, wording.get(name))) for name, part in PARTS.items())
    return {field: value for field, value in meant if value}


def read(part: Part, raw: Value) -> Value:
    """Return what the raw wording of one part means."""
    return _READERS.get(part.name, _text)(raw)


def payload(fields: Fields, wording: Fields) -> Fields:
    """Return the body of a POST or PATCH that sets these parts of an item that was worded like this."""
    body: Fields = {}
    for name, value in fields.items():
        if name == CHECKLIST:
            body |= {name: [_worded_item(each) for each in value]} if wording else {}  # for a rehearsal alone
        elif name == "due":
            body |= _due(value, wording.get("due") or {})
        else:
            body |= _WRITERS[name](value)
    return body


def _text(raw: Value) -> str | None:
    return (raw.replace("\r\n", "\n").strip() or None) if raw else None


def _body(raw: Value) -> str | None:
    said = (raw or {}).get("content") or ""
    return _text(said_by(said) if str((raw or {}).get("contentType")).casefold() == "html" else said)


def _day(raw: Value) -> str | None:
    """Return the date that a midnight stands for.

    Quirk: a date is told as the midnight at which it began where it was set, in UTC, and where that was isn't
    told. Ours are set in UTC. The middle is where the fewest people live: Samoa and Niue are a day early.
    """
    if not raw:
        return None
    at = datetime.fromisoformat(raw["dateTime"][:19])
    return (at if zones.iana_of(raw["timeZone"]) != "UTC" else at + NOON).date().isoformat()


def _completed(raw: Value) -> str | None:
    # Quirk: always midnight in UTC (microsoft-graph-docs-contrib#8664).
    return str(raw["dateTime"][:10]) if raw else None


def _when(raw: Value) -> Value:
    due, rule = _day((raw or {}).get("dueDateTime")), (raw or {}).get("recurrence")
    value = when.canonical({"start": task.day(due), "end": None, "rrule": None})
    if not rule:
        return value
    start = date.fromisoformat(due or rule["range"]["startDate"])
    rrule = recurrence.from_graph(rule, start=start, zone=None)
    return {**(value or {"start": None, "end": None}), "rrule": rrule}


def _reminder(raw: Value) -> Value:
    at = (raw or {}).get("reminderDateTime")
    if not at or not raw["isReminderOn"]:
        return None
    return when.at({"date_time": at["dateTime"][:19], "time_zone": zones.iana_of(at["timeZone"]) or "UTC"})


def _checklist(raw: Value) -> list[Fields]:
    items = [{"title": each.get("displayName"), "done": bool(each.get("isChecked"))} for each in raw or ()]
    return list(values.canonical(Kind.CHECKLIST, items))


_READERS: Final[Mapping[str, Callable[[Value], Value]]] = {
    "body": _body,
    "due": _when,
    "startDateTime": _day,
    "reminder": _reminder,
    "status": lambda raw: STATUS.get(raw or ""),
    "completedDateTime": _completed,
    "importance": lambda raw: None if raw == task.UNSAID["importance"] else _text(raw),
    CHECKLIST: _checklist,
    "categories": lambda raw: [text for each in raw or () if (text := _text(each))],
}
_SINGLE: Final = frozenset(PARTS) - {"due", "reminder", CHECKLIST}
"""The parts that are one property of an item, each told with it."""


def _due(value: Value, wording: Fields) -> Fields:
    """Return due date and recurrence. Quirk: the rule is only said where it changes, a date may leave it."""
    start = None if value is None else value["start"]
    body: Fields = {"dueDateTime": _midnight(None if start is None else start["date"])}
    rule, known = (value or {}).get("rrule"), _when(wording) or {"rrule": None}
    if not rule:
        return body | ({"recurrence": None} if known["rrule"] else {})
    if start is None:
        raise Unsupported(
            Reason.UNSUPPORTED_VALUE, "A task that repeats needs a due date: To Do counts from it."
        )
    return body if known["rrule"] and when.same_rule(value, known) else body | {"recurrence": _rule(value)}


def _rule(value: Fields) -> Fields:
    try:
        return recurrence.to_graph(value["rrule"], start=when.start_of(value), zone=None)
    except NotInOutlook as refusal:
        raise Unsupported(Reason.UNSUPPORTED_RECURRENCE, refusal.detail) from refusal


def _midnight(on: str | None) -> Fields | None:
    return None if on is None else worded({"date": on})


def _reminding(value: Value) -> Fields:
    if value is None:
        return {"isReminderOn": False}
    return {"isReminderOn": True, "reminderDateTime": worded(value)}


def _worded_item(element: Value) -> Fields:
    return {"displayName": element["title"], "isChecked": bool(element["done"])}


_SHOWN: Final = {ours: theirs for theirs, ours in STATUS.items()}
_WRITERS: Final[Mapping[str, Callable[[Value], Fields]]] = {
    "title": lambda value: {"title": value or ""},
    "body": lambda value: {"body": {"contentType": "html", "content": as_html(value or "")}},
    "startDateTime": lambda value: {"startDateTime": _midnight(value)},
    "reminder": _reminding,
    "status": lambda value: {"status": _SHOWN[value]},
    "completedDateTime": lambda value: {"completedDateTime": _midnight(value)},
    "importance": lambda value: {"importance": value or task.UNSAID["importance"]},
    "categories": lambda value: {"categories": list(value)},
}
SHAPE = Shape(
    entity="tasks", version=SHAPE_VERSION, kinds=task.FIELDS, parts=PARTS, read=read, payload=payload,
    modified=MODIFIED,
)  # fmt: skip
