"""The calls we make on tasks and their checklists, each ready for a batch. Pure.

Quirk: a task is only reached by its list, and has another id in another one. Whether ``If-Match`` is honoured
is documented nowhere; it is sent, and nothing rests on it.
https://learn.microsoft.com/graph/api/resources/todotask
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote, unquote

from app.graph.batch import Call
from app.graph.protocol import Document
from app.records import Fields

APPLICATION: Final = "Concord"
EXPANDED: Final = "$expand=checklistItems,linkedResources"
TASKS: Final = "/tasks/"


def read_task(list_id: str, item_id: str) -> Call:
    """Read a task with its checklist and its mark."""
    return Call("GET", f"{_task(list_id, item_id)}?{EXPANDED}")


def create_task(list_id: str, body: Document, *, mark: str, url: str | None) -> Call:
    """Make a task that carries our mark and leads to where the CRM shows it."""
    shown = {"applicationName": APPLICATION, "displayName": body.get("title") or APPLICATION}
    resource = {**shown, "externalId": mark, **({"webUrl": url} if url else {})}
    return Call("POST", tasks_of(list_id), {**body, "linkedResources": [resource]})


def update_task(list_id: str, item_id: str, body: Document, *, etag: str | None) -> Call:
    """Write the fields named in the body."""
    return Call("PATCH", _task(list_id, item_id), body, _if_match(etag))


def delete_task(list_id: str, item_id: str, *, etag: str | None) -> Call:
    """Delete a task. Quirk: To Do has no bin."""
    return Call("DELETE", _task(list_id, item_id), headers=_if_match(etag))


def mark_of(item: Document) -> str | None:
    """Return the mark that a task bears."""
    for shown in item.get("linkedResources") or ():
        if shown.get("applicationName") == APPLICATION and shown.get("externalId"):
            return str(shown["externalId"])
    return None


def task_of(call: Call) -> str | None:
    """Return the task that a call reads or writes, unless it makes one."""
    _, known, rest = call.path.partition(TASKS)
    item = unquote(rest.partition("?")[0].partition("/")[0]) if known else ""
    return item if item and item != "delta" else None


def tasks_of(list_id: str) -> str:
    return f"/me/todo/lists/{quote(list_id, safe='')}/tasks"


def checklist_calls(
    list_id: str, item_id: str, *, had: Sequence[Fields], wanted: Sequence[Fields]
) -> list[Call]:
    """Return what makes the items of a checklist what they are to be, each by its own id.

    An item keeps its id by its title, and what is left over on both sides is renamed: nobody's item is made
    anew that only says something else.
    """
    path = f"{_task(list_id, item_id)}/checklistItems"
    return [
        Call("POST", path, body)
        if each is None
        else Call("DELETE" if body is None else "PATCH", f"{path}/{quote(each, safe='')}", body)
        for each, body in _steps(had, wanted)
    ]


def _steps(
    had: Sequence[Fields], wanted: Sequence[Fields]
) -> Iterator[tuple[str | None, dict[str, Any] | None]]:
    """Give (id, body) for each item that differs: no id makes one, no body deletes one."""
    by_title: dict[str, list[Fields]] = defaultdict(list)
    for each in had:
        by_title[_title(each)].append(each)
    unknown = []
    for element in wanted:
        same = by_title.get(element["title"])
        if not same:
            unknown.append(element)
        elif bool((known := same.pop(0))["isChecked"]) is not bool(element["done"]):
            yield known["id"], {"isChecked": bool(element["done"])}
    left = [
        each
        for each in had
        if any(each is other for other in by_title[str(each["displayName"] or "").strip()])
    ]
    for element in unknown:
        body = {"displayName": element["title"], "isChecked": bool(element["done"])}
        yield (left.pop(0)["id"] if left else None), body
    for each in left:
        yield each["id"], None


def _title(item: Fields) -> str:
    return str(item["displayName"] or "").strip()


def _task(list_id: str, item_id: str) -> str:
    return f"{tasks_of(list_id)}/{quote(item_id, safe='')}"


def _if_match(etag: str | None) -> dict[str, str]:
    return {"if-match": etag} if etag else {}
