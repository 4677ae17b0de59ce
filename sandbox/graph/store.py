"""Mailboxes in memory: the state behind Graph, changed by logged commands only.

Everything here is a pure function of (state, command), so that the log can be read again; what may be asked
is checked by the callers. Contacts are kept sparse and are never changed in place: a write replaces them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID

from sandbox.graph import ids
from sandbox.graph.changes import Changes, Slot
from sandbox.graph.contact import Fields
from sandbox.graph.extended import Properties

ROOT, CONTACTS, DELETED = 1, 2, 3
FIRST_OWN_FOLDER = 16
WELL_KNOWN = {"msgfolderroot": ROOT, "contacts": CONTACTS, "deleteditems": DELETED}


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact; ``version`` is the position of its last write, ``generation`` how often it has moved."""

    number: int
    folder: int
    version: int
    created: str
    modified: str
    fields: Fields
    properties: Properties
    generation: int = 0

    @property
    def slot(self) -> Slot:
        return self.number, self.generation


@dataclass(slots=True)
class Folder:
    number: int
    name: str
    parent: int | None
    properties: Properties = field(default_factory=dict)
    contacts: dict[int, None] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)

    @property
    def slot(self) -> Slot:
        return self.number, 0


@dataclass(slots=True)
class Mailbox:
    """One person's folders and contacts, and the count of everything that ever happened in it."""

    owner: UUID
    position: int = 0
    last_contact: int = 0
    last_folder: int = FIRST_OWN_FOLDER - 1
    contacts: dict[int, Contact] = field(default_factory=dict)
    marked: dict[int, None] = field(default_factory=dict)
    folders: dict[int, Folder] = field(default_factory=dict)
    folder_changes: Changes = field(default_factory=Changes)

    def __post_init__(self) -> None:
        for number, name, parent in (
            (ROOT, "Top of Information Store", None),
            (CONTACTS, "Contacts", ROOT),
            (DELETED, "Deleted Items", ROOT),
        ):
            self.folders[number] = Folder(number, name, parent)

    def next_position(self) -> int:
        self.position += 1
        return self.position

    def put(self, contact: Contact) -> Contact:
        """Keep a contact, new or changed, and note it as the latest change of its folder."""
        self.contacts[contact.number] = contact
        folder = self.folders[contact.folder]
        folder.contacts[contact.number] = None
        folder.changes.touched(contact.slot, contact.version)
        if contact.properties:
            self.marked[contact.number] = None
        else:
            self.marked.pop(contact.number, None)
        return contact

    def take_out(self, contact: Contact) -> None:
        """Note that a contact left its folder."""
        folder = self.folders[contact.folder]
        del folder.contacts[contact.number]
        folder.changes.gone(contact.slot, self.next_position())

    def erase(self, contact: Contact) -> None:
        self.take_out(contact)
        del self.contacts[contact.number]
        self.marked.pop(contact.number, None)

    def move(self, contact: Contact, *, to: int, at: str) -> Contact:
        self.take_out(contact)
        version, generation = self.next_position(), contact.generation + 1
        return self.put(replace(contact, folder=to, version=version, generation=generation, modified=at))

    def children(self, parent: int) -> Iterator[Folder]:
        return (folder for folder in self.folders.values() if folder.parent == parent)

    def within(self, number: int, ancestor: int) -> bool:
        """Say whether a folder is another one or lies somewhere under it."""
        at: int | None = number
        while at is not None and at != ancestor:
            at = self.folders[at].parent
        return at == ancestor

    def place(self, folder: Folder) -> Folder:
        """Keep a folder, new, renamed or moved, and note it among the contact folders that live."""
        self.folders[folder.number] = folder
        if self.within(folder.number, CONTACTS):
            self.folder_changes.touched(folder.slot, self.next_position())
        else:
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
        for number in folder.contacts:
            del self.contacts[number]
            self.marked.pop(number, None)
        del self.folders[folder.number]
        self.folder_changes.gone(folder.slot, self.next_position())

    def item_id(self, contact: Contact, *, immutable: bool) -> str:
        if immutable:
            return ids.immutable_id(self.owner, contact.number)
        return ids.default_id(self.owner, contact.number, contact.generation)

    def folder_id(self, number: int | None) -> str | None:
        return None if number is None else ids.folder_id(self.owner, number)
