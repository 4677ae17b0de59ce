"""What a call on events can be about, and what of it happens when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sandbox.graph import series, zones
from sandbox.graph.series import Occurrence
from sandbox.graph.store import CALENDAR, Fields, Item, Mailbox


@dataclass(frozen=True, slots=True)
class Target:
    """The event a call is about: an item, or one occurrence of it."""

    item: Item
    occurrence: Occurrence | None = None

    @property
    def fields(self) -> Fields:
        return self.item.fields if self.occurrence is None else self.occurrence.fields

    @property
    def start(self) -> datetime:
        return zones.moment(self.fields["start"])

    @property
    def end(self) -> datetime:
        return zones.moment(self.fields["end"])


def in_window(item: Item, *, begin: datetime, end: datetime) -> list[Target]:
    """Return what of an event happens in a window: itself, or its occurrences."""
    if series.is_master(item.fields):
        found = series.within(item.fields, item.properties, begin=begin, end=end)
        return [Target(item, occurrence) for occurrence in found]
    start, finish = zones.moment(item.fields["start"]), zones.moment(item.fields["end"])
    return [Target(item)] if series.overlaps(start, finish, begin=begin, end=end) else []


def planned(mailbox: Mailbox, *, begin: datetime, end: datetime) -> Iterator[Target]:
    """Yield what stands in the default calendar of a mailbox in a window and isn't cancelled."""
    for number in sorted(mailbox.folders[CALENDAR].items):
        for target in in_window(mailbox.items[number], begin=begin, end=end):
            if not target.fields["isCancelled"]:
                yield target
