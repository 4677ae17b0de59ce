"""What people and apps do to mailboxes: every act commits one command and tells who listens.

The control API uses these acts too: seeding a mailbox, and dragging an item to another folder.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.directory import Person
from sandbox.graph import contact as contacts
from sandbox.graph import errors, extended, ids
from sandbox.graph.extended import Properties
from sandbox.graph.mailboxes import Mailboxes
from sandbox.graph.store import (
    CALENDAR,
    CONTACTS,
    DELETED,
    TASKS,
    WELL_KNOWN,
    Fields,
    Folder,
    Item,
    Kind,
    Mailbox,
)
from sandbox.graph.values import shown_time
from sandbox.world import World

MADE_AT_ONCE = 2_000


class ChangeType(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Happening:
    """An item was made, changed or taken out of a folder: what a subscription may want to hear of.

    ``day`` names the occurrence that it happened to, where it did not happen to a whole series.
    """

    person: Person
    kind: ChangeType
    folder: int
    item: Item
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An item that passed every check and is not yet kept."""

    fields: Fields
    properties: Properties

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Draft":
        """Return what a create makes of a contact, or raise Graph's 400."""
        said = extended.read(body)
        return cls(contacts.created(contacts.read(body)), extended.merged({}, said))

    @classmethod
    def after(cls, held: Item, body: Mapping[str, Any]) -> "Draft":
        """Return what an update makes of a contact, or raise Graph's 400."""
        said, properties = contacts.read(body), extended.read(body)
        return cls(contacts.updated(held.fields, said), extended.merged(held.properties, properties))


class Exchange:
    def __init__(self, world: World, mailboxes: Mailboxes) -> None:
        self.world, self.mailboxes = world, mailboxes
        self.listeners: list[Callable[[Happening], None]] = []

    def mailbox(self, person: Person) -> Mailbox:
        """Return a person's mailbox, or raise Graph's error for somebody who has none."""
        if not person.mailbox:
            raise errors.no_mailbox()
        return self.mailboxes.of(person.oid)

    def make_items(
        self, person: Person, folder: int, drafts: Iterable[Draft], *, kind: Kind = Kind.CONTACT
    ) -> list[Item]:
        made: list[Item] = self._commit(
            "items.made",
            person,
            folder=folder,
            at=self.at(),
            kind=kind,
            items=[[draft.fields, draft.properties] for draft in drafts],
        )
        for item in made:
            self._tell(person, ChangeType.CREATED, item)
        return made

    def change_item(
        self, person: Person, item: Item, after: Draft, *, part: int | None = None, day: int | None = None
    ) -> Item:
        """Write an item anew; ``part`` is the one row of a series that shows it, ``day`` whose news it is."""
        changed: Item = self._commit(
            "item.changed",
            person,
            number=item.number,
            at=self.at(),
            fields=after.fields,
            properties=after.properties,
            part=part,
        )
        self._tell(person, ChangeType.UPDATED, changed, day=day)
        return changed

    def fill_item(self, person: Person, item: Item, fields: Fields) -> Item:
        """Write what lies inside an item, of which nobody is told: no etag, delta or notification."""
        filled: Item = self._commit("item.filled", person, number=item.number, fields=fields)
        return filled

    def complete_task(self, person: Person, item: Item, *, again: Fields, done: Fields) -> Item:
        """Put a recurring task on its next date, with a done copy beside it; return the open one."""
        opened: Item
        opened, copy = self._commit(
            "task.completed",
            person,
            number=item.number,
            at=self.at(),
            fields=again,
            properties=item.properties,
            done=done,
        )
        self._tell(person, ChangeType.UPDATED, opened)
        self._tell(person, ChangeType.CREATED, copy)
        return opened

    def move_item(self, person: Person, item: Item, *, to: int) -> Item:
        moved: Item = self._commit("item.moved", person, number=item.number, to=to, at=self.at())
        self._tell(person, ChangeType.DELETED, item)
        self._tell(person, ChangeType.CREATED, moved)
        return moved

    def delete_item(self, person: Person, item: Item, *, for_good: bool = False) -> None:
        """Put an item into Deleted Items; one that is there already, or for good, is gone."""
        mailbox = self.mailbox(person)
        if for_good or mailbox.within(item.folder, DELETED):
            self._commit("item.erased", person, number=item.number)
            self._tell(person, ChangeType.DELETED, item)
        else:
            self.move_item(person, item, to=DELETED)

    def make_folder(
        self,
        person: Person,
        name: str,
        *,
        parent: int,
        properties: Properties,
        kind: Kind = Kind.CONTACT,
        about: Fields | None = None,
    ) -> Folder:
        self._refuse_taken_name(person, name, parent=parent, but=None)
        made: Folder = self._commit(
            "folder.made",
            person,
            parent=parent,
            name=name,
            properties=properties,
            kind=kind,
            about=about or {},
        )
        return made

    def change_folder(
        self,
        person: Person,
        folder: Folder,
        *,
        name: str,
        properties: Properties,
        about: Fields | None = None,
    ) -> Folder:
        self._refuse_taken_name(person, name, parent=folder.parent, but=folder.number)
        changed: Folder = self._commit(
            "folder.changed",
            person,
            number=folder.number,
            name=name,
            properties=properties,
            about=folder.about if about is None else about,
        )
        return changed

    def delete_folder(self, person: Person, folder: Folder, *, for_good: bool = False) -> None:
        """Put a folder, with what is in it, under Deleted Items; from there or for good it is gone."""
        if for_good or self.mailbox(person).within(folder.number, DELETED):
            self._commit("folder.erased", person, number=folder.number)
        else:
            self._commit("folder.moved", person, number=folder.number, to=DELETED)

    def seed(self, person: Person, items: Iterable[Mapping[str, Any]], *, folder: str = "Contacts") -> int:
        """Put many contacts, in Graph's own JSON, into the folder of that name, made where missing."""
        drafts = [Draft.of(item) for item in items]
        number = self.folder_named(person, folder, kind=Kind.CONTACT)
        for start in range(0, len(drafts), MADE_AT_ONCE):
            self.make_items(person, number, drafts[start : start + MADE_AT_ONCE])
        return len(drafts)

    def drag(self, person: Person, item_id: str, *, to: str) -> str:
        """Do what dragging an item to another folder in Outlook does; return its id from then on.

        ``to`` is the id of a folder for such items, or a well-known name as ``contacts`` or ``deleteditems``.
        """
        mailbox = self.mailbox(person)
        item = item_of(mailbox, item_id)
        number = WELL_KNOWN.get(to.lower()) or _destination(mailbox, to, kind=item.kind)
        if number != DELETED and mailbox.folders[number].kind is not item.kind:
            raise errors.item_not_found()
        if number != item.folder:
            item = self.move_item(person, item, to=number)
        immutable = item_id.startswith(ids.IMMUTABLE)
        return mailbox.item_id(item, immutable=immutable)

    def folder_named(self, person: Person, name: str, *, kind: Kind) -> int:
        """Return the number of the folder of that name for items of a kind, made where missing."""
        mailbox = self.mailbox(person)
        parent = {Kind.CONTACT: CONTACTS, Kind.EVENT: CALENDAR, Kind.TASK: TASKS}[kind]
        for folder in mailbox.folders.values():
            lives = kind is not Kind.CONTACT or mailbox.within(folder.number, CONTACTS)
            if folder.kind is kind and lives and folder.name.lower() == name.lower():
                return folder.number
        return self.make_folder(person, name, parent=parent, properties={}, kind=kind).number

    def _refuse_taken_name(self, person: Person, name: str, *, parent: int | None, but: int | None) -> None:
        children = self.mailbox(person).children(parent) if parent is not None else ()
        if any(child.name.lower() == name.lower() and child.number != but for child in children):
            raise errors.folder_exists()

    def _commit(self, command: str, person: Person, /, **body: Any) -> Any:
        return self.world.commit(command, {"mailbox": person.oid, **body})

    def _tell(self, person: Person, kind: ChangeType, item: Item, *, day: int | None = None) -> None:
        for listener in self.listeners:
            listener(Happening(person, kind, item.folder, item, day))

    def at(self) -> str:
        return shown_time(self.world.now().replace(microsecond=0))


