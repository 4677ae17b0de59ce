"""The calls on the lists of Microsoft To Do.

https://learn.microsoft.com/graph/api/resources/todotasklist
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sandbox.graph import delta, odata
from sandbox.graph.changes import Slot
from sandbox.graph.comparison import Compared
from sandbox.graph.errors import bad_request, default_list
from sandbox.graph.listing import counted, listed, ordered
from sandbox.graph.store import TASKS, Folder, Kind
from sandbox.graph.todo_places import BUILT_IN, LIST, LIST_PROPERTIES, Place, place_of
from sandbox.graph.values import said_in, text
from sandbox.graph.wire import Call, Reply, json_reply

TYPE = "#microsoft.graph.todoTaskList"
MAX_NAME = 255


def list_lists(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, LIST)
    found = ordered(_matching(place, query.filter), query.orderby, show=place.list)
    show = partial(place.list, select=query.select)
    context, size = place.context(call, "lists"), place.page_size
    return listed(
        call,
        found,
        query=query,
        show=show,
        context=context,
        size=size,
        applied=place.preferences.applied(),
    )


def count_lists(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, odata.only(LIST, {"filter"}))
    total = len(_matching(place, query.filter))
    return counted(total)


def delta_of_lists(call: Call) -> Reply:
    place = place_of(call)
    mailbox, changes = place.mailbox, place.mailbox.list_changes
    start = delta.Place(mailbox.owner, delta.LISTS, floor=changes.head)
    at = delta.place_of(call, start=start, rules=LIST)

    def show(slot: Slot, select: tuple[str, ...]) -> dict[str, Any]:
        held = mailbox.folders.get(slot[0])
        return {"id": mailbox.folder_id(slot[0])} if held is None else place.list(held, select=select)

    size = place.preferences.page_size or at.top or place.page_size
    page = delta.page(call, changes, at, size=size, rows=delta.each(show))
    page = {"@odata.context": f"{call.root}/$metadata#Collection(todoTaskList)", **page}
    return json_reply(page, headers=place.preferences.applied())


def create_list(call: Call) -> Reply:
    place = place_of(call)
    name = _name(call.document())
    if not name:
        raise bad_request("The list needs a displayName.", code="invalidRequest")
    made = place.exchange.make_folder(place.person, name, parent=TASKS, properties={}, kind=Kind.TASK)
    return _one(call, place, made, status=201)


def get_list(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, odata.only(LIST, {"select", "expand"}))
    return _one(call, place, place.folder, query=query)


def update_list(call: Call) -> Reply:
    place = place_of(call)
    said = call.document()
    name = _name(said)
    if place.folder.number in BUILT_IN:
        raise default_list("renamed")
    if "displayName" in said and not name:
        raise bad_request("A list's displayName can't be empty.", code="invalidRequest")
    changed = place.exchange.change_folder(
        place.person, place.folder, name=name or place.folder.name, properties={}
    )
    return _one(call, place, changed)


def delete_list(call: Call) -> Reply:
    """Delete a list with everything in it, for good."""
    place = place_of(call)
    if place.folder.number in BUILT_IN:
        raise default_list("deleted")
    place.exchange.delete_folder(place.person, place.folder, for_good=True)
    return Reply(204)


def _name(body: Mapping[str, Any]) -> str | None:
    said = said_in(
        body,
        TYPE,
        readers={"displayName": text(MAX_NAME)},
        silent=LIST_PROPERTIES,
        missing={"tasks", "extensions"},
    )
    name: str | None = said.get("displayName")
    return name


def _matching(place: Place, wanted: odata.Filter | None) -> list[Folder]:
    found = [folder for folder in place.mailbox.folders.values() if folder.kind is Kind.TASK]
    if isinstance(wanted, Compared):
        return [folder for folder in found if wanted.matches(place.list(folder))]
    return found


def _one(
    call: Call, place: Place, held: Folder, *, query: odata.Query | None = None, status: int = 200
) -> Reply:
    select = () if query is None else query.select
    shown = place.list(held, select=select)
    context = {"@odata.context": place.context(call, "lists", one=True)}
    return json_reply(context | shown, status=status, headers=place.preferences.applied())
