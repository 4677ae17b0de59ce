"""Putting whole calendars into a mailbox, as an import in Outlook does: nobody is invited to anything."""

from collections.abc import Iterable

from sandbox.control.icalendars import Import
from sandbox.directory import Person
from sandbox.errors import GraphError
from sandbox.graph import event, series
from sandbox.graph.calendars import organized
from sandbox.graph.exchange import MADE_AT_ONCE, Draft, Exchange
from sandbox.graph.meetings import UNANSWERED
from sandbox.graph.store import Fields, Kind


def calendar(exchange: Exchange, person: Person, imports: Iterable[Import], *, folder: str) -> int:
    """Put events into the calendar of that name, made where missing; return how many."""
    drafts = [Draft(_fields(one, person), {}) for one in imports]
    number = exchange.folder_named(person, folder, kind=Kind.EVENT)
    for start in range(0, len(drafts), MADE_AT_ONCE):
        exchange.make_items(person, number, drafts[start : start + MADE_AT_ONCE], kind=Kind.EVENT)
    return len(drafts)


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