def item_of(mailbox: Mailbox, item_id: str, *, kind: Kind | None = None) -> Item:
    """Return the item with that id, of that kind if any is named, or raise Graph's 400 or 404."""
    parsed = parsed_id(item_id)
    item = mailbox.items.get(parsed.number) if parsed.mailbox == mailbox.owner else None
    if item is None or parsed.generation not in {None, item.generation} or kind not in {None, item.kind}:
        raise errors.item_not_found()
    return item


def parsed_id(item_id: str) -> ids.ItemId:
    try:
        return ids.parse_item_id(item_id)
    except ids.MalformedIdError:
        raise errors.invalid_id() from None


def _destination(mailbox: Mailbox, folder_id: str, *, kind: Kind) -> int:
    """Return the number of a folder that items of a kind can be dragged to, or of Deleted Items."""
    deleted = folder_id == mailbox.folder_id(DELETED)
    return DELETED if deleted else folder_of(mailbox, folder_id, kind=kind).number


def folder_of(mailbox: Mailbox, folder_id: str, *, kind: Kind = Kind.CONTACT) -> Folder:
    """Return the folder with that id, also a deleted one, or raise Graph's 400 or 404.

    The root and Deleted Items hold items of any kind: they are no contact folders and no calendars.
    """
    try:
        parsed = ids.parse_folder_id(folder_id)
    except ids.MalformedIdError:
        raise errors.invalid_id() from None
    folder = mailbox.folders.get(parsed.number) if parsed.mailbox == mailbox.owner else None
    anything = folder is None or folder.parent is None or folder.number == DELETED
    if folder is None or anything or folder.kind is not kind:
        raise errors.item_not_found()
    return folder
