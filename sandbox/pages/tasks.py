"""A mailbox's task lists as the To Do app shows them, and forms for what a person does. Dates are UTC."""

import html
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.directory import Person
from sandbox.html import page
from sandbox.pages.outlook import Outlook, OutlookError, person_of
from sandbox.pages.todo import ToDo
from sandbox.world import World

SEE_OTHER = 303
REPEATS = ("daily", "weekly", "absoluteMonthly", "absoluteYearly")


class TaskPages:
    def __init__(self, world: World, outlook: Outlook) -> None:
        self.world, self.todo = world, ToDo(world, outlook)

    async def tasks(self, request: Request) -> Response:
        person, wanted = person_of(request, self.world), request.query_params.get("list", "")
        lists = await self.todo.lists(person)
        here = next((one for one in lists if one["id"] == wanted), lists[0])
        found = [_shown(one) for one in await self.todo.tasks(person, here["id"])]
        return page(
            "tasks.html",
            person=person,
            lists=lists,
            here=here,
            open=sorted((one for one in found if not one["done"]), key=_by_due),
            done=[one for one in found if one["done"]],
            today=self.world.now().date(),
        )

    async def new(self, request: Request) -> Response:
        person, form = person_of(request, self.world), await request.form()
        said = _read(form)
        await self.todo.make_task(
            person, str(form.get("list", "")), {name: value for name, value in said.items() if value}
        )
        return _back(person, str(form.get("list", "")))

    async def new_list(self, request: Request) -> Response:
        person = person_of(request, self.world)
        made = await self.todo.make_list(person, str((await request.form()).get("name", "")).strip())
        return _back(person, made["id"])

    async def change_list(self, request: Request) -> Response:
        person, list_id = person_of(request, self.world), request.path_params["list"]
        form = await request.form()
        if form.get("delete"):
            await self.todo.delete_list(person, list_id)
            return _back(person, "")
        await self.todo.rename_list(person, list_id, str(form.get("name", "")).strip())
        return _back(person, list_id)

    async def task(self, request: Request) -> Response:
        person, list_id, task_id = self._named(request)
        task = await self.todo.task(person, list_id, task_id)
        if request.method == "POST":
            form = await request.form()
            if update := _changed(task, form):
                await self.todo.change_task(person, list_id, task_id, update)
            to = str(form.get("list", list_id))
            if to != list_id:
                self.todo.move_task(person, task_id, to=to)
            return _back(person, to)
        lists = await self.todo.lists(person)
        return page("task.html", person=person, lists=lists, here=list_id, task=_shown(task), repeats=REPEATS)

    async def check(self, request: Request) -> Response:
        person, list_id, task_id = self._named(request)
        done = bool((await request.form()).get("done"))
        status = "completed" if done else "notStarted"
        await self.todo.change_task(person, list_id, task_id, {"status": status})
        return _back(person, list_id)

    async def delete(self, request: Request) -> Response:
        person, list_id, task_id = self._named(request)
        await self.todo.delete_task(person, list_id, task_id)
        return _back(person, list_id)

    async def add_step(self, request: Request) -> Response:
        person, list_id, task_id = self._named(request)
        name = str((await request.form()).get("name", "")).strip()
        await self.todo.make_step(person, list_id, task_id, name)
        return RedirectResponse(request.url.path.removesuffix("/steps"), SEE_OTHER)

    async def change_step(self, request: Request) -> Response:
        person, list_id, task_id = self._named(request)
        step_id, form = request.path_params["step"], await request.form()
        if form.get("delete"):
            await self.todo.delete_step(person, list_id, task_id, step_id)
        else:
            checked = bool(form.get("checked"))
            await self.todo.check_step(person, list_id, task_id, step_id, checked=checked)
        return RedirectResponse(request.url.path.removesuffix(f"/steps/{step_id}"), SEE_OTHER)

    def _named(self, request: Request) -> tuple[Person, str, str]:
        return (
            person_of(request, self.world),
            request.path_params["list"],
            request.path_params["id"],
        )


def _back(person: Person, list_id: str) -> Response:
    where = f"?list={quote(list_id)}" if list_id else ""
    return RedirectResponse(f"/mailbox/{person.mail}/tasks{where}", SEE_OTHER)


def _shown(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task as a page shows it."""
    due = task.get("dueDateTime", {}).get("dateTime", "")[:10]
    steps = task["checklistItems"]
    return {
        "id": task["id"],
        "title": task["title"],
        "due": date.fromisoformat(due) if due else None,
        "done": task["status"] == "completed",
        "importance": task["importance"],
        "notes": task["body"]["content"].replace("\r\n", "\n").rstrip("\n"),
        "repeats": task.get("recurrence", {}).get("pattern", {}).get("type", ""),
        "steps": steps,
        "checked": sum(step["isChecked"] for step in steps),
    }


def _by_due(shown: Mapping[str, Any]) -> tuple[bool, date]:
    return shown["due"] is None, shown["due"] or date.min


def _read(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form says, as a create's body; a date that is left empty is None."""
    due = str(form.get("due", "")).strip()
    try:
        at = date.fromisoformat(due).isoformat() if due else None
    except ValueError:
        raise OutlookError(400, f"{due} is no date.") from None
    return {
        "title": str(form.get("title", "")).strip(),
        "dueDateTime": at and {"dateTime": f"{at}T00:00:00", "timeZone": "UTC"},
    }


def _changed(task: Mapping[str, Any], form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a form that differs from the task; a date that stays keeps its zone."""
    before, said = _shown(task), _read(form)
    update: dict[str, Any] = {}
    if said["title"] != before["title"]:
        update["title"] = said["title"]
    due = said["dueDateTime"] and said["dueDateTime"]["dateTime"][:10]
    if due != (before["due"] and before["due"].isoformat()):
        update["dueDateTime"] = said["dueDateTime"]
    if form.get("importance", before["importance"]) != before["importance"]:
        update["importance"] = str(form["importance"])
    notes = str(form.get("notes", before["notes"])).replace("\r\n", "\n")
    if notes != before["notes"]:
        content = html.escape(notes, quote=False).replace("\n", "<br>\n")
        update["body"] = {"contentType": "html", "content": content}
    repeats = str(form.get("repeats", before["repeats"]))
    if repeats != before["repeats"]:
        update["recurrence"] = _recurrence(repeats, due) if repeats else None
    return update


def _recurrence(repeats: str, due: str | None) -> dict[str, Any]:
    if due is None or repeats not in REPEATS:
        raise OutlookError(400, "What repeats needs a date.")
    day = date.fromisoformat(due)
    of_kind: dict[str, dict[str, Any]] = {
        "daily": {},
        "weekly": {"daysOfWeek": [f"{day:%A}".lower()]},
        "absoluteMonthly": {"dayOfMonth": day.day},
        "absoluteYearly": {"dayOfMonth": day.day, "month": day.month},
    }
    return {
        "pattern": {"type": repeats, "interval": 1, **of_kind[repeats]},
        "range": {"type": "noEnd", "startDate": due},
    }
