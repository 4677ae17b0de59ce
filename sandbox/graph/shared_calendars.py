"""Calendars of others in the mailbox of whoever they are shared with: a local copy with an id of its own.

https://learn.microsoft.com/graph/outlook-get-shared-events-calendars tells of custom calendars; a default one
is reached by its owner's path. The copy is listed and read; the events in it are not built.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.directory import Person
from sandbox.graph import event_shown, ids, sharing
from sandbox.graph.errors import item_not_found
from sandbox.graph.exchange import Exchange
from sandbox.graph.store import CALENDAR, DELETED, Folder, Kind, Mailbox
from sandbox.graph.wire import Call


@dataclass(frozen=True, slots=True)
class Shared:
    """One calendar of somebody's as another person has it. ``id`` is good in that person's mailbox alone."""

    id: str
    owner: Person
    mailbox: Mailbox
    folder: Folder
    rights: sharing.Rights

    def shown(self, *, select: tuple[str, ...] = ()) -> dict[str, Any]:
        return event_shown.calendar(
            self.mailbox, self.folder, owner=self.owner, rights=self.rights, select=select, local=self.id
        )


def shared_with(exchange: Exchange, viewer: Person) -> Iterator[Shared]:
    """Yield the calendars that others share with somebody by name, and that can be read."""
    here = exchange.mailbox(viewer).owner
    for owner in exchange.world.directory.people.values():
        if owner.oid == viewer.oid or not owner.mailbox:
            continue
        mailbox = exchange.mailbox(owner)
        for folder in mailbox.folders.values():
            custom = folder.kind is Kind.EVENT and folder.number != CALENDAR
            if not custom or viewer.addresses.isdisjoint(sharing.permissions(folder)):
                continue
            rights = sharing.rights(folder, owner=owner, viewer=viewer)
            if rights.reads and not mailbox.within(folder.number, DELETED):
                local = ids.local_id(here, mailbox.owner, folder.number)
                yield Shared(local, owner, mailbox, folder, rights)


def shared_at(call: Call) -> Shared | None:
    """Return the calendar of another person that a path names; None where it names one of the mailbox."""
    assert call.person is not None  # noqa: S101
    assert call.exchange is not None  # noqa: S101
    (name,) = call.folders or ("",)
    if not ids.is_local(name, mailbox=call.exchange.mailbox(call.person).owner):
        return None
    for each in shared_with(call.exchange, call.person):
        if each.id == name and call.token.person in {None, call.person}:
            return each
    raise item_not_found()
