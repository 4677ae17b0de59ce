"""Putting whole calendars and task lists into a mailbox, as an import does: nobody is invited to anything."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.control.icalendars import Import
from sandbox.directory import Person
from sandbox.errors import GraphError
from sandbox.graph import event, series, task
from sandbox.graph.calendars import organized
from sandbox.graph.exchange import MADE_AT_ONCE, Draft, Exchange
from sandbox.graph.meetings import UNANSWERED
from sandbox.graph.store import Fields, Kind
from sandbox.graph.task_parts import CHECKLIST_ITEMS
from sandbox.graph.values import a_list, an_object


def calendar(exchange: Exchange, person: Person, imports: Iterable[Import], *, folder: str) -> int:
    """Put events into the calendar of that name, made where missing; return how many."""
    drafts = [Draft(_fields(one, person), {}) for one in imports]
    return _kept(exchange, person, drafts, folder=folder, kind=Kind.EVENT)


def tasks(exchange: Exchange, person: Person, bodies: Iterable[Mapping[str, Any]], *, folder: str) -> int:
    """Put tasks into the list of that name, made where missing, flagged mail too; return how many.

    A task may bring its checklistItems along, which no create of Graph's is documented to do.
    """
    drafts = [Draft(_task(body, at=exchange.at()), {}) for body in bodies]
    return _kept(exchange, person, drafts, folder=folder, kind=Kind.TASK)


def _kept(exchange: Exchange, person: Person, drafts: list[Draft], *, folder: str, kind: Kind) -> int:
    number = exchange.folder_named(person, folder, kind=kind)
    for start in range(0, len(drafts), MADE_AT_ONCE):
        exchange.make_items(person, number, drafts[start : start + MADE_AT_ONCE], kind=kind)
    return len(drafts)


def _task(body: Mapping[str, Any], *, at: str) -> Fields:
    said = {name: value for name, value in body.items() if name != "checklistItems"}
    steps = a_list("checklistItems", body.get("checklistItems", []))
    return task.created(said, at=at) | {
        "checklistItems": [CHECKLIST_ITEMS.made(_step(step), at=at) for step in steps]
    }


def _step(said: Any) -> Mapping[str, Any]:
    return an_object("checklistItems", said, names=("id", *CHECKLIST_ITEMS.empty), kind=CHECKLIST_ITEMS.kind)


def _fields(one: Import, person: Person) -> Fields:
    fields = event.created(event.read(one.body)) | organized(person)
    if one.uid:
        fields["iCalUId"] = one.uid
    if one.organizer is not None and one.organizer["address"].lower() != person.mail.lower():
        fields |= {"isOrganizer": False, "organizer": {"emailAddress": one.organizer}, **UNANSWERED}
    return _with_exceptions(fields, one) if series.is_master(fields) else fields


def _with_exceptions(fields: Fields, one: Import) -> Fields:
    """Return a series without its cancelled days, and with its changed ones where Exchange allows them."""
    for day, body in one.changed.items():
        try:
            own = event.of_occurrence(series.on(fields, {}, day), fields, event.read(body))
        except GraphError:
            continue
        fields = series.changed(fields, day, own=own, properties={})
    for day in one.cancelled:
        if series.occurs(fields, day):
            fields = series.without(fields, day)
    return fields
