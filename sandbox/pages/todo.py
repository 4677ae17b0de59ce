"""What the To Do app does for the pages: calls of Graph as that person, and dragging a task elsewhere."""

from typing import Any
from urllib.parse import quote

from sandbox.directory import Person
from sandbox.errors import GraphError
from sandbox.pages.outlook import Outlook, OutlookError
from sandbox.world import World

Document = dict[str, Any]

LISTS = "/me/todo/lists"
EXPAND = {"$expand": "checklistItems"}
TEXT = {"Prefer": 'outlook.body-content-type="text"'}


class ToDo:
    def __init__(self, world: World, outlook: Outlook) -> None:
        self._world, self._outlook = world, outlook

    async def lists(self, person: Person) -> list[Document]:
        listed = await self._outlook.call(person, "GET", LISTS, params={"$top": "1000"})
        return list(listed["value"])

    async def make_list(self, person: Person, name: str) -> Document:
        return await self._outlook.call(person, "POST", LISTS, json={"displayName": name})

    async def rename_list(self, person: Person, list_id: str, name: str) -> None:
        await self._outlook.call(person, "PATCH", _list(list_id), json={"displayName": name})

    async def delete_list(self, person: Person, list_id: str) -> None:
        await self._outlook.call(person, "DELETE", _list(list_id))

    async def tasks(self, person: Person, list_id: str) -> list[Document]:
        path = f"{_list(list_id)}/tasks"
        found = await self._outlook.call(person, "GET", path, params=EXPAND | {"$top": "1000"})
        return list(found["value"])

    async def task(self, person: Person, list_id: str, task_id: str) -> Document:
        path = _task(list_id, task_id)
        return await self._outlook.call(person, "GET", path, params=EXPAND, headers=TEXT)

    async def make_task(self, person: Person, list_id: str, task: Document) -> None:
        await self._outlook.call(person, "POST", f"{_list(list_id)}/tasks", json=task)

    async def change_task(self, person: Person, list_id: str, task_id: str, update: Document) -> None:
        await self._outlook.call(person, "PATCH", _task(list_id, task_id), json=update)

    async def delete_task(self, person: Person, list_id: str, task_id: str) -> None:
        await self._outlook.call(person, "DELETE", _task(list_id, task_id))

    async def make_step(self, person: Person, list_id: str, task_id: str, name: str) -> None:
        await self._outlook.call(person, "POST", _steps(list_id, task_id), json={"displayName": name})

    async def check_step(
        self, person: Person, list_id: str, task_id: str, step_id: str, *, checked: bool
    ) -> None:
        path = f"{_steps(list_id, task_id)}/{quote(step_id)}"
        await self._outlook.call(person, "PATCH", path, json={"isChecked": checked})

    async def delete_step(self, person: Person, list_id: str, task_id: str, step_id: str) -> None:
        await self._outlook.call(person, "DELETE", f"{_steps(list_id, task_id)}/{quote(step_id)}")

    def move_task(self, person: Person, task_id: str, *, to: str) -> str:
        """Drag a task to another list; return its new id. Graph has no call for it."""
        try:
            return self._world.exchange.drag(person, task_id, to=to)
        except GraphError as error:
            raise OutlookError(error.status, f"{error.code}: {error.message}") from error


def _list(list_id: str) -> str:
    return f"{LISTS}/{quote(list_id)}"


def _task(list_id: str, task_id: str) -> str:
    return f"{_list(list_id)}/tasks/{quote(task_id)}"


def _steps(list_id: str, task_id: str) -> str:
    return f"{_task(list_id, task_id)}/checklistItems"
