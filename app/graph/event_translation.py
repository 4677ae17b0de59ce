"""Events: how they and their calendars are reached and worded."""

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from typing import Any, ClassVar

from app.graph import (
    calendar,
    calendars,
    event_calls,
    series,
)
from app.graph.batch import Call
from app.graph.calendar_delta import Window, events_delta
from app.graph.delta import Page
from app.graph.folders import Folder
from app.graph.mailbox import Mailbox
from app.graph.protocol import Document
from app.graph.translation import Translation, listed
from app.records import Fields
from app.records.shape import Shape


class Calendar(Translation):
    """Events and their calendars."""

    shape = calendar.shape()
    select = calendar.SELECT
    containers = "/me/calendars"
    fresh: ClassVar[Mapping[str, Any]] = {"cancelledOccurrences": [], "exceptionOccurrences": []}

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

    async def find_marked(self, mailbox: Mailbox, container_id: str, marks: Sequence[str]) -> list[Document]:
        find = event_calls.find_marked_events
        return await listed(mailbox, [find(container_id, mark=mark) for mark in marks])

    def create(self, container_id: str, body: Document, *, mark: str, url: str | None = None) -> Call:  # noqa: ARG002
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
