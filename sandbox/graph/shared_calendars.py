"""Calendars of others in the mailbox of whoever they are shared with: a local copy with an id of its own.

https://learn.microsoft.com/graph/outlook-get-shared-events-calendars tells of custom calendars; a default one
is reached by its owner's path. The copy and the events in it have ids of their own, which are none in the
owner's mailbox; what is done to them is done to the owner's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.directory import Person
from sandbox.graph import event_shown, ids, sharing
from sandbox.graph.errors import item_not_found
from sandbox.graph.exchange import Exchange, parsed_id
from sandbox.graph.store import CALENDAR, DELETED, Folder, Kind, Mailbox
from sandbox.graph.wire import Call


@dataclass(frozen=True, slots=True)
class Shared:
    """One calendar of somebody's as another person has it. ``id`` is good in that person's mailbox alone."""

    id: str
    viewer: Person
    owner: Person
    mailbox: Mailbox
    folder: Folder
    rights: sharing.Rights

    def holds(self, owned: str) -> bool:
        """Say whether what has this id in the owner's mailbox is in this calendar."""
        parsed = parsed_id(owned)
        return parsed.mailbox == self.mailbox.owner and parsed.number in self.folder.items

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
                yield Shared(local, viewer, owner, mailbox, folder, rights)


def shared_at(call: Call) -> Shared | None:
    """Return the calendar of another person that a path names, by itself or by an event in it, if it does."""
    assert call.person is not None  # noqa: S101
    assert call.exchange is not None  # noqa: S101
    here = call.exchange.mailbox(call.person).owner
    (name,) = call.folders or ("",)
    owned = ids.owned_item_id(call.item, mailbox=here)
    if not ids.is_local(name, mailbox=here) and (owned is None or name):
        return None
    if call.token.person in {None, call.person}:
        for each in shared_with(call.exchange, call.person):
            if each.id == name or (not name and owned is not None and each.holds(owned)):
                return each
    raise item_not_found()
