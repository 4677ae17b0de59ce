"""How the items of each entity are reached and worded: all that the engine knows of Microsoft's wire."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final

from app.graph import (
    calls,
)
from app.graph.batch import Call
from app.graph.calendar_delta import Window
from app.graph.delta import Page
from app.graph.folders import Folder
from app.graph.mailbox import Mailbox
from app.graph.protocol import Document, NotFound
from app.graph.subscriptions import LONG
from app.records import Fields
from app.records.shape import Shape

TO_BE_MADE: Final = "to-be-made"
"""The id of a container in a rehearsal that would only be made."""


class Translation(ABC):
    """One entity's items and their containers (folders, calendars, lists)."""

    shape: Shape
    select: tuple[str, ...]
    containers: str
    """The path under which containers are made."""
    subscription_lasts: ClassVar[timedelta] = LONG
    changes_ids: bool = False
    """Whether an item may come back under another id, or leave a copy behind."""
    fresh: ClassVar[Mapping[str, Any]] = {}
    """What a new item says that the answer to its creation leaves out."""

    def within(self, container_id: str | None) -> "Translation":  # noqa: ARG002  for items reached by it
        """Return how items are reached that lie in this container."""
        return self

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
    async def find_marked(self, mailbox: Mailbox, container_id: str, marks: Sequence[str]) -> list[Document]:
        """Return the items of a container that may carry one of these marks, to be checked by ``mark_of``."""

    def mark_of(self, item: Mapping[str, Any]) -> str | None:
        """Return the mark that an item shows, if it was asked for and there is one."""
        return calls.mark_of(dict(item))

    @abstractmethod
    def create(self, container_id: str, body: Document, *, mark: str, url: str | None = None) -> Call:
        """Make an item that carries our mark, and says where the CRM shows it if it can."""

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

    async def moved(self, mailbox: Mailbox, items: Mapping[str, tuple[str, Fields]]) -> frozenset[str]:  # noqa: ARG002
        """Return which of these items, whose ids are gone, lie in other containers under others.

        ``items`` are their marks and wordings, by any key.
        """
        return frozenset()

    def before_moving_on(self, item: Document, sent: Fields) -> Document | None:  # noqa: ARG002
        """Return an item as a write left it, where Microsoft at once did something more that it answers."""
        return None

    def says_the_same(self, one: Fields, other: Fields) -> bool:  # noqa: ARG002
        """Say whether two wordings are so alike that they are taken for one item with another id."""
        return False

    def is_done_copy(self, wording: Fields) -> bool:  # noqa: ARG002
        """Say whether this may be what an item that repeats left behind when it was done."""
        return False

    async def is_deleted(self, mailbox: Mailbox, found: Folder) -> bool:
        """Say whether a container lies in Deleted Items: Exchange moves it there first."""
        return found.parent_id is not None and bool(await self.deleted_among(mailbox, [found.parent_id]))


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
    found = await words.find_marked(mailbox, container_id, marks)
    return {
        mark: sorted(
            (item for item in found if words.mark_of(item) == mark),
            key=lambda item: str(item.get("createdDateTime")),
        )
        for mark in marks
    }


async def listed(mailbox: Mailbox, lists: Sequence[Call]) -> list[Document]:
    """Return the items of several lists, each once."""
    answers = await mailbox.batch(lists)
    return list(
        {item["id"]: item for answer in answers for item in answer.result().get("value", ())}.values()
    )
