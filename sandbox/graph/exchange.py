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
from sandbox.graph.store import CONTACTS, DELETED, WELL_KNOWN, Contact, Folder, Mailbox
from sandbox.graph.values import shown_time
from sandbox.world import World

MADE_AT_ONCE = 2_000


class ChangeType(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Happening:
    """A contact was made, changed or taken out of a folder: what a subscription may want to hear of."""

    person: Person
    kind: ChangeType
    folder: int
    contact: Contact


@dataclass(frozen=True, slots=True)
class Draft:
    """A contact that passed every check and is not yet kept."""

    fields: contacts.Fields
    properties: Properties

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Draft":
        """Return what a create makes, or raise Graph's 400."""
        said = extended.read(body)
        return cls(contacts.created(contacts.read(body)), extended.merged({}, said))

    @classmethod
    def after(cls, held: Contact, body: Mapping[str, Any]) -> "Draft":
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

    def make_contacts(self, person: Person, folder: int, drafts: Iterable[Draft]) -> list[Contact]:
        made: list[Contact] = self._commit(
            "contacts.made",
            person,
            folder=folder,
            at=self._at(),
            contacts=[[draft.fields, draft.properties] for draft in drafts],
        )
        for contact in made:
            self._tell(person, ChangeType.CREATED, contact)
        return made

    def change_contact(self, person: Person, contact: Contact, after: Draft) -> Contact:
        changed: Contact = self._commit(
            "contact.changed",
            person,
            number=contact.number,
            at=self._at(),
            fields=after.fields,
            properties=after.properties,
        )
        self._tell(person, ChangeType.UPDATED, changed)
        return changed

    def move_contact(self, person: Person, contact: Contact, *, to: int) -> Contact:
        moved: Contact = self._commit("contact.moved", person, number=contact.number, to=to, at=self._at())
        self._tell(person, ChangeType.DELETED, contact)
        self._tell(person, ChangeType.CREATED, moved)
        return moved

    def delete_contact(self, person: Person, contact: Contact, *, for_good: bool = False) -> None:
        """Put a contact into Deleted Items; one that is there already, or for good, is gone."""
        mailbox = self.mailbox(person)
        if for_good or mailbox.within(contact.folder, DELETED):
            self._commit("contact.erased", person, number=contact.number)
            self._tell(person, ChangeType.DELETED, contact)
        else:
            self.move_contact(person, contact, to=DELETED)

    def make_folder(self, person: Person, name: str, *, parent: int, properties: Properties) -> Folder:
        self._refuse_taken_name(person, name, parent=parent, but=None)
        made: Folder = self._commit("folder.made", person, parent=parent, name=name, properties=properties)
        return made

    def change_folder(self, person: Person, folder: Folder, *, name: str, properties: Properties) -> Folder:
        self._refuse_taken_name(person, name, parent=folder.parent, but=folder.number)
        changed: Folder = self._commit(
            "folder.changed", person, number=folder.number, name=name, properties=properties
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
        number = self._folder_named(person, folder)
        for start in range(0, len(drafts), MADE_AT_ONCE):
            self.make_contacts(person, number, drafts[start : start + MADE_AT_ONCE])
        return len(drafts)

    def drag(self, person: Person, item_id: str, *, to: str) -> str:
        """Do what dragging a contact to another folder in Outlook does; return its default id from then on.

        ``to`` is the id of a folder, or the well-known name ``contacts`` or ``deleteditems``.
        """
        mailbox = self.mailbox(person)
        contact = contact_of(mailbox, item_id)
        number = WELL_KNOWN.get(to.lower()) or _destination(mailbox, to)
        if number != contact.folder:
            contact = self.move_contact(person, contact, to=number)
        immutable = item_id.startswith(ids.IMMUTABLE)
        return mailbox.item_id(contact, immutable=immutable)

    def _folder_named(self, person: Person, name: str) -> int:
        mailbox = self.mailbox(person)
        if name.lower() in WELL_KNOWN:
            return WELL_KNOWN[name.lower()]
        for folder in mailbox.folders.values():
            if folder.name.lower() == name.lower() and mailbox.within(folder.number, CONTACTS):
                return folder.number
        return self.make_folder(person, name, parent=CONTACTS, properties={}).number

    def _refuse_taken_name(self, person: Person, name: str, *, parent: int | None, but: int | None) -> None:
        children = self.mailbox(person).children(parent) if parent is not None else ()
        if any(child.name.lower() == name.lower() and child.number != but for child in children):
            raise errors.folder_exists()

    def _commit(self, kind: str, person: Person, **body: Any) -> Any:
        return self.world.commit(kind, {"mailbox": person.oid, **body})

    def _tell(self, person: Person, kind: ChangeType, contact: Contact) -> None:
        for listener in self.listeners:
            listener(Happening(person, kind, contact.folder, contact))

    def _at(self) -> str:
        return shown_time(self.world.now().replace(microsecond=0))


def contact_of(mailbox: Mailbox, item_id: str) -> Contact:
    """Return the contact with that id in either format, or raise Graph's 400 or 404."""
    try:
        parsed = ids.parse_item_id(item_id)
    except ids.MalformedIdError:
        raise errors.invalid_id() from None
    contact = mailbox.contacts.get(parsed.number) if parsed.mailbox == mailbox.owner else None
    if contact is None or parsed.generation not in {None, contact.generation}:
        raise errors.item_not_found()
    return contact


def _destination(mailbox: Mailbox, folder_id: str) -> int:
    """Return the number of a folder that contacts can be dragged to: any contact folder, or Deleted Items."""
    deleted = folder_id == mailbox.folder_id(DELETED)
    return DELETED if deleted else folder_of(mailbox, folder_id).number


def folder_of(mailbox: Mailbox, folder_id: str) -> Folder:
    """Return the contact folder with that id, also a deleted one, or raise Graph's 400 or 404.

    The root and Deleted Items hold more than contacts: they are no contact folders.
    """
    try:
        parsed = ids.parse_folder_id(folder_id)
    except ids.MalformedIdError:
        raise errors.invalid_id() from None
    folder = mailbox.folders.get(parsed.number) if parsed.mailbox == mailbox.owner else None
    if folder is None or (folder.parent is None or folder.number == DELETED):
        raise errors.item_not_found()
    return folder
