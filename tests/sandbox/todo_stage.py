"""Words for Microsoft To Do, as the tests of tasks use them."""

from typing import Any

from graph_stage import Outlook

LISTS = "me/todo/lists"
NEW_YORK = {"Prefer": 'outlook.timezone="Eastern Standard Time"'}


def due(day: str, zone: str = "UTC", *, clock: str = "00:00") -> dict[str, str]:
    return {"dateTime": f"{day}T{clock}:00", "timeZone": zone}


def every(kind: str, start: str, *, interval: int = 1, **more: Any) -> dict[str, Any]:
    """Return a recurrence that begins on a day; ``count`` ends it after so many times."""
    count = more.pop("count", None)
    span = {"type": "noEnd"} if count is None else {"type": "numbered", "numberOfOccurrences": count}
    return {"pattern": {"type": kind, "interval": interval, **more}, "range": span | {"startDate": start}}


async def default_list(outlook: Outlook) -> str:
    return next(
        one["id"] for one in (await outlook.read(LISTS))["value"] if one["wellknownListName"] == "defaultList"
    )


async def a_list(outlook: Outlook, name: str = "Viewings") -> str:
    """Make a list and return the address of its tasks."""
    return f"{LISTS}/{(await outlook.made(LISTS, displayName=name))['id']}/tasks"


def dates(rows: list[dict[str, Any]]) -> list[str | None]:
    return [row["dueDateTime"]["dateTime"][:10] if "dueDateTime" in row else None for row in rows]


async def without_context(outlook: Outlook, path: str) -> dict:
    shown = await outlook.read(path)
    return {name: value for name, value in shown.items() if name != "@odata.context"}
