"""Which call a path under ``todo`` stands for.

Quirk: To Do is for people, never for an application on its own.
https://learn.microsoft.com/graph/api/todotasklist-post-tasks
"""

from collections.abc import Mapping

from sandbox.graph import task_calls, todo_list_calls
from sandbox.graph.operations import Found, Key, Operation, Table, missing
from sandbox.graph.task_parts import CHECKLIST_ITEMS, LINKED_RESOURCES, Part

WRITE = frozenset({"Tasks.ReadWrite"})
READ = WRITE | {"Tasks.Read"}
# Microsoft has them, and the sandbox has not.
NOT_BUILT = frozenset({"attachments", "attachmentsessions", "extensions"})

Methods = Mapping[str, Operation]


def _lists() -> dict[Key, Methods]:
    return {
        (): {
            "GET": Operation(todo_list_calls.list_lists, READ),
            "POST": Operation(todo_list_calls.create_list, WRITE),
        },
        ("$count",): {"GET": Operation(todo_list_calls.count_lists, READ)},
        ("delta",): {"GET": Operation(todo_list_calls.delta_of_lists, READ)},
        ("{list}",): {
            "GET": Operation(todo_list_calls.get_list, READ),
            "PATCH": Operation(todo_list_calls.update_list, WRITE),
            "DELETE": Operation(todo_list_calls.delete_list, WRITE),
        },
    }


def _tasks() -> dict[Key, Methods]:
    return {
        (): {
            "GET": Operation(task_calls.list_tasks, READ),
            "POST": Operation(task_calls.create_task, WRITE),
        },
        ("$count",): {"GET": Operation(task_calls.count_tasks, READ)},
        ("delta",): {"GET": Operation(task_calls.delta_of_tasks, READ)},
        ("{task}",): {
            "GET": Operation(task_calls.get_task, READ),
            "PATCH": Operation(task_calls.update_task, WRITE),
            "DELETE": Operation(task_calls.delete_task, WRITE),
        },
    }


def _parts(part: Part) -> dict[Key, Methods]:
    return {
        (part.name.lower(),): {
            "GET": Operation(part.list_parts, READ),
            "POST": Operation(part.create, WRITE),
        },
        (part.name.lower(), "$count"): {"GET": Operation(part.count, READ)},
        (part.name.lower(), "{part}"): {
            "GET": Operation(part.get, READ),
            "PATCH": Operation(part.update, WRITE),
            "DELETE": Operation(part.delete, WRITE),
        },
    }


PATHS: Mapping[Key, Methods] = {
    ("todo",): {"GET": missing("todo", READ), **dict.fromkeys(("PATCH", "DELETE"), missing("todo", WRITE))},
    **{("todo", "lists", *key): methods for key, methods in _lists().items()},
    **{("todo", "lists", "{list}", "tasks", *key): methods for key, methods in _tasks().items()},
    **{
        ("todo", "lists", "{list}", "tasks", "{task}", *key): methods
        for part in (CHECKLIST_ITEMS, LINKED_RESOURCES)
        for key, methods in _parts(part).items()
    },
}
TABLE = Table(PATHS, missing=NOT_BUILT)


def found(segments: tuple[str, ...]) -> Found:
    """Read a path that begins with ``todo``, or raise Graph's 400, or 501 for what is not built."""
    key, named = TABLE.read(segments)
    folders = (named["{list}"],) if "{list}" in named else ()
    return Found(key, PATHS[key], folders, named.get("{task}", ""), named.get("{part}", ""))
