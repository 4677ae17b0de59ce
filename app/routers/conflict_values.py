"""What a decision gives a field, in the API's words, checked like a write of the CRM (``api.md`` §8)."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from app.errors import InvalidRequest
from app.models import Conflict, Record
from app.problems import explained
from app.records import Value, when
from app.records.types import record_type
from app.routers.contact_shapes import ContactIn
from app.routers.event_shapes import EventIn
from app.routers.record_shapes import RecordIn
from app.routers.task_shapes import TaskIn

STATED: Final[Mapping[str, type[RecordIn]]] = {
    "contacts": ContactIn, "calendar": EventIn, "tasks": TaskIn,
}  # fmt: skip
TIME: Final = ("start", "end", "recurrence")


def decided_value(row: Conflict, record: Record, value: Any) -> Value:
    """Return the value of the field in question as records keep it, or refuse what such a record can't have.

    Of several fields that are decided together those that are left out stay as they are.
    """
    kind, words = record_type(row.entity), record_type(row.entity).words_of([row.field])
    given = _in_words(row.field, value, words=words, record=record)
    try:
        said = STATED[row.entity].model_validate(given).said()
    except ValidationError as error:
        inside = len(words) == 1  # what is given is that word's value, not an object with the word
        found = [{**each, "loc": ("body", "value", *each["loc"][inside:])} for each in error.errors()]
        raise InvalidRequest(errors=[*explained(found, {"value": value})]) from None
    fields = kind.completed(kind.stated(said), {name: [known] for name, known in record.doc.items()})
    for pointer, detail in kind.wrong(fields).items():
        raise _refusal(pointer, detail)
    return fields[row.field]


def _in_words(name: str, value: Any, *, words: list[str], record: Record) -> dict[str, Any]:
    """Return what is given as a write of the CRM would state it."""
    match name:
        case "when":
            return _time(value)
        case "exceptions":
            return {"recurrence": _series(value, record.doc.get("when") or {})}
        case "due":
            return _due(value, words)
        case _:
            return {words[0]: value}


def _due(value: Any, words: list[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or not value or not value.keys() <= set(words):
        raise _refusal("", "Give `due_date` and `recurrence` as a task has them, or one of them.")
    return value


def _time(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value or not value.keys() <= set(TIME):
        raise _refusal("", "Give `start`, `end` and `recurrence` as an event has them, or some of them.")
    rule = value.get("recurrence")
    if isinstance(rule, dict) and "exceptions" in rule:
        detail = "What differs of single occurrences isn't in question here: give the `rrule` alone."
        raise _refusal("/recurrence/exceptions", detail)
    return value


def _series(value: Any, time: Mapping[str, Any]) -> dict[str, Any]:
    if not time.get("rrule"):
        raise _refusal("", "The event is no series (any more): `take` a side.")
    if not isinstance(value, dict) or not isinstance(value.get("exceptions"), list):
        raise _refusal("", "Give `recurrence` as an event has it: what is in question is its `exceptions`.")
    rule = value.get("rrule", time["rrule"])
    if not isinstance(rule, str) or not when.same_rule({**time, "rrule": rule}, {**time}):
        raise _refusal("/rrule", "The rule isn't in question here: leave it out, and edit the event.")
    return {**value, "rrule": time["rrule"]}


def _refusal(pointer: str, detail: str) -> InvalidRequest:
    return InvalidRequest(errors=[{"pointer": f"/value{pointer}", "detail": detail}])
