"""How the items of each entity are reached and worded: all that the engine knows of Microsoft's wire."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from typing import Any, Final

from app.graph import calendar, calendars, calls, contacts, event_calls, folders, series
from app.graph.batch import Call
from app.graph.calendar_delta import Window, events_delta
from app.graph.delta import Page, contacts_delta
from app.graph.folders import Folder
from app.graph.mailbox import Mailbox
from app.graph.protocol import Document, NotFound
from app.records import Fields
from app.records.shape import Shape

TO_BE_MADE: Final = "to-be-made"
"""The id of a container in a rehearsal that would only be made."""


class Translation(ABC):
    """One entity's items and their containers (folders, calendars)."""

    shape: Shape
    select: tuple[str, ...]
    containers: str
    """The path under which containers are made."""

    @abstractmethod
    def had(self, item: Mapping[str, Any]) -> Fields:
        """Return the item's raw wording of the properties we project, as ``graph_had`` keeps it."""

    @abstractmethod
    def parse(self, wording: Fields) -> Fields:
        """Return the document that a wording stands for; empty fields are left out."""

    def shaped(self, *, default_minutes: int | None) -> Shape:  # noqa: ARG002  for entities with times
        """Return the shape under a connection's settings."""
        return self.shape

    @abstractmethod
    def read(self, item_id: str) -> Call:
        """Read an item, in whichever container it lies by now."""

    async def complete(self, mailbox: Mailbox, items: Sequence[Document]) -> None:
        """Let items that were read say what they leave out."""
        del mailbox, items

    @abstractmethod
    def read_marked(self, item_id: str) -> Call:
        """Read an item with the mark that the delta never shows."""

    @abstractmethod
    def find_marked(self, container_id: str, *, mark: str) -> Call:
        """List the items of a container that carry a mark, to be checked by ``mark_of``."""

    @abstractmethod
    def create(self, container_id: str, body: Document, *, mark: str) -> Call:
        """Make an item that carries our mark."""

    @abstractmethod
    def update(self, item_id: str, body: Document, *, etag: str | None) -> Call:
        """Write the fields named in the body, where the item is still as we knew it."""

    @abstractmethod
    def delete(self, item_id: str, *, etag: str | None) -> Call:
        """Move an item to Deleted Items, where it is still as we knew it."""

    @abstractmethod
    def item_of(self, call: Call) -> str | None:
        """Return the item that a call reads or writes, unless it makes one."""

    @abstractmethod
    def container_of(self, item: Mapping[str, Any]) -> str | None:
        """Return the container that an item lies in; None where it doesn't say."""

    @abstractmethod
    def resource(self, container_id: str) -> str:
        """Return what a subscription to a container's items is for."""

    @abstractmethod
    async def delta(
        self,
        mailbox: Mailbox,
        container_id: str,
        link: str | None,
        *,
        window: Window | None,
        known: MutableMapping[str, str],
    ) -> Page:
        """Return a page of a delta round. Raises DeltaExpired or FolderGone."""

    @abstractmethod
    def is_delta(self, path: str) -> bool:
        """Say whether a path leads to a page of a delta."""

    @abstractmethod
    def container_call(self, container_id: str) -> Call:
        """Return the call that reads a container, for use in a batch."""

    @abstractmethod
    def parse_container(self, document: Document) -> Folder:
        """Read a container."""

    @abstractmethod
    async def container(self, mailbox: Mailbox, container_id: str) -> Folder:
        """Return a container by its id. Raises FolderGone."""

    @abstractmethod
    async def find_or_make(self, mailbox: Mailbox, name: str | None) -> Folder:
        """Return the container of this name, made if there is none; without a name, the default one."""

    @abstractmethod
    async def rename(self, mailbox: Mailbox, container_id: str, name: str) -> bool:
        """Give a container another name; say whether it was free."""

    @abstractmethod
    async def deleted_among(self, mailbox: Mailbox, parent_ids: Collection[str]) -> frozenset[str]:
        """Return which of these parents is Deleted Items."""

    async def is_deleted(self, mailbox: Mailbox, found: Folder) -> bool:
        """Say whether a container lies in Deleted Items: Exchange moves it there first."""
        return found.parent_id is not None and bool(await self.deleted_among(mailbox, [found.parent_id]))


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

    def find_marked(self, container_id: str, *, mark: str) -> Call:
        return calls.find_marked_contacts(container_id, mark=mark)

    def create(self, container_id: str, body: Document, *, mark: str) -> Call:
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


