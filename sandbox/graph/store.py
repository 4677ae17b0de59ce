"""Mailboxes in memory: the state behind Graph, changed by logged commands only.

Everything here is a pure function of (state, command), so that the log can be read again; what may be asked
is checked by the callers. Items are never changed in place: a write replaces them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from sandbox.graph import ids
from sandbox.graph.changes import Changes, Slot
from sandbox.graph.extended import Properties

Fields = dict[str, Any]

ROOT, CONTACTS, DELETED, CALENDAR, TASKS, FLAGGED = 1, 2, 3, 4, 5, 6
FIRST_OWN_FOLDER = 16
WELL_KNOWN = {
    "msgfolderroot": ROOT, "contacts": CONTACTS, "deleteditems": DELETED, "calendar": CALENDAR,
    "tasks": TASKS,
}  # fmt: skip


class Kind(StrEnum):
    """What an item is, and what a folder is for."""

    CONTACT = "contact"
    EVENT = "event"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class Item:
    """A contact, event or task.

    ``version`` is where its last write stands, ``generation`` how often it moved.
    """

    number: int
    folder: int
    version: int
    created: str
    modified: str
    fields: Fields
    properties: Properties
    generation: int = 0
    kind: Kind = Kind.CONTACT

    @property
    def slot(self) -> Slot:
        return self.number, self.generation


@dataclass(slots=True)
class Folder:
    number: int
    name: str
    parent: int | None
    properties: Properties = field(default_factory=dict)
    kind: Kind = Kind.CONTACT
    about: Fields = field(default_factory=dict)  # what only a calendar has
    items: dict[int, None] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)

    @property
    def slot(self) -> Slot:
        return self.number, 0


@dataclass(slots=True)
class Mailbox:
    """One person's folders and items, and the count of everything that ever happened in it."""

    owner: UUID
    position: int = 0
    last_item: int = 0
    last_folder: int = FIRST_OWN_FOLDER - 1
    items: dict[int, Item] = field(default_factory=dict)
    marked: dict[int, None] = field(default_factory=dict)
    folders: dict[int, Folder] = field(default_factory=dict)
    folder_changes: Changes = field(default_factory=Changes)  # of contact folders
    list_changes: Changes = field(default_factory=Changes)  # of task lists

    def __post_init__(self) -> None:
        for number, name, parent, kind in (
            (ROOT, "Top of Information Store", None, Kind.CONTACT),
            (CONTACTS, "Contacts", ROOT, Kind.CONTACT),
            (DELETED, "Deleted Items", ROOT, Kind.CONTACT),
            (CALENDAR, "Calendar", ROOT, Kind.EVENT),
            (TASKS, "Tasks", ROOT, Kind.TASK),
            (FLAGGED, "Flagged Emails", ROOT, Kind.TASK),
        ):
            self.folders[number] = Folder(number, name, parent, kind=kind)
        for number in (TASKS, FLAGGED):
            self.list_changes.touched((number, 0), self.next_position())

    def next_position(self) -> int:
        self.position += 1
        return self.position

    def put(self, item: Item, *, part: int | None = None) -> Item:
        """Keep an item, new or changed, and note it as the latest change of its folder.

        ``part`` notes only one row of a series: an occurrence by its day, or the master alone.
        """
        self.items[item.number] = item
        folder = self.folders[item.folder]
        folder.items[item.number] = None
        slot = item.slot if part is None else (*item.slot, part)
        folder.changes.touched(slot, item.version)
        if item.properties:
            self.marked[item.number] = None
        else:
            self.marked.pop(item.number, None)
        return item

    def take_out(self, item: Item) -> None:
        """Note that an item left its folder."""
        folder = self.folders[item.folder]
        del folder.items[item.number]
        folder.changes.gone(item.slot, self.next_position())

    def erase(self, item: Item) -> None:
        self.take_out(item)
        del self.items[item.number]
        self.marked.pop(item.number, None)

    def move(self, item: Item, *, to: int, at: str) -> Item:
        self.take_out(item)
        version, generation = self.next_position(), item.generation + 1
        return self.put(replace(item, folder=to, version=version, generation=generation, modified=at))

    def children(self, parent: int) -> Iterator[Folder]:
        return (folder for folder in self.folders.values() if folder.parent == parent)

    def within(self, number: int, ancestor: int) -> bool:
        """Say whether a folder is another one or lies somewhere under it."""
        at: int | None = number
        while at is not None and at != ancestor:
            at = self.folders[at].parent
        return at == ancestor

    def place(self, folder: Folder) -> Folder:
        """Keep a folder, new, renamed or moved, and note a contact folder or task list as changed."""
        self.folders[folder.number] = folder
        if folder.kind is Kind.TASK:
            self.list_changes.touched(folder.slot, self.next_position())
        elif folder.kind is Kind.CONTACT and self.within(folder.number, CONTACTS):
            self.folder_changes.touched(folder.slot, self.next_position())
        elif folder.kind is Kind.CONTACT:
            self.folder_changes.gone(folder.slot, self.next_position())
        return folder

    def move_folder(self, folder: Folder, *, to: int) -> None:
        """Hang a folder under another one; what lies under it goes along, out of or into the living."""
        folder.parent = to
        self.place(folder)
        for child in list(self.children(folder.number)):
            self.move_folder(child, to=folder.number)

    def erase_folder(self, folder: Folder) -> None:
        """Take away a folder with everything in it."""
        for child in list(self.children(folder.number)):
            self.erase_folder(child)
        for number in folder.items:
            del self.items[number]
            self.marked.pop(number, None)
        del self.folders[folder.number]
        if folder.kind is not Kind.EVENT:
            changes = self.list_changes if folder.kind is Kind.TASK else self.folder_changes
            changes.gone(folder.slot, self.next_position())

    def item_id(self, item: Item, *, immutable: bool, occurrence: tuple[int, int] | None = None) -> str:
        if immutable:
            return ids.immutable_id(self.owner, item.number, occurrence)
        return ids.default_id(self.owner, item.number, item.generation, occurrence)

    def folder_id(self, number: int | None) -> str | None:
        return None if number is None else ids.folder_id(self.owner, number)
