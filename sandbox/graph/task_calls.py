"""The calls on the tasks of Microsoft To Do. Quirk: If-Match says nothing here (doubtful).

https://learn.microsoft.com/graph/api/resources/todotask
"""

from typing import Any

from sandbox.graph import delta, ids, odata, task
from sandbox.graph.changes import Slot
from sandbox.graph.comparison import Compared
from sandbox.graph.errors import bad_request
from sandbox.graph.exchange import Draft
from sandbox.graph.listing import counted, listed, ordered
from sandbox.graph.store import FLAGGED, Item, Kind
from sandbox.graph.todo_places import TASK, Place, place_of, task_of
from sandbox.graph.wire import Call, Reply, json_reply

ONE = odata.only(TASK, {"select", "expand"})
TIMES = ("dueDateTime", "completedDateTime")


def list_tasks(call: Call) -> Reply:
    place = place_of(call)
    query = _query(call, TASK)
    found = ordered(_matching(place, query.filter), query.orderby, show=lambda held: _flat(place, held))
    left_out = _left_out(query.filter)

    def show(held: Item) -> dict[str, Any]:
        shown = place.task(held, nested=query.nested)
        return {name: value for name, value in shown.items() if name not in left_out}

    context = place.context(call, place.here, "tasks")
    return listed(
        call,
        found,
        query=query,
        show=show,
        context=context,
        size=place.page_size,
        applied=place.preferences.applied(event=True),
    )


def count_tasks(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, odata.only(TASK, {"filter"}))
    total = len(_matching(place, query.filter))
    return counted(total)


def delta_of_tasks(call: Call) -> Reply:
    place = place_of(call)
    mailbox, changes = place.mailbox, place.folder.changes
    _refuse_title(call)
    start = delta.Place(mailbox.owner, place.folder.number, floor=changes.head)
    at = delta.place_of(call, start=start, rules=TASK)

    def show(slot: Slot, _select: tuple[str, ...]) -> dict[str, Any]:
        number, generation, *_ = slot
        held = mailbox.items.get(number)
        if held is None or held.generation != generation:
            return {"id": ids.default_id(mailbox.owner, number, generation)}
        return place.task(held, nested=at.nested)

    size = place.preferences.page_size or at.top or place.page_size
    page = delta.page(call, changes, at, size=size, rows=delta.each(show))
    page = {"@odata.context": f"{call.root}/$metadata#Collection(todoTask)", **page}
    return json_reply(page, headers=place.preferences.applied(event=True))


def create_task(call: Call) -> Reply:
    place = place_of(call)
    fields = task.created(call.document(), at=place.exchange.at())
    if place.folder.number == FLAGGED:
        raise bad_request("Tasks of this list come from flagged messages only.", code="invalidRequest")
    (made,) = place.exchange.make_items(
        place.person, place.folder.number, [Draft(fields, {})], kind=Kind.TASK
    )
    nested = ("linkedResources",) if fields["linkedResources"] else ()
    made_id = place.mailbox.item_id(made, immutable=False)
    location = f"{call.root}/users('{place.person.oid}')/todo/{place.here}/tasks('{made_id}')"
    return _one(call, place, made, nested=nested, status=201, Location=location)


def get_task(call: Call) -> Reply:
    place = place_of(call)
    query = _query(call, ONE)
    return _one(call, place, task_of(call, place), nested=query.nested)


def update_task(call: Call) -> Reply:
    """Change a task. Quirk: a recurring one that is completed is open on its next date, with its id.

    A done copy appears beside it. https://github.com/RogerSelwyn/MS365-ToDo/issues/133
    """
    place = place_of(call)
    held = task_of(call, place)
    after = task.updated(held.fields, call.document(), at=place.exchange.at())
    completes = task.is_done(after) and not task.is_done(held.fields)
    again = task.next_of(after) if completes else None
    if again is None:
        changed = place.exchange.change_item(place.person, held, Draft(after, held.properties))
    else:
        changed = place.exchange.complete_task(place.person, held, again=again, done=task.copied(after))
    return _one(call, place, changed)


def delete_task(call: Call) -> Reply:
    place = place_of(call)
    place.exchange.delete_item(place.person, task_of(call, place))
    return Reply(204)


def _query(call: Call, rules: odata.Rules) -> odata.Query:
    _refuse_title(call)
    return odata.query(call.pairs, rules)


def _refuse_title(call: Call) -> None:
    """Quirk: ``$select`` fails where it names ``title``, and says nothing where it does not.

    https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/3625
    """
    said = odata.options(call.pairs).get("select", "")
    if "title" in {name.strip().lower() for name in said.split(",")}:
        raise bad_request("Invalid request", code="invalidRequest")


def _left_out(wanted: odata.Filter | None) -> frozenset[str]:
    """Quirk: tasks that are asked for as completed come without their recurrence.

    https://github.com/RogerSelwyn/MS365-ToDo/issues/133
    """
    clauses = wanted.clauses if isinstance(wanted, Compared) else ()
    done = any((one.path, one.operator, one.value) == (("status",), "eq", "completed") for one in clauses)
    return frozenset({"recurrence"}) if done else frozenset()


def _matching(place: Place, wanted: odata.Filter | None) -> list[Item]:
    found = [place.mailbox.items[number] for number in sorted(place.folder.items)]
    if isinstance(wanted, Compared):
        return [held for held in found if wanted.matches(place.task(held))]
    return found


def _flat(place: Place, held: Item) -> dict[str, Any]:
    """Return a task as it is sorted."""
    shown = place.task(held)
    times = {f"{name}/dateTime": shown.get(name, {}).get("dateTime") for name in TIMES}
    return shown | times


def _one(
    call: Call, place: Place, held: Item, *, nested: tuple[str, ...] = (), status: int = 200, **headers: str
) -> Reply:
    shown = place.task(held, nested=nested)
    context = {"@odata.context": place.context(call, place.here, "tasks", one=True)}
    headers = {"ETag": shown["@odata.etag"], **place.preferences.applied(event=True), **headers}
    return json_reply(context | shown, status=status, headers=headers)
