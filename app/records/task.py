"""A task as Concord holds it (``api.md`` §5).

Inside, due date and rule are one field, ``due``, which merges as a whole: a rule counts from its first date.
It is kept as events keep theirs, as a whole day (``records/when.py``). Not started, and of normal importance,
is what a task is of which nothing is said.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from app.records import Fields, Value, values, when
from app.records.values import Kind

FIELDS: Mapping[str, Kind] = {
    "title": Kind.TEXT,
    "notes": Kind.TEXT,
    "due": Kind.WHEN,
    "start_date": Kind.DATE,
    "reminder": Kind.MOMENT,
    "status": Kind.TEXT,
    "completed_date": Kind.DATE,
    "importance": Kind.TEXT,
    "checklist": Kind.CHECKLIST,
    "categories": Kind.TAGS,
}
UNSAID: Final = {"status": "not_started", "importance": "normal"}
"""What a task is like of which nothing is said."""

COMPLETED: Final = "completed"
WORDS: Final[Mapping[str, tuple[str, ...]]] = {"due": ("due_date", "recurrence")}
"""The API's words for a field that is called something else inside."""


def stated(given: Mapping[str, Any]) -> Fields:
    """Return the fields that the CRM mentioned; ``due`` as said (see ``completed``)."""
    fields = {
        name: values.canonical(kind, given[name])
        for name, kind in FIELDS.items()
        if name in given and name != "due"
    }
    fields |= {name: None for name, unsaid in UNSAID.items() if fields.get(name) == unsaid}
    parts: Fields = {}
    if "due_date" in given:
        parts |= {"start": day(given["due_date"]), "end": None}
    if "recurrence" in given:
        parts["rrule"] = (given["recurrence"] or {}).get("rrule")
    return fields | ({"due": parts} if parts else {})


def completed(fields: Fields, known: Mapping[str, Iterable[Value]]) -> Fields:
    """Return stated fields with ``due`` whole. ``known``: what the CRM may have had in each field."""
    if "due" not in fields:
        return fields
    return {**fields, "due": when.completed(fields["due"], known.get("due", ()))}


def day(on: str | None) -> Fields | None:
    """Return a date as ``due`` holds it."""
    return None if on is None else {"date": on}


def due_date(doc: Fields) -> str | None:
    """Return the date on which a task is due."""
    start = (doc.get("due") or {}).get("start")
    return None if start is None else str(start["date"])


def as_event(doc: Fields) -> Fields:
    """Return the event that shows a task in a calendar: free time on its day, and no reminder.

    It keeps the task's status, by which completed ones are told.
    """
    on = due_date(doc)
    return {
        "title": doc.get("title"),
        "description": doc.get("notes"),
        "when": when.canonical({"start": day(on)}),
        "show_as": "free",
        "reminder": None,
        "status": doc.get("status"),
    }


def worded(doc: Fields) -> Fields:
    """Return a task's fields in the words of the API; what it was never given is null or an empty list."""
    rule = (doc.get("due") or {}).get("rrule")
    same = ("title", "notes", "start_date", "reminder", "completed_date")
    return {
        **{name: doc.get(name) for name in same},
        **{name: doc.get(name) or unsaid for name, unsaid in UNSAID.items()},
        "due_date": due_date(doc),
        "recurrence": {"rrule": rule} if rule else None,
        "checklist": doc.get("checklist") or [],
        "categories": doc.get("categories") or [],
    }


def value_worded(name: str, value: Value, _time: Value) -> Value:
    """Return one field's value in the API's words, keyed by them where they are several."""
    if name == "due":
        told = worded({"due": value})
        return {word: told[word] for word in WORDS[name]}
    return value or UNSAID.get(name, value)


def words_of(names: Iterable[str]) -> list[str]:
    """Return the API's words for these fields."""
    return list(dict.fromkeys(word for name in names for word in WORDS.get(name, (name,))))


def is_news(_doc: Fields, moved: Iterable[str]) -> bool:
    """Say whether the CRM is to hear of these fields: the date alone that To Do sets, it isn't."""
    return not {"completed_date"}.issuperset(moved)


def title(doc: Fields) -> str | None:
    """Return what a person would call this task."""
    return doc.get("title")