class Calendar(Translation):
    """Events and their calendars."""

    shape = calendar.shape()
    select = calendar.SELECT
    containers = "/me/calendars"

    def had(self, item: Mapping[str, Any]) -> Fields:
        return calendar.had(item)

    def parse(self, wording: Fields) -> Fields:
        return calendar.parse(wording)

    def shaped(self, *, default_minutes: int | None) -> Shape:
        return self.shape if default_minutes is None else calendar.shape(default_minutes=default_minutes)

    def read(self, item_id: str) -> Call:
        return event_calls.read_event(item_id)

    async def complete(self, mailbox: Mailbox, items: Sequence[Document]) -> None:
        await series.complete(mailbox, items)

    def read_marked(self, item_id: str) -> Call:
        return event_calls.read_marked_event(item_id)

    def find_marked(self, container_id: str, *, mark: str) -> Call:
        return event_calls.find_marked_events(container_id, mark=mark)

    def create(self, container_id: str, body: Document, *, mark: str) -> Call:
        return event_calls.create_event(container_id, body, mark=mark)

    def update(self, item_id: str, body: Document, *, etag: str | None) -> Call:
        return event_calls.update_event(item_id, body, etag=etag)

    def delete(self, item_id: str, *, etag: str | None) -> Call:
        return event_calls.delete_event(item_id, etag=etag)

    def item_of(self, call: Call) -> str | None:
        return event_calls.event_of(call)

    def container_of(self, item: Mapping[str, Any]) -> str | None:
        return event_calls.calendar_of(item)

    def resource(self, container_id: str) -> str:
        return event_calls.events_of(container_id)

    async def delta(
        self,
        mailbox: Mailbox,
        container_id: str,
        link: str | None,
        *,
        window: Window | None,
        known: MutableMapping[str, str],
    ) -> Page:
        assert window is not None  # noqa: S101  a calendar's round is begun with one
        return await events_delta(mailbox, container_id, link, window=window, known=known)

    def is_delta(self, path: str) -> bool:
        return "/calendarview/delta" in path.lower()

    def container_call(self, container_id: str) -> Call:
        return calendars.calendar_call(container_id)

    def parse_container(self, document: Document) -> Folder:
        return calendars.parse(document)

    async def container(self, mailbox: Mailbox, container_id: str) -> Folder:
        return await calendars.calendar(mailbox, container_id)

    async def find_or_make(self, mailbox: Mailbox, name: str | None) -> Folder:
        return await calendars.find_or_make_calendar(mailbox, name)

    async def rename(self, mailbox: Mailbox, container_id: str, name: str) -> bool:
        return await calendars.rename_calendar(mailbox, container_id, name)

    async def deleted_among(self, mailbox: Mailbox, parent_ids: Collection[str]) -> frozenset[str]:  # noqa: ARG002
        return frozenset()  # a deleted calendar answers 404, and so do its events


TRANSLATIONS: Final[Mapping[str, Translation]] = {"contacts": Contacts(), "calendar": Calendar()}


def translation(entity: str) -> Translation:
    """Return how the items of an entity are reached and worded."""
    return TRANSLATIONS[entity]


async def read_marked(words: Translation, mailbox: Mailbox, item_ids: Sequence[str]) -> dict[str, Document]:
    """Return the items of these ids, each showing its mark (``mark_of``); what isn't there is left out."""
    answers = await mailbox.batch([words.read_marked(item_id) for item_id in item_ids])
    found: dict[str, Document] = {}
    for item_id, answer in zip(item_ids, answers, strict=True):
        if not isinstance(answer.error(), NotFound):
            found[item_id] = answer.result()
    await words.complete(mailbox, list(found.values()))
    return found


async def find_marked(
    words: Translation, mailbox: Mailbox, container_id: str, *, marks: Sequence[str]
) -> dict[str, list[Document]]:
    """Return for each mark the container's items that carry it, oldest first.

    Right after a create an empty list proves nothing: the look-up may lag behind.
    """
    answers = await mailbox.batch([words.find_marked(container_id, mark=mark) for mark in marks])
    return {
        mark: sorted(
            (item for item in answer.result().get("value", ()) if calls.mark_of(item) == mark),
            key=lambda item: str(item.get("createdDateTime")),
        )
        for mark, answer in zip(marks, answers, strict=True)
    }
