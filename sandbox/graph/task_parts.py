"""What lies inside a task of To Do: the steps of its checklist, and links to things elsewhere.

Quirk: a change in there is no change of the task: its etag stays, no delta and no notification tells of it.
https://learn.microsoft.com/graph/delta-query-overview (navigation properties)
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.graph import odata, task
from sandbox.graph.errors import bad_request, item_not_found
from sandbox.graph.listing import counted, listed
from sandbox.graph.odata import Rules
from sandbox.graph.store import Fields, Item
from sandbox.graph.todo_places import Place, place_of, task_of, without_nulls
from sandbox.graph.values import Reader, a_boolean, said_in, text
from sandbox.graph.wire import Call, Reply, json_reply

OPTIONS = frozenset({"select", "top", "skip", "count"})


@dataclass(frozen=True, slots=True)
class Part:
    """One of the two collections in a task; ``finished`` checks a part and sets what only the server may."""

    name: str
    kind: str
    readers: Mapping[str, Reader]
    silent: frozenset[str]
    empty: Fields
    finished: Callable[[Fields, str], Fields]

    @property
    def rules(self) -> Rules:
        return Rules(kind=self.kind, properties=frozenset({"id", *self.empty}), options=OPTIONS)

    def list_parts(self, call: Call) -> Reply:
        place = place_of(call)
        query = odata.query(call.pairs, self.rules)
        context = place.context(call, *self._within(call, place))
        found = task_of(call, place).fields[self.name]
        return listed(
            call, found, query=query, show=_Shown(query.select), context=context, size=place.page_size
        )

    def count(self, call: Call) -> Reply:
        odata.query(call.pairs, odata.only(self.rules, set()))
        return counted(len(task_of(call, place_of(call)).fields[self.name]))

    def create(self, call: Call) -> Reply:
        place = place_of(call)
        item = task_of(call, place)
        made = self.made(call.document(), at=place.exchange.at())
        self._keep(place, item, [*item.fields[self.name], made])
        return self._one(call, place, made, status=201)

    def get(self, call: Call) -> Reply:
        place = place_of(call)
        query = odata.query(call.pairs, odata.only(self.rules, {"select"}))
        return self._one(call, place, self._found(call, task_of(call, place)), select=query.select)

    def update(self, call: Call) -> Reply:
        place = place_of(call)
        item = task_of(call, place)
        held = self._found(call, item)
        after = self._changed(held, call.document(), at=place.exchange.at())
        self._keep(place, item, [after if one is held else one for one in item.fields[self.name]])
        return self._one(call, place, after)

    def delete(self, call: Call) -> Reply:
        place = place_of(call)
        item = task_of(call, place)
        held = self._found(call, item)
        self._keep(place, item, [one for one in item.fields[self.name] if one is not held])
        return Reply(204)

    def made(self, body: Mapping[str, Any], *, at: str) -> Fields:
        """Return the part that a create makes, or raise Graph's 400."""
        return self._changed({"id": str(uuid.uuid4()), **self.empty}, body, at=at)

    def _changed(self, held: Fields, body: Mapping[str, Any], *, at: str) -> Fields:
        kind = f"#microsoft.graph.{self.kind}"
        said = said_in(body, kind, readers=self.readers, silent=self.silent | {"id"}, missing=())
        return self.finished(held | said, at)

    def _found(self, call: Call, item: Item) -> Fields:
        for one in item.fields[self.name]:
            if one["id"] == call.part:
                found: Fields = one
                return found
        raise item_not_found()

    def _keep(self, place: Place, item: Item, parts: list[Fields]) -> None:
        place.exchange.fill_item(place.person, item, item.fields | {self.name: parts})

    def _within(self, call: Call, place: Place) -> tuple[str, ...]:
        item = place.mailbox.item_id(task_of(call, place), immutable=False)
        return place.here, f"tasks('{item}')", self.name

    def _one(
        self, call: Call, place: Place, held: Fields, *, select: tuple[str, ...] = (), status: int = 200
    ) -> Reply:
        context = place.context(call, *self._within(call, place), one=True)
        return json_reply({"@odata.context": context, **_Shown(select)(held)}, status=status)


@dataclass(frozen=True, slots=True)
class _Shown:
    select: tuple[str, ...]

    def __call__(self, held: Fields) -> Fields:
        shown = without_nulls(held)
        return {name: shown[name] for name in shown if not self.select or name in {*self.select, "id"}}


def _step(step: Fields, at: str) -> Fields:
    if not step["displayName"]:
        raise bad_request("A checklistItem needs a displayName.", code="invalidRequest")
    checked = (step["checkedDateTime"] or at) if step["isChecked"] else None
    return step | {"createdDateTime": step["createdDateTime"] or at, "checkedDateTime": checked}


CHECKLIST_ITEMS = Part(
    name="checklistItems",
    kind="checklistItem",
    readers={"displayName": text(), "isChecked": a_boolean},
    silent=frozenset({"createdDateTime", "checkedDateTime"}),
    empty={"displayName": None, "createdDateTime": None, "isChecked": False, "checkedDateTime": None},
    finished=_step,
)
LINKED_RESOURCES = Part(
    name="linkedResources",
    kind="linkedResource",
    readers={name: text() for name in task.LINK},
    silent=frozenset(),
    empty=dict.fromkeys(task.LINK),
    finished=lambda link, _at: link,
)
