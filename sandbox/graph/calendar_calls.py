"""The calls on calendars.

https://learn.microsoft.com/graph/api/resources/calendar
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sandbox.errors import GraphError
from sandbox.graph import calendar_places as places
from sandbox.graph import event_shown, extended, odata, sharing
from sandbox.graph.calendar_places import Place, place_of
from sandbox.graph.errors import bad_request, not_built
from sandbox.graph.event_shown import CALENDAR_RULES
from sandbox.graph.listing import listed, ordered
from sandbox.graph.shared_calendars import Shared, shared_with
from sandbox.graph.store import CALENDAR, DELETED, Folder, Kind
from sandbox.graph.values import no_such_property, of_type, one_of, text
from sandbox.graph.wire import Call, Reply, json_reply

TYPE = "#microsoft.graph.calendar"
MAX_NAME = 255
COLORS = {
    "auto": "", "lightBlue": "#a6d1f5", "lightGreen": "#87d28e", "lightOrange": "#fcab73",
    "lightGray": "#c0c0c0", "lightYellow": "#f5e27e", "lightTeal": "#58cdd0",
    "lightPink": "#f08cc0", "lightBrown": "#cba287", "lightRed": "#e9747d", "maxColor": "",
}  # fmt: skip
COLOR = one_of(COLORS, kind="calendarColor")


def list_calendars(call: Call) -> Reply:
    """Answer with a mailbox's calendars. Quirk: those that others share with its owner are among them."""
    place = place_of(call)
    query = odata.query(call.pairs, CALENDAR_RULES)
    shared = shared_with(place.exchange, place.person) if place.rights.owner else ()
    every = [*_visible(call, place), *shared]
    found = ordered(every, query.orderby, show=partial(_shown, call, place))
    show = partial(_shown, call, place, select=query.select)
    context = places.context(call, place, "calendars", select=query.select)
    return listed(call, found, query=query, show=show, context=context, size=place.page_size)


def create_calendar(call: Call) -> Reply:
    place = place_of(call)
    name, about, properties = _read(call.document(), {})
    if not name:
        raise bad_request("The calendar needs a name.", code="ErrorInvalidArgument")
    held = extended.merged({}, properties)
    made = place.exchange.make_folder(
        place.person, name, parent=CALENDAR, properties=held, kind=Kind.EVENT, about=about
    )
    return _one(call, place, made, status=201)


def get_calendar(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, odata.only(CALENDAR_RULES, {"select", "expand"}))
    return _one(call, place, place.folder, query=query)


def update_calendar(call: Call) -> Reply:
    place = _owned(call)
    name, about, properties = _read(call.document(), place.folder.about)
    if name == "":
        raise bad_request("A calendar's name can't be empty.", code="ErrorInvalidArgument")
    changed = place.exchange.change_folder(
        place.person,
        place.folder,
        name=name or place.folder.name,
        properties=extended.merged(place.folder.properties, properties),
        about=about,
    )
    return _one(call, place, changed)


def delete_calendar(call: Call) -> Reply:
    """Delete a calendar with everything in it. Quirk: never the default one."""
    place = _owned(call)
    if place.folder.number == CALENDAR:
        raise GraphError(400, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
    place.exchange.delete_folder(place.person, place.folder)
    return Reply(204)


def _owned(call: Call) -> Place:
    place = place_of(call)
    if place.shared:
        raise not_built("Another name for a calendar that others share, or its removal from the list,")
    return place


def _visible(call: Call, place: Place) -> list[Folder]:
    """Return the calendars that live and that the caller may look into."""
    mailbox = place.mailbox
    return [
        folder
        for folder in mailbox.folders.values()
        if folder.kind is Kind.EVENT
        and not mailbox.within(folder.number, DELETED)
        and _rights(call, place, folder).reads
    ]


def _rights(call: Call, place: Place, folder: Folder) -> sharing.Rights:
    return sharing.rights(folder, owner=place.person, viewer=call.token.person)


def _shown(
    call: Call, place: Place, held: Folder | Shared, *, select: tuple[str, ...] = ()
) -> dict[str, Any]:
    if isinstance(held, Shared):
        return held.shown(select=select)
    if place.shared:
        return place.calendar(held, select=select)
    rights = _rights(call, place, held)
    return event_shown.calendar(place.mailbox, held, owner=place.person, rights=rights, select=select)


def _read(
    body: Mapping[str, Any], about: dict[str, Any]
) -> tuple[str | None, dict[str, Any], dict[str, Any]]:
    """Return the name, what else a calendar is, and the extended properties."""
    of_type(body, TYPE)
    for name in body:
        if (
            name not in event_shown.CALENDAR_PROPERTIES
            and name != "singleValueExtendedProperties"
            and "@" not in name
        ):
            raise no_such_property(name, TYPE)
    if body.get("color") is not None:
        color = COLOR("color", body["color"])
        about = about | {"color": color, "hexColor": COLORS[color]}
    return text(MAX_NAME)("name", body.get("name")), about, extended.read(body)


def _one(
    call: Call, place: Place, held: Folder, *, query: odata.Query | None = None, status: int = 200
) -> Reply:
    query = query or odata.Query()
    shown = _shown(call, place, held, select=query.select)
    document = {
        "@odata.context": places.context(call, place, "calendars", select=query.select, one=True),
        **shown,
    }
    if not place.shared and (kept := extended.shown(held.properties, list(query.expand))):
        document["singleValueExtendedProperties"] = kept
    return json_reply(document, status=status, headers=call.preferences.applied())
