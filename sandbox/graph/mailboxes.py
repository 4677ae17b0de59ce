"""The mailboxes as a part of the world: the commands that change them and the snapshot that rebuilds them."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import UUID

from sandbox.graph.changes import Changes
from sandbox.graph.store import Contact, Folder, Mailbox
from sandbox.log import Body, Command
from sandbox.world import Applier

KEPT_AT_ONCE = 1_000


class Mailboxes:
    """Everybody's mailbox, made when first looked at."""

    def __init__(self) -> None:
        self._of: dict[str, Mailbox] = {}

    @property
    def appliers(self) -> Mapping[str, Applier]:
        return {
            "contacts.made": self._contacts_made,
            "contact.changed": self._contact_changed,
            "contact.moved": self._contact_moved,
            "contact.erased": self._contact_erased,
            "folder.made": self._folder_made,
            "folder.changed": self._folder_changed,
            "folder.moved": self._folder_moved,
            "folder.erased": self._folder_erased,
            "mailbox.kept": self._mailbox_kept,
            "contacts.kept": self._contacts_kept,
        }

    def of(self, oid: str) -> Mailbox:
        if oid not in self._of:
            self._of[oid] = Mailbox(UUID(oid))
        return self._of[oid]

    def clear(self) -> None:
        self._of.clear()

    def snapshot(self) -> Iterator[Command]:
        for oid, mailbox in self._of.items():
            yield "mailbox.kept", _kept(oid, mailbox)
            rows = iter(sorted(_rows(mailbox), key=lambda row: row[0]))
            while some := list(islice(rows, KEPT_AT_ONCE)):
                yield "contacts.kept", {"mailbox": oid, "rows": some}

    def _contacts_made(self, body: Body) -> list[Contact]:
        mailbox = self.of(body["mailbox"])
        made = []
        for fields, properties in body["contacts"]:
            mailbox.last_contact += 1
            contact = Contact(
                number=mailbox.last_contact,
                folder=body["folder"],
                version=mailbox.next_position(),
                created=body["at"],
                modified=body["at"],
                fields=fields,
                properties=properties,
            )
            made.append(mailbox.put(contact))
        return made

    def _contact_changed(self, body: Body) -> Contact:
        mailbox = self.of(body["mailbox"])
        before = mailbox.contacts[body["number"]]
        after = Contact(
            number=before.number,
            folder=before.folder,
            version=mailbox.next_position(),
            created=before.created,
            modified=body["at"],
            fields=body["fields"],
            properties=body["properties"],
            generation=before.generation,
        )
        return mailbox.put(after)

    def _contact_moved(self, body: Body) -> Contact:
        mailbox = self.of(body["mailbox"])
        return mailbox.move(mailbox.contacts[body["number"]], to=body["to"], at=body["at"])

    def _contact_erased(self, body: Body) -> None:
        mailbox = self.of(body["mailbox"])
        mailbox.erase(mailbox.contacts[body["number"]])

    def _folder_made(self, body: Body) -> Folder:
        mailbox = self.of(body["mailbox"])
        mailbox.last_folder += 1
        return mailbox.place(
            Folder(mailbox.last_folder, body["name"], body["parent"], properties=body["properties"])
        )

    def _folder_changed(self, body: Body) -> Folder:
        mailbox = self.of(body["mailbox"])
        folder = mailbox.folders[body["number"]]
        folder.name, folder.properties = body["name"], body["properties"]
        return mailbox.place(folder)

    def _folder_moved(self, body: Body) -> None:
        mailbox = self.of(body["mailbox"])
        mailbox.move_folder(mailbox.folders[body["number"]], to=body["to"])

    def _folder_erased(self, body: Body) -> None:
        mailbox = self.of(body["mailbox"])
        mailbox.erase_folder(mailbox.folders[body["number"]])

    def _mailbox_kept(self, body: Body) -> None:
        mailbox = self.of(body["mailbox"])
        mailbox.position, mailbox.last_contact = body["position"], body["last_contact"]
        mailbox.last_folder = body["last_folder"]
        for number, name, parent, properties, forgotten in body["folders"]:
            mailbox.folders[number] = Folder(
                number, name, parent, properties, changes=Changes(forgotten=forgotten)
            )
        for position, number, removed in body["folder_changes"]:
            note = mailbox.folder_changes.gone if removed else mailbox.folder_changes.touched
            note((number, 0), position)

    def _contacts_kept(self, body: Body) -> None:
        mailbox = self.of(body["mailbox"])
        for row in body["rows"]:
            if len(row) == len(TOMBSTONE):
                position, folder, number, generation = row
                mailbox.folders[folder].changes.gone((number, generation), position)
            else:
                version, number, folder, created, modified, fields, properties, generation = row
                mailbox.put(
                    Contact(number, folder, version, created, modified, fields, properties, generation)
                )


TOMBSTONE = ("position", "folder", "number", "generation")


def _kept(oid: str, mailbox: Mailbox) -> Body:
    return {
        "mailbox": oid,
        "position": mailbox.position,
        "last_contact": mailbox.last_contact,
        "last_folder": mailbox.last_folder,
        "folders": [
            [folder.number, folder.name, folder.parent, folder.properties, folder.changes.forgotten]
            for folder in mailbox.folders.values()
        ],
        "folder_changes": [
            [position, slot[0], removed] for position, slot, removed in mailbox.folder_changes.after(0)
        ],
    }


def _rows(mailbox: Mailbox) -> Iterator[list[Any]]:
    """Yield contacts and what is still known of removed ones; both begin with their position."""
    for contact in mailbox.contacts.values():
        yield [
            contact.version,
            contact.number,
            contact.folder,
            contact.created,
            contact.modified,
            contact.fields,
            contact.properties,
            contact.generation,
        ]
    for folder in mailbox.folders.values():
        for (number, generation), position in folder.changes.removed.items():
            yield [position, folder.number, number, generation]
