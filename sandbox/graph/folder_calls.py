"""The calls on contact folders.

Quirk: the list holds the folders under the default Contacts folder, never that folder itself.
https://learn.microsoft.com/graph/known-issues (contacts)
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sandbox.errors import GraphError
from sandbox.graph import delta, extended, odata, shown
from sandbox.graph.changes import Slot
from sandbox.graph.errors import bad_request
from sandbox.graph.listing import counted, listed, ordered
from sandbox.graph.odata import HasProperty
from sandbox.graph.places import Place, context, place_of
from sandbox.graph.store import CONTACTS, Folder
from sandbox.graph.values import no_such_property, of_type, text
from sandbox.graph.wire import Call, Reply, json_reply

TYPE = "#microsoft.graph.contactFolder"
MAX_NAME = 255


def list_folders(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, shown.FOLDER)
    found = [
        folder for folder in place.mailbox.children(place.folder.number) if _matches(folder, query.filter)
    ]
    show = partial(shown.folder, place.mailbox, select=query.select, expand=query.expand)
    found = ordered(found, query.orderby, show=partial(shown.folder, place.mailbox))
    where = context(call, place, "contactFolders", select=query.select)
    return listed(call, found, query=query, show=show, context=where, size=place.page_size)


def count_folders(call: Call) -> Reply:
    place = place_of(call)
    odata.query(call.pairs, odata.only(shown.FOLDER, set()))
    total = sum(1 for _ in place.mailbox.children(place.folder.number))
    return counted(total)


def delta_of_folders(call: Call) -> Reply:
    place = place_of(call)
    mailbox, changes = place.mailbox, place.mailbox.folder_changes
    start = delta.Place(mailbox.owner, delta.FOLDERS, floor=changes.head)
    at = delta.place_of(call, start=start, rules=shown.FOLDER)

    def show(slot: Slot, select: tuple[str, ...]) -> dict[str, Any]:
        held = mailbox.folders.get(slot[0])
        if held is None:
            return {"id": mailbox.folder_id(slot[0])}
        return {"@odata.type": TYPE} | shown.folder(mailbox, held, select=select)

    size = call.preferences.page_size or place.page_size
    page = delta.page(call, changes, at, size=size, rows=delta.each(show))
    page = {"@odata.context": f"{call.root}/$metadata#Collection(contactFolder)", **page}
    return json_reply(page, headers=call.preferences.applied())


def create_folder(call: Call) -> Reply:
    place = place_of(call)
    name, properties = _read(call.document())
    if not name:
        raise bad_request("The folder needs a displayName.", code="ErrorInvalidArgument")
    held = extended.merged({}, properties)
    made = place.exchange.make_folder(place.person, name, parent=place.folder.number, properties=held)
    return _one(call, place, made, status=201)


def get_folder(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, odata.only(shown.FOLDER, {"select", "expand"}))
    return _one(call, place, place.folder, query=query)


def update_folder(call: Call) -> Reply:
    place = _own_folder(call)
    name, properties = _read(call.document())
    held = extended.merged(place.folder.properties, properties)
    if name == "":
        raise bad_request("A folder's displayName can't be empty.", code="ErrorInvalidArgument")
    changed = place.exchange.change_folder(
        place.person, place.folder, name=name or place.folder.name, properties=held
    )
    return _one(call, place, changed)


def delete_folder(call: Call) -> Reply:
    place = _own_folder(call)
    place.exchange.delete_folder(place.person, place.folder)
    return Reply(204)


def permanently_delete_folder(call: Call) -> Reply:
    place = _own_folder(call)
    place.exchange.delete_folder(place.person, place.folder, for_good=True)
    return Reply(204)


def _own_folder(call: Call) -> Place:
    """Return the place of a folder that its owner may rename or delete: not the default one."""
    place = place_of(call)
    if place.folder.number == CONTACTS:
        raise GraphError(
            400, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be changed or deleted."
        )
    return place


def _read(body: Mapping[str, Any]) -> tuple[str | None, dict[str, list[str] | None]]:
    of_type(body, TYPE)
    for name in body:
        if (
            name not in {"displayName", "id", "parentFolderId", "singleValueExtendedProperties"}
            and "@" not in name
        ):
            raise no_such_property(name, TYPE)
    return text(MAX_NAME)("displayName", body.get("displayName")), extended.read(body)


def _matches(folder: Folder, wanted: odata.Filter | None) -> bool:
    if wanted is None:
        return True
    return (
        isinstance(wanted, HasProperty)
        and folder.properties.get(wanted.key, ["", ""])[1].lower() == wanted.value
    )


def _one(
    call: Call, place: Place, held: Folder, *, query: odata.Query | None = None, status: int = 200
) -> Reply:
    query = query or odata.Query()
    document = {
        "@odata.context": context(call, place, "contactFolders", select=query.select, one=True, under=False),
        **shown.folder(place.mailbox, held, select=query.select, expand=query.expand),
    }
    return json_reply(document, status=status, headers=call.preferences.applied())
