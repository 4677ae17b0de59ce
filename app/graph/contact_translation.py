"""Contacts: how they and their folders are reached and worded."""

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from typing import Any

from app.graph import (
    calls,
    contacts,
    folders,
)
from app.graph.batch import Call
from app.graph.calendar_delta import Window
from app.graph.delta import Page, contacts_delta
from app.graph.folders import Folder
from app.graph.mailbox import Mailbox
from app.graph.protocol import Document
from app.graph.translation import Translation, listed
from app.records import Fields


class Contacts(Translation):
    """Contacts and their folders."""

    shape = contacts.SHAPE
    select = contacts.SELECT
    containers = "/me/contactFolders"

    def had(self, item: Mapping[str, Any]) -> Fields:
        return contacts.had(item)

    def parse(self, wording: Fields) -> Fields:
        return contacts.parse(wording)

    def read(self, item_id: str) -> Call:
        return calls.read_contact(item_id)

    def read_marked(self, item_id: str) -> Call:
        return calls.read_marked_contact(item_id)

    async def find_marked(self, mailbox: Mailbox, container_id: str, marks: Sequence[str]) -> list[Document]:
        find = calls.find_marked_contacts
        return await listed(mailbox, [find(container_id, mark=mark) for mark in marks])

    def create(self, container_id: str, body: Document, *, mark: str, url: str | None = None) -> Call:  # noqa: ARG002
        return calls.create_contact(container_id, body, mark=mark)

    def update(self, item_id: str, body: Document, *, etag: str | None) -> Call:
        return calls.update_contact(item_id, body, etag=etag)

    def delete(self, item_id: str, *, etag: str | None) -> Call:
        return calls.delete_contact(item_id, etag=etag)

    def item_of(self, call: Call) -> str | None:
        return calls.item_of(call)

    def container_of(self, item: Mapping[str, Any]) -> str | None:
        return item.get("parentFolderId")

    def resource(self, container_id: str) -> str:
        return f"/me/contactFolders/{container_id}/contacts"

    async def delta(
        self,
        mailbox: Mailbox,
        container_id: str,
        link: str | None,
        *,
        window: Window | None,  # noqa: ARG002  contacts have no time
        known: MutableMapping[str, str],  # noqa: ARG002  and belong to no series
    ) -> Page:
        return await contacts_delta(mailbox, container_id, link)

    def is_delta(self, path: str) -> bool:
        return "/contacts/delta" in path

    def container_call(self, container_id: str) -> Call:
        return folders.folder_call(container_id)

    def parse_container(self, document: Document) -> Folder:
        return Folder.parse(document)

    async def container(self, mailbox: Mailbox, container_id: str) -> Folder:
        return await folders.folder(mailbox, container_id)

    async def find_or_make(self, mailbox: Mailbox, name: str | None) -> Folder:
        assert name is not None  # noqa: S101  contacts sync in a folder of their own (A3)
        return await folders.find_or_make_folder(mailbox, name)

    async def rename(self, mailbox: Mailbox, container_id: str, name: str) -> bool:
        return await folders.rename_folder(mailbox, container_id, name)

    async def deleted_among(self, mailbox: Mailbox, parent_ids: Collection[str]) -> frozenset[str]:
        return await folders.deleted_among(mailbox, parent_ids)
