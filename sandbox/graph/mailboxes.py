"""The mailboxes as a part of the world: the commands that change them and the snapshot that rebuilds them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any
from uuid import UUID

from sandbox.graph.changes import Changes
from sandbox.graph.extended import Properties
from sandbox.graph.store import Fields, Folder, Item, Kind, Mailbox
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
            "items.made": self._items_made,
            "item.changed": self._item_changed,
            "item.moved": self._item_moved,
            "item.erased": self._item_erased,
            "item.filled": self._item_filled,
            "task.completed": self._task_completed,
            "folder.made": self._folder_made,
            "folder.changed": self._folder_changed,
            "folder.moved": self._folder_moved,
            "folder.erased": self._folder_erased,
            "mailbox.kept": self._mailbox_kept,
            "items.kept": self._items_kept,
            # What logs say that were written before there were events.
            "contacts.made": lambda body: self._items_made(body | {"items": body["contacts"]}),
            "contact.changed": self._item_changed,
            "contact.moved": self._item_moved,
            "contact.erased": self._item_erased,
            "contacts.kept": self._items_kept,
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
                yield "items.kept", {"mailbox": oid, "rows": some}

    def _items_made(self, body: Body) -> list[Item]:
        mailbox = self.of(body["mailbox"])
        kind = Kind(body.get("kind", Kind.CONTACT))
        return [
            self._made(mailbox, body, fields, properties, kind=kind) for fields, properties in body["items"]
        ]

    @staticmethod
    def _made(mailbox: Mailbox, body: Body, fields: Fields, properties: Properties, *, kind: Kind) -> Item:
        mailbox.last_item += 1
        item = Item(
            number=mailbox.last_item,
            folder=body["folder"],
            version=mailbox.next_position(),
            created=body["at"],
            modified=body["at"],
            fields=fields,
            properties=properties,
            kind=kind,
        )
        return mailbox.put(item)

    def _item_filled(self, body: Body) -> Item:
        """Change what lies inside an item; no delta and no etag tells of it."""
        mailbox = self.of(body["mailbox"])
        mailbox.items[body["number"]] = after = replace(mailbox.items[body["number"]], fields=body["fields"])
        return after

    def _task_completed(self, body: Body) -> tuple[Item, Item]:
        """Put a recurring task on its next date and make the done copy of it, both or neither."""
        mailbox = self.of(body["mailbox"])
        again = self._item_changed(body)
        done = self._made(mailbox, body | {"folder": again.folder}, body["done"], {}, kind=Kind.TASK)
        return again, done

    def _item_changed(self, body: Body) -> Item:
        mailbox = self.of(body["mailbox"])
        after = replace(
            mailbox.items[body["number"]],
            version=mailbox.next_position(),
            modified=body["at"],
            fields=body["fields"],
            properties=body["properties"],
        )
        return mailbox.put(after, part=body.get("part"))

    def _item_moved(self, body: Body) -> Item:
        mailbox = self.of(body["mailbox"])
        return mailbox.move(mailbox.items[body["number"]], to=body["to"], at=body["at"])

    def _item_erased(self, body: Body) -> None:
        mailbox = self.of(body["mailbox"])
        mailbox.erase(mailbox.items[body["number"]])

    def _folder_made(self, body: Body) -> Folder:
        mailbox = self.of(body["mailbox"])
        mailbox.last_folder += 1
        return mailbox.place(
            Folder(
                mailbox.last_folder,
                body["name"],
                body["parent"],
                properties=body["properties"],
                kind=Kind(body.get("kind", Kind.CONTACT)),
                about=body.get("about", {}),
            )
        )

    def _folder_changed(self, body: Body) -> Folder:
        mailbox = self.of(body["mailbox"])
        folder = mailbox.folders[body["number"]]
        folder.name, folder.properties = body["name"], body["properties"]
        folder.about = body.get("about", folder.about)
        return mailbox.place(folder)

    def _folder_moved(self, body: Body) -> None:
        mailbox = self.of(body["mailbox"])
        mailbox.move_folder(mailbox.folders[body["number"]], to=body["to"])

    def _folder_erased(self, body: Body) -> None:
        mailbox = self.of(body["mailbox"])
        mailbox.erase_folder(mailbox.folders[body["number"]])

    def _mailbox_kept(self, body: Body) -> None:
        mailbox = self.of(body["mailbox"])
        mailbox.position, mailbox.last_item = body["position"], body["last_contact"]
        mailbox.last_folder = body["last_folder"]
        for number, name, parent, properties, forgotten, *calendar in body["folders"]:
            kind, about = calendar or (Kind.CONTACT, {})
            mailbox.folders[number] = Folder(
                number, name, parent, properties, Kind(kind), about, changes=Changes(forgotten=forgotten)
            )
        for position, number, removed in body["folder_changes"]:
            note = mailbox.folder_changes.gone if removed else mailbox.folder_changes.touched
            note((number, 0), position)
        if "list_changes" in body:  # older logs know of no task lists
            mailbox.list_changes = Changes()
        for position, number, removed in body.get("list_changes", ()):
            note = mailbox.list_changes.gone if removed else mailbox.list_changes.touched
            note((number, 0), position)

    def _items_kept(self, body: Body) -> None:
        mailbox = self.of(body["mailbox"])
        for row in body["rows"]:
            if len(row) == len(TOMBSTONE):
                position, folder, number, generation = row
                mailbox.folders[folder].changes.gone((number, generation), position)
            else:
                mailbox.put(_item(row))


TOMBSTONE = ("position", "folder", "number", "generation")


def _item(row: list[Any]) -> Item:
    version, number, folder, created, modified, fields, properties, generation, *kind = row
    made_of = (number, folder, version, created, modified, fields, properties, generation)
    return Item(*made_of, kind=Kind(*kind or [Kind.CONTACT]))


def _kept(oid: str, mailbox: Mailbox) -> Body:
    return {
        "mailbox": oid,
        "position": mailbox.position,
        "last_contact": mailbox.last_item,
        "last_folder": mailbox.last_folder,
        "folders": [
            [
                folder.number,
                folder.name,
                folder.parent,
                folder.properties,
                folder.changes.forgotten,
                folder.kind,
                folder.about,
            ]
            for folder in mailbox.folders.values()
        ],
        "folder_changes": [
            [position, slot[0], removed] for position, slot, removed in mailbox.folder_changes.after(0)
        ],
        "list_changes": [
            [position, slot[0], removed] for position, slot, removed in mailbox.list_changes.after(0)
        ],
    }


def _rows(mailbox: Mailbox) -> Iterator[list[Any]]:
    """Yield items and what is still known of removed ones; both begin with their position."""
    for item in mailbox.items.values():
        yield [
            item.version,
            item.number,
            item.folder,
            item.created,
            item.modified,
            item.fields,
            item.properties,
            item.generation,
            item.kind,
        ]
    for folder in mailbox.folders.values():
        for (number, generation, *_), position in folder.changes.removed.items():
            yield [position, folder.number, number, generation]
