"""What people do with their tasks: words for these stories."""

from datetime import timedelta
from typing import Any

from app import clock
from tests.calendar.diary import Diary
from tests.preview.preview_stage import FOLDER, Json

EXPANDED = "$expand=checklistItems,linkedResources"


def day(number: int) -> str:
    """Return a date some days from today."""
    return (clock.now() + timedelta(days=number)).date().isoformat()


def due(date: str, zone: str = "UTC") -> Json:
    """Return a due date as To Do is told it."""
    return {"dateTime": f"{date}T00:00:00", "timeZone": zone}


class ToDo(Diary):
    """Somebody with tasks in Microsoft To Do, whose CRM is at hand."""

    entity, path = "tasks", "tasks"

    async def has(self, crm_id: str, **fields: Any) -> Json:
        """Let a task be on both sides; return To Do's."""
        await self.puts(crm_id, **{"title": crm_id, **fields})
        await self.settles()
        await self.settles()  # what is written apart from the task itself
        return await self.task(str(fields.get("title", crm_id)))

    async def lists(self) -> dict[str, str]:
        """Return the ids of the lists by name."""
        return {
            each["displayName"]: each["id"] for each in (await self.outlook("GET", "todo/lists"))["value"]
        }

    async def within(self, name: str = FOLDER) -> str:
        """Return the path of a list's tasks; the list is made if there is none."""
        known = await self.lists()
        if name not in known:
            known[name] = (await self.outlook("POST", "todo/lists", {"displayName": name}))["id"]
        return f"todo/lists/{known[name]}/tasks"

    async def tasks(self, name: str = FOLDER) -> list[Json]:
        return (await self.outlook("GET", f"{await self.within(name)}?{EXPANDED}&$top=100"))["value"]

    async def titles(self, name: str = FOLDER) -> list[str]:
        return sorted(task["title"] for task in await self.tasks(name))

    async def task(self, title: str) -> Json:
        (found,) = [task for task in await self.tasks() if task["title"] == title]
        return found

    async def adds(self, title: str, *, name: str = FOLDER, **fields: Any) -> Json:
        return await self.outlook("POST", await self.within(name), {"title": title, **fields})

    async def edits(self, item: Json, **fields: Any) -> Json:
        return await self.outlook("PATCH", f"{await self.within()}/{item['id']}", fields)

    async def deletes(self, item: Json, *, name: str = FOLDER) -> None:
        await self.outlook("DELETE", f"{await self.within(name)}/{item['id']}")

    async def checks(self, item: Json, title: str) -> None:
        """Tick one item of a checklist off."""
        path = f"{await self.within()}/{item['id']}/checklistItems"
        (found,) = [e for e in (await self.outlook("GET", path))["value"] if e["displayName"] == title]
        await self.outlook("PATCH", f"{path}/{found['id']}", {"isChecked": True})

    async def moves(self, item: Json, *, name: str) -> Json:
        """Move a task into another list, as a person does; it has another id there."""
        await self.within(name)
        to = (await self.lists())[name]
        return {**item, **await self.stage.control("move", mail=self.mail, id=item["id"], to=to)}
