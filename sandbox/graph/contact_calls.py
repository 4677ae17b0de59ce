"""The calls on contacts.

https://learn.microsoft.com/graph/api/resources/contact
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from sandbox.graph import contact as contacts
from sandbox.graph import delta, ids, odata, shown
from sandbox.graph.changes import Slot
from sandbox.graph.comparison import Compared
from sandbox.graph.errors import conflict, item_not_found
from sandbox.graph.exchange import Draft, item_of
from sandbox.graph.listing import counted, listed, ordered
from sandbox.graph.odata import HasAddress, HasProperty
from sandbox.graph.places import Place, context, place_of
from sandbox.graph.store import Item, Kind
from sandbox.graph.wire import Call, Reply, json_reply

EVERYTHING = odata.Query()


def list_contacts(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, shown.CONTACT)
    show = partial(_shown, call, place, query=query)
    found = ordered(list(_matching(place, query.filter)), query.orderby, show=partial(_shown, call, place))
    where = context(call, place, "contacts", select=query.select)
    return listed(call, found, query=query, show=show, context=where, size=place.page_size)


def count_contacts(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, odata.only(shown.CONTACT, {"filter"}))
    total = sum(1 for _ in _matching(place, query.filter))
    return counted(total)


def delta_of_contacts(call: Call) -> Reply:
    place = place_of(call)
    mailbox, changes = place.mailbox, place.folder.changes
    start = delta.Place(mailbox.owner, place.folder.number, floor=changes.head)
    at = delta.place_of(call, start=start, rules=shown.CONTACT)
    immutable = call.preferences.immutable
    size = min(call.preferences.page_size or place.page_size, delta.MAX_CONTACTS)

    def show(slot: Slot, select: tuple[str, ...]) -> dict[str, Any]:
        number, generation, *_ = slot
        held = mailbox.items.get(number)
        if held is None or held.generation != generation:
            gone = ids.immutable_id(mailbox.owner, number)
            return {"id": gone if immutable else ids.default_id(mailbox.owner, number, generation)}
        return {"@odata.type": contacts.TYPE} | shown.contact(
            mailbox, held, immutable=immutable, select=select
        )

    page = delta.page(call, changes, at, size=size, rows=delta.each(show))
    page = {"@odata.context": f"{call.root}/$metadata#Collection(contact)", **page}
    return json_reply(page, headers=call.preferences.applied())


def create_contact(call: Call) -> Reply:
    place = place_of(call)
    draft = Draft.of(call.document())
    (made,) = place.exchange.make_items(place.person, place.folder.number, [draft])
    item = place.mailbox.item_id(made, immutable=call.preferences.immutable)
    location = f"{call.root}/users('{place.person.oid}')/contacts('{item}')"
    return _one(call, place, made, status=201, Location=location)


def get_contact(call: Call) -> Reply:
    place = place_of(call)
    query = odata.query(call.pairs, odata.only(shown.CONTACT, {"select", "expand"}))
    return _one(call, place, _contact(call, place), query=query)


def update_contact(call: Call) -> Reply:
    place = place_of(call)
    held = _contact(call, place)
    after = Draft.after(held, call.document())
    _refuse_stale(call, place, held)
    return _one(call, place, place.exchange.change_item(place.person, held, after))


def delete_contact(call: Call) -> Reply:
    place = place_of(call)
    held = _contact(call, place)
    _refuse_stale(call, place, held)
    place.exchange.delete_item(place.person, held)
    return Reply(204)


def permanently_delete_contact(call: Call) -> Reply:
    place = place_of(call)
    place.exchange.delete_item(place.person, _contact(call, place), for_good=True)
    return Reply(204)


def _contact(call: Call, place: Place) -> Item:
    """Return the contact named last in the path; under a folder's path it must be in that folder."""
    held = item_of(place.mailbox, call.item, kind=Kind.CONTACT)
    if place.named and held.folder != place.folder.number:
        raise item_not_found()
    return held


def _refuse_stale(call: Call, place: Place, held: Item) -> None:
    """Quirk: If-Match is honoured here; Microsoft documents it for drive items only, so rely on nothing."""
    wanted = call.headers.get("if-match")
    if wanted not in {None, "*", ids.etag(place.mailbox.owner, held.version)}:
        raise conflict()


def _matching(place: Place, wanted: odata.Filter | None) -> Iterator[Item]:
    mailbox = place.mailbox
    match wanted:
        case None:
            return (mailbox.items[number] for number in sorted(place.folder.items))
        case HasAddress(address):
            return (held for held in _matching(place, None) if _has_address(held, address))
        case HasProperty(key, value):
            marked = (mailbox.items[number] for number in sorted(mailbox.marked))
            here = (held for held in marked if held.folder == place.folder.number)
            return (held for held in here if held.properties.get(key, ["", ""])[1].lower() == value)
        case Compared():  # nothing of a contact can be compared
            return iter(())


def _has_address(held: Item, address: str) -> bool:
    listed_addresses = held.fields.get("emailAddresses", ())
    return any((entry.get("address") or "").lower() == address for entry in listed_addresses)


def _shown(call: Call, place: Place, held: Item, query: odata.Query = EVERYTHING) -> dict[str, Any]:
    immutable = call.preferences.immutable
    return shown.contact(place.mailbox, held, immutable=immutable, select=query.select, expand=query.expand)


def _one(
    call: Call,
    place: Place,
    held: Item,
    *,
    query: odata.Query = EVERYTHING,
    status: int = 200,
    **headers: str,
) -> Reply:
    document = {
        "@odata.context": context(call, place, "contacts", select=query.select, one=True),
        **_shown(call, place, held, query),
    }
    etag = ids.etag(place.mailbox.owner, held.version)
    return json_reply(
        document, status=status, headers={"ETag": etag, **call.preferences.applied(), **headers}
    )
