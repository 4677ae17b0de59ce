"""The calls on events.

https://learn.microsoft.com/graph/api/resources/event
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from sandbox.graph import calendar_places as places
from sandbox.graph import event, event_shown, extended, odata, series
from sandbox.graph.calendar_places import Place, place_of, refuse_stale, target_of
from sandbox.graph.comparison import Compared
from sandbox.graph.event_shown import EVENT, View
from sandbox.graph.listing import counted, listed, ordered
from sandbox.graph.odata import HasProperty, Query
from sandbox.graph.store import Item
from sandbox.graph.targets import Target
from sandbox.graph.wire import Call, Reply, json_reply

EVERYTHING = Query()
ONE = odata.only(EVENT, {"select", "expand"})


def list_events(call: Call) -> Reply:
    """Answer with single events and masters, never with occurrences."""
    place = place_of(call)
    query = odata.query(call.pairs, EVENT)
    targets = [Target(item) for item in _items(place, query.filter)]
    return answer_list(call, place, targets, query=query)


def count_events(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, odata.only(EVENT, {"filter"}))
    total = len(matching(place, [Target(item) for item in _items(place, query.filter)], query.filter))
    return counted(total)


def create_event(call: Call) -> Reply:
    place, body = place_of(call), call.document()
    properties = extended.merged({}, extended.read(body))
    immutable = call.preferences.immutable
    made = place.calendars.make(
        place.person, place.folder.number, event.read(body), properties=properties, immutable=immutable
    )
    item = place.view.id(made)
    location = f"{call.root}/users('{place.visited.oid}')/events('{item}')"
    return _one(call, place, Target(made), status=201, Location=location)


def get_event(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, ONE)
    return _one(call, place, target_of(call, place), query=query)


def update_event(call: Call) -> Reply:
    place = place_of(call)
    target, body = target_of(call, place), call.document()
    said, properties = event.read(body), extended.read(body)
    refuse_stale(call, place, target.item)
    held, found = target.item, target.occurrence
    if found is None:
        merged = extended.merged(held.properties, properties)
        after = place.calendars.change(place.person, held, said, properties=merged)
        return _one(call, place, Target(after))
    merged = extended.merged(found.properties, properties)
    after = place.calendars.change_occurrence(place.person, held, found, said, properties=merged)
    return _one(call, place, Target(after, series.on(after.fields, after.properties, found.day)))


def delete_event(call: Call) -> Reply:
    return _deleted(call, for_good=False)


def permanently_delete_event(call: Call) -> Reply:
    return _deleted(call, for_good=True)


def calendar_of_event(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, odata.only(event_shown.CALENDAR_RULES, {"select"}))
    folder = place.mailbox.folders[target_of(call, place).item.folder]
    document = place.calendar(folder, select=query.select)
    return json_reply({"@odata.context": places.context(call, place, "calendar", one=True), **document})


def answer_list(
    call: Call, place: Place, targets: list[Target], *, query: Query, kind: str = "events", window: str = ""
) -> Reply:
    """Answer with those of the events that are asked for, in the order asked for."""
    found = ordered(matching(place, targets, query.filter), query.orderby, show=partial(_in_utc, place))
    context = places.context(call, place, kind, select=query.select)
    show = partial(_shown, place, query=query)
    size = place.page_size
    return listed(
        call,
        found,
        query=query,
        show=show,
        context=context,
        size=size,
        window=window,
        applied=call.preferences.applied(event=True),
    )


def matching(place: Place, targets: list[Target], wanted: odata.Filter | None) -> list[Target]:
    if not isinstance(wanted, Compared):
        return targets
    return [target for target in targets if wanted.matches(_in_utc(place, target))]


def _items(place: Place, wanted: odata.Filter | None) -> Iterator[Item]:
    mailbox = place.mailbox
    here = (mailbox.items[number] for number in sorted(place.folder.items))
    if isinstance(wanted, HasProperty):
        return (item for item in here if item.properties.get(wanted.key, ["", ""])[1].lower() == wanted.value)
    return here


def _deleted(call: Call, *, for_good: bool) -> Reply:
    place = place_of(call)
    target = target_of(call, place)
    refuse_stale(call, place, target.item)
    if target.occurrence is None:
        place.calendars.delete(place.person, target.item, for_good=for_good)
    else:
        place.calendars.delete_occurrence(place.person, target.item, target.occurrence)
    return Reply(204)


def _in_utc(place: Place, target: Target) -> dict[str, Any]:
    """Return an event as it is compared and sorted."""
    shown = View(place.mailbox, rights=place.rights, local=place.view.local).event(
        target.item, target.occurrence
    )
    return shown | {"start/dateTime": shown["start"]["dateTime"], "end/dateTime": shown["end"]["dateTime"]}


def _shown(place: Place, target: Target, *, query: Query = EVERYTHING) -> dict[str, Any]:
    shown = place.view.event(target.item, target.occurrence, query=query)
    if "calendar" in query.nested:
        folder = place.mailbox.folders[target.item.folder]
        shown["calendar"] = place.calendar(folder)
    return shown


def _one(
    call: Call, place: Place, target: Target, *, query: Query = EVERYTHING, status: int = 200, **headers: str
) -> Reply:
    shown = _shown(place, target, query=query)
    document = {
        "@odata.context": places.context(call, place, "events", select=query.select, one=True),
        **shown,
    }
    applied = call.preferences.applied(event=True)
    return json_reply(document, status=status, headers={"ETag": shown["@odata.etag"], **applied, **headers})
