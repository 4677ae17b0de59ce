"""The calls on the permissions of a calendar.

https://learn.microsoft.com/graph/api/resources/calendarpermission
"""

from typing import Any

from sandbox.errors import GraphError
from sandbox.graph import calendar_places as places
from sandbox.graph import event_parts, odata, sharing
from sandbox.graph.calendar_places import Place, place_of
from sandbox.graph.errors import access_denied, bad_request, item_not_found
from sandbox.graph.listing import listed
from sandbox.graph.odata import Rules
from sandbox.graph.sharing import DEFAULT
from sandbox.graph.store import CALENDAR
from sandbox.graph.values import no_such_property, of_type, one_of
from sandbox.graph.wire import Call, Reply, json_reply

TYPE = "#microsoft.graph.calendarPermission"
PROPERTIES = ("id", "isRemovable", "isInsideOrganization", "role", "allowedRoles", "emailAddress")
RULES = Rules(kind="calendarPermission", properties=frozenset(PROPERTIES))
ROLE = one_of((*sharing.ORGANIZATION, *sharing.DELEGATES, "custom"), kind="calendarRoleType")


def list_permissions(call: Call) -> Reply:
    """Answer with everybody's roles. Quirk: who is not the owner gets an empty list."""
    place = place_of(call)
    query = odata.query(call.pairs, odata.only(RULES, {"top", "skip"}))
    keys = list(sharing.permissions(place.folder)) if place.rights.owner else []
    context = places.context(call, place, "calendar/calendarPermissions")
    return listed(
        call, keys, query=query, show=lambda key: _shown(place, key), context=context, size=place.page_size
    )


def get_permission(call: Call) -> Reply:
    place = place_of(call)
    return _one(call, place, _key(call, place))


def create_permission(call: Call) -> Reply:
    place, body = place_of(call), call.document()
    if not place.rights.owner:
        raise access_denied()
    said = _read(body)
    if "role" not in said or "emailAddress" not in said:
        raise bad_request("A permission needs a role and an emailAddress.", code="ErrorInvalidRequest")
    address = event_parts.email_address("emailAddress", said["emailAddress"])
    key = address["address"].lower()
    if key in sharing.permissions(place.folder):
        raise GraphError(409, "ErrorDuplicateUserIdsSpecified", "This user has a permission already.")
    _keep(place, key, {"role": _allowed_role(place, key, said["role"]), "name": address["name"]})
    return _one(call, place_of(call), key, status=201)


def update_permission(call: Call) -> Reply:
    """Change a role. Quirk: nothing else of a permission can be changed."""
    place = place_of(call)
    key, said = _key(call, place), _read(call.document())
    if "role" in said:
        kept = sharing.permissions(place.folder)[key]
        _keep(place, key, kept | {"role": _allowed_role(place, key, said["role"])})
    return _one(call, place_of(call), key)


def delete_permission(call: Call) -> Reply:
    place = place_of(call)
    key = _key(call, place)
    if key == DEFAULT:
        raise bad_request("The permission of the organization can't be removed.", code="ErrorInvalidRequest")
    _keep(place, key, None)
    return Reply(204)


def _read(body: dict[str, Any]) -> dict[str, Any]:
    of_type(body, TYPE)
    for name in body:
        if name not in PROPERTIES and "@" not in name:
            raise no_such_property(name, TYPE)
    return {name: body[name] for name in ("role", "emailAddress") if body.get(name) is not None}


def _allowed_role(place: Place, key: str, said: object) -> str:
    role: str = ROLE("role", said)
    if role not in _roles(place, key):
        raise bad_request(f"The role {role} is not allowed for this user.", code="ErrorInvalidRequest")
    return role


def _roles(place: Place, key: str) -> tuple[str, ...]:
    return sharing.allowed(key, owner=place.person, default_calendar=place.folder.number == CALENDAR)


def _key(call: Call, place: Place) -> str:
    if place.rights.owner:
        for key in sharing.permissions(place.folder):
            if sharing.permission_id(key) == call.item:
                return key
    raise item_not_found()


def _keep(place: Place, key: str, permission: dict[str, Any] | None) -> None:
    folder = place.folder
    others = {name: kept for name, kept in sharing.permissions(folder).items() if name != key}
    about = folder.about | {"permissions": others if permission is None else others | {key: permission}}
    place.exchange.change_folder(
        place.person, folder, name=folder.name, properties=folder.properties, about=about
    )


def _shown(place: Place, key: str) -> dict[str, Any]:
    kept = sharing.permissions(place.folder)[key]
    everybody = key == DEFAULT
    return {
        "id": sharing.permission_id(key),
        "isRemovable": not everybody,
        "isInsideOrganization": sharing.inside(key, place.person),
        "role": kept["role"],
        "allowedRoles": list(_roles(place, key)),
        "emailAddress": {"name": "My Organization"} if everybody else {"name": kept["name"], "address": key},
    }


def _one(call: Call, place: Place, key: str, *, status: int = 200) -> Reply:
    odata.query(call.pairs, odata.only(RULES, set()))
    context = places.context(call, place, "calendar/calendarPermissions", one=True)
    return json_reply({"@odata.context": context, **_shown(place, key)}, status=status)
