"""Which call a path under a calendar stands for.

The same events are reached by the mailbox, by its default calendar and by any calendar.
"""

from collections.abc import Mapping

from sandbox.graph import calendar_calls, event_calls, meeting_calls, permission_calls, view_calls
from sandbox.graph.operations import Found, Handler, Key, Operation, Table, missing
from sandbox.graph.schedule import get_schedule

ROOTS = frozenset({"events", "calendar", "calendars", "calendarview"})
SHARED_WRITE = frozenset({"Calendars.ReadWrite.Shared"})
SHARED_READ = SHARED_WRITE | {"Calendars.Read.Shared"}
OWN_WRITE = frozenset({"Calendars.ReadWrite"})
OWN_READ = OWN_WRITE | {"Calendars.Read"}
WRITE, READ = OWN_WRITE | SHARED_WRITE, OWN_READ | SHARED_READ
# Microsoft has them, and the sandbox has not.
NOT_BUILT = frozenset({
    "attachments", "extensions", "singlevalueextendedproperties", "multivalueextendedproperties",
})  # fmt: skip

DEFAULT = ""  # stands for the default calendar where a path names no other one

ACTIONS: Mapping[str, Handler] = {
    "accept": meeting_calls.answer_with("accepted"),
    "decline": meeting_calls.answer_with("declined"),
    "tentativelyaccept": meeting_calls.answer_with("tentativelyAccepted"),
    "cancel": meeting_calls.cancel,
    "forward": meeting_calls.forward,
    "snoozereminder": meeting_calls.snooze_reminder,
    "dismissreminder": meeting_calls.dismiss_reminder,
}

ONE: tuple[Key, ...] = (("calendar",), ("calendars", "{calendar}"))
Methods = Mapping[str, Operation]


def _events() -> dict[Key, Methods]:
    return {
        (): {
            "GET": Operation(event_calls.list_events, READ, SHARED_READ),
            "POST": Operation(event_calls.create_event, WRITE, SHARED_WRITE),
        },
        ("$count",): {"GET": Operation(event_calls.count_events, READ, SHARED_READ)},
        # Quirk: documented for the beta only, though the metadata of v1.0 has it.
        ("delta",): {"GET": missing("events/delta, which v1.0 does not document,", READ)},
        ("{event}",): {
            "GET": Operation(event_calls.get_event, READ, SHARED_READ),
            "PATCH": Operation(event_calls.update_event, WRITE, SHARED_WRITE),
            "DELETE": Operation(event_calls.delete_event, WRITE, SHARED_WRITE),
        },
        ("{event}", "calendar"): {"GET": Operation(event_calls.calendar_of_event, READ, SHARED_READ)},
        ("{event}", "instances"): {"GET": Operation(view_calls.instances, READ, SHARED_READ)},
        ("{event}", "instances", "delta"): {"GET": missing("instances/delta", READ)},
        **{("{event}", name): {"POST": Operation(act, WRITE)} for name, act in ACTIONS.items()},
        ("{event}", "permanentdelete"): {
            "POST": Operation(event_calls.permanently_delete_event, WRITE, SHARED_WRITE)
        },
    }


def _view() -> dict[Key, Methods]:
    return {
        (): {"GET": Operation(view_calls.view_calendar, READ, SHARED_READ)},
        ("delta",): {"GET": Operation(view_calls.delta_of_view, READ, SHARED_READ)},
    }


def _calendar() -> dict[Key, Methods]:
    return {
        **{("events", *key): methods for key, methods in _events().items()},
        **{("calendarview", *key): methods for key, methods in _view().items()},
    }


def _calendars() -> dict[Key, Methods]:
    one = {
        "GET": Operation(calendar_calls.get_calendar, READ, SHARED_READ),
        "PATCH": Operation(calendar_calls.update_calendar, WRITE),
    }
    permissions = {
        "GET": Operation(permission_calls.list_permissions, READ, SHARED_READ),
        "POST": Operation(permission_calls.create_permission, WRITE),
    }
    permission = {
        "GET": Operation(permission_calls.get_permission, READ),
        "PATCH": Operation(permission_calls.update_permission, WRITE),
        "DELETE": Operation(permission_calls.delete_permission, WRITE),
    }
    schedule = {"POST": Operation(get_schedule, READ | {"Calendars.ReadBasic", "Calendars.ReadBasic.All"})}
    return {
        **{(*of, "calendarpermissions"): permissions for of in ONE},
        **{(*of, "calendarpermissions", "{permission}"): permission for of in ONE},
        **{(*of, "getschedule"): schedule for of in ONE},
        ("calendars",): {
            "GET": Operation(calendar_calls.list_calendars, READ, SHARED_READ),
            "POST": Operation(calendar_calls.create_calendar, WRITE),
        },
        ("calendar",): one,
        ("calendars", "{calendar}"): one | {"DELETE": Operation(calendar_calls.delete_calendar, WRITE)},
    }


PATHS: Mapping[Key, Methods] = {
    **_calendars(),
    **{("events", *key): methods for key, methods in _events().items()},
    **{("calendarview", *key): methods for key, methods in _view().items()},
    **{("calendar", *key): methods for key, methods in _calendar().items()},
    **{("calendars", "{calendar}", *key): methods for key, methods in _calendar().items()},
}
TABLE = Table(PATHS, missing=NOT_BUILT)


def found(segments: tuple[str, ...]) -> Found:
    """Read a path that begins with one of the roots, or raise Graph's 400, or 501 for what is not built."""
    key, named = TABLE.read(segments)
    folders = (named["{calendar}"],) if "{calendar}" in named else (DEFAULT,) if key[0] == "calendar" else ()
    return Found(key, PATHS[key], folders, named.get("{permission}") or named.get("{event}", ""))
