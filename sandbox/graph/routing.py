"""Which call a path and a method stand for, and what permission it takes.

Quirk: paths are matched in any letter case, keys may stand in brackets, ``delta`` may have them too.
"""

from collections.abc import Mapping

from sandbox.graph import calendar_routing, contact_calls, folder_calls, todo_routing, user_calls
from sandbox.graph.errors import (
    access_denied,
    bad_request,
    directory_denied,
    method_not_allowed,
    not_built,
    unknown_segment,
)
from sandbox.graph.operations import Found, Key, Operation
from sandbox.graph.wire import Call

READ = frozenset({"Contacts.Read", "Contacts.ReadWrite"})
WRITE = frozenset({"Contacts.ReadWrite"})
PROFILE = frozenset(
    {"User.Read", "User.ReadWrite", "User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All"}
)
OTHERS = frozenset({"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All"})

# The rest of Outlook and of a user: known, so never "no such segment", and not built yet.
ELSEWHERE = frozenset({
    "calendargroups", "messages", "mailfolders",
    "people", "drive", "drives", "onlinemeetings", "mailboxsettings", "outlook", "photo", "photos", "manager",
    "sendmail", "getmailtips", "translateexchangeids", "extensions", "insights", "memberof", "presence",
    "inferenceclassification", "planner", "revokesigninsessions", "findmeetingtimes", "reminderview",
    "directreports",
})  # fmt: skip
ELSEWHERE_AT_ROOT = frozenset({
    "users", "drives", "sites", "groups", "communications", "directoryobjects", "applications", "search",
    "oauth2permissiongrants", "serviceprincipals", "organization", "shares",
})  # fmt: skip


def _contacts() -> dict[Key, dict[str, Operation]]:
    return {
        (): {
            "GET": Operation(contact_calls.list_contacts, READ),
            "POST": Operation(contact_calls.create_contact, WRITE),
        },
        ("$count",): {"GET": Operation(contact_calls.count_contacts, READ)},
        ("delta",): {"GET": Operation(contact_calls.delta_of_contacts, READ)},
        ("{id}",): {
            "GET": Operation(contact_calls.get_contact, READ),
            "PATCH": Operation(contact_calls.update_contact, WRITE),
            "DELETE": Operation(contact_calls.delete_contact, WRITE),
        },
        ("{id}", "permanentdelete"): {"POST": Operation(contact_calls.permanently_delete_contact, WRITE)},
    }


def _folders() -> dict[Key, dict[str, Operation]]:
    some = {
        "GET": Operation(folder_calls.list_folders, READ),
        "POST": Operation(folder_calls.create_folder, WRITE),
    }
    count = {"GET": Operation(folder_calls.count_folders, READ)}
    return {
        (): some,
        ("$count",): count,
        ("delta",): {"GET": Operation(folder_calls.delta_of_folders, READ)},
        ("{id}",): {
            "GET": Operation(folder_calls.get_folder, READ),
            "PATCH": Operation(folder_calls.update_folder, WRITE),
            "DELETE": Operation(folder_calls.delete_folder, WRITE),
        },
        ("{id}", "permanentdelete"): {"POST": Operation(folder_calls.permanently_delete_folder, WRITE)},
        ("{id}", "childfolders"): some,
        ("{id}", "childfolders", "$count"): count,
        **{("{id}", "contacts", *key): methods for key, methods in _contacts().items()},
    }


MAILBOX: Mapping[Key, Mapping[str, Operation]] = {
    **{("contacts", *key): methods for key, methods in _contacts().items()},
    **{("contactfolders", *key): methods for key, methods in _folders().items()},
}
NOT_BUILT = {"photo", "extensions", "singlevalueextendedproperties", "multivalueextendedproperties"}
FUNCTIONS = {"$count", "delta", "contacts", "childfolders", "permanentdelete", *NOT_BUILT}


def in_mailbox(segments: tuple[str, ...]) -> Found:
    """Read the part of a path that follows ``me`` or ``users/{id}``; any depth of child folders is one key.

    Raises Graph's 400 for a segment that does not exist, 501 for one that is not built.
    """
    name, *rest = segments
    if name.lower() in ELSEWHERE:
        raise not_built(name)
    if name.lower() in calendar_routing.ROOTS:
        return calendar_routing.found(segments)
    if name.lower() == "todo":
        return todo_routing.found(segments)
    key, folders, item = [name.lower()], [], ""
    while rest:
        part = rest.pop(0)
        after_collection = key[-1] in {"contacts", "contactfolders", "childfolders"}
        if part.lower() in NOT_BUILT or (key[-1] == "childfolders" and part.lower() == "delta"):
            raise not_built("/".join(segments))
        if not after_collection or part.lower() in {"$count", "delta"}:
            key.append(part.lower())
        elif key[-1] == "contacts":
            key.append("{id}")
            item = part
        else:
            key = ["contactfolders", "{id}"]
            folders.append(part)
        if tuple(key) not in MAILBOX:
            raise unknown_segment(part)
    if tuple(key) not in MAILBOX:
        raise unknown_segment(name)
    return Found(tuple(key), MAILBOX[tuple(key)], tuple(folders), item)


def allowed(methods: Mapping[str, Operation], call: Call) -> Operation:
    """Return the operation for this method, or raise 405, or 403 for a permission the token lacks."""
    operation = methods.get(call.method)
    if operation is None:
        raise method_not_allowed(", ".join(methods))
    if not granted(call, operation.permissions):
        raise access_denied()
    return operation


def granted(call: Call, permissions: frozenset[str]) -> bool:
    """Say whether the token carries one of them: delegated as scopes, an application's own as roles."""
    held = call.token.roles if call.token.person is None else call.token.scopes
    return not {name.lower() for name in permissions}.isdisjoint(name.lower() for name in held)


def operation_on_person(call: Call) -> Operation:
    """Return what reads a person: oneself with User.Read, others with more."""
    oneself = call.person == call.token.person
    if call.method in {"PATCH", "DELETE"}:
        raise not_built("Changing or deleting a user")
    if call.method != "GET":
        raise method_not_allowed("GET, PATCH, DELETE")
    if not granted(call, PROFILE if oneself else OTHERS):
        raise directory_denied()
    return Operation(user_calls.get_person, PROFILE)


def delegated_only() -> Exception:
    return bad_request("/me request is only valid with delegated authentication flow.")
