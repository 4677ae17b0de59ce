"""Tasks: how they and their lists are reached and worded."""

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from app.graph import (
    task_calls,
    task_lists,
    tasks,
)
from app.graph.batch import Call
from app.graph.calendar_delta import Window
from app.graph.delta import Page
from app.graph.folders import Folder
from app.graph.mailbox import Mailbox
from app.graph.protocol import Document, NotFound
from app.graph.subscriptions import SHORT
from app.graph.translation import Translation
from app.records import Fields, task


@dataclass(frozen=True, slots=True)
class Tasks(Translation):
    """Tasks and their lists. An item is only reached by the list that it lies in."""

    list_id: str = ""

    shape = tasks.SHAPE
    select = tasks.SELECT
    containers = task_lists.ALL
    subscription_lasts: ClassVar[timedelta] = SHORT
    changes_ids = True
    fresh: ClassVar[Mapping[str, Any]] = {tasks.CHECKLIST: []}

    def within(self, container_id: str | None) -> "Tasks":
        return Tasks(container_id or "")

    def had(self, item: Mapping[str, Any]) -> Fields:
        return tasks.had(item)

    def parse(self, wording: Fields) -> Fields:
        return tasks.parse(wording)

    def read(self, item_id: str) -> Call:
        return task_calls.read_task(self.list_id, item_id)

    async def complete(self, mailbox: Mailbox, items: Sequence[Document]) -> None:
        short = [item for item in items if tasks.CHECKLIST not in item]
        answers = await mailbox.batch([self.read(item["id"]) for item in short]) if short else []
        for item, answer in zip(short, answers, strict=True):
            if not isinstance(answer.error(), NotFound):
                item.update(answer.result())

    def read_marked(self, item_id: str) -> Call:
        return self.read(item_id)

    async def find_marked(self, mailbox: Mailbox, container_id: str, marks: Sequence[str]) -> list[Document]:
        del marks  # all are looked through at once
        return await task_lists.marked_tasks(mailbox, container_id)

    def mark_of(self, item: Mapping[str, Any]) -> str | None:
        return task_calls.mark_of(dict(item))

    def create(self, container_id: str, body: Document, *, mark: str, url: str | None = None) -> Call:
        return task_calls.create_task(container_id, body, mark=mark, url=url)

    def update(self, item_id: str, body: Document, *, etag: str | None) -> Call:
        return task_calls.update_task(self.list_id, item_id, body, etag=etag)

    def delete(self, item_id: str, *, etag: str | None) -> Call:
        return task_calls.delete_task(self.list_id, item_id, etag=etag)

    def item_of(self, call: Call) -> str | None:
        return task_calls.task_of(call)

    def container_of(self, item: Mapping[str, Any]) -> str | None:  # noqa: ARG002  it was reached by its list
        return None

    def resource(self, container_id: str) -> str:
        return task_calls.tasks_of(container_id)

    async def delta(
        self,
        mailbox: Mailbox,
        container_id: str,
        link: str | None,
        *,
        window: Window | None,  # noqa: ARG002  lists are synced whole
        known: MutableMapping[str, str],  # noqa: ARG002  tasks belong to no series
    ) -> Page:
        page = await task_lists.tasks_delta(mailbox, container_id, link)
        await self.complete(mailbox, page.items)
        return page

    def is_delta(self, path: str) -> bool:
        return "/tasks/delta" in path

    def container_call(self, container_id: str) -> Call:
        return task_lists.list_call(container_id)

    def parse_container(self, document: Document) -> Folder:
        return task_lists.parse(document)

    async def container(self, mailbox: Mailbox, container_id: str) -> Folder:
        return await task_lists.task_list(mailbox, container_id)

    async def find_or_make(self, mailbox: Mailbox, name: str | None) -> Folder:
        assert name is not None  # noqa: S101  tasks sync in a list that is named
        return await task_lists.find_or_make_list(mailbox, name)

    async def rename(self, mailbox: Mailbox, container_id: str, name: str) -> bool:
        return await task_lists.rename_list(mailbox, container_id, name)

    async def deleted_among(self, mailbox: Mailbox, parent_ids: Collection[str]) -> frozenset[str]:  # noqa: ARG002
        return frozenset()  # a deleted list answers 404, and so do its tasks

    async def moved(self, mailbox: Mailbox, items: Mapping[str, tuple[str, Fields]]) -> frozenset[str]:
        there = await task_lists.tasks_elsewhere(mailbox, but=self.list_id)
        labels = {mark.casefold() for item in there if (mark := task_calls.mark_of(item))}
        unmarked = [tasks.had(item) for item in there if not task_calls.mark_of(item)]
        return frozenset(
            key for key, (mark, wording) in items.items()
            if mark.casefold() in labels or any(tasks.same(wording, each) for each in unmarked)
        )  # fmt: skip

    def before_moving_on(self, item: Document, sent: Fields) -> Document | None:
        repeats = sent.get("status") == task.COMPLETED and item.get("status") != task.COMPLETED
        return {**item, "status": "completed"} if repeats else None

    def says_the_same(self, one: Fields, other: Fields) -> bool:
        return tasks.same(one, other)

    def is_done_copy(self, wording: Fields) -> bool:
        return tasks.is_done(wording)
