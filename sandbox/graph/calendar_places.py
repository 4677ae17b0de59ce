"""Where in a mailbox a call on a calendar points: the calendar its path names, and the event."""

from dataclasses import dataclass
from datetime import date

from sandbox.directory import Person
from sandbox.graph import event_shown, series, sharing
from sandbox.graph.calendars import Calendars
from sandbox.graph.errors import access_denied, conflict, item_not_found
from sandbox.graph.event_shown import View
from sandbox.graph.exchange import Exchange, folder_of, item_of, parsed_id
from sandbox.graph.ids import etag
from sandbox.graph.shared_calendars import Shared, shared_at
from sandbox.graph.sharing import Rights
from sandbox.graph.store import CALENDAR, DELETED, Fields, Folder, Item, Kind, Mailbox
from sandbox.graph.targets import Target
from sandbox.graph.wire import Call


@dataclass(frozen=True, slots=True)
class Place:
    """``person`` is whose calendar it is, also where somebody else reaches it by a copy of their own."""

    person: Person
    exchange: Exchange
    mailbox: Mailbox
    folder: Folder
    named: bool  # the path names the calendar; otherwise it is the default one
    view: View
    shared: Shared | None = None  # the path leads through somebody's copy of another person's calendar

    @property
    def visited(self) -> Person:
        """Return whose mailbox the path names."""
        return self.shared.viewer if self.shared else self.person

    @property
    def rights(self) -> Rights:
        return self.view.rights

    @property
    def page_size(self) -> int:
        return self.exchange.world.settings.contacts_page_size

    @property
    def calendars(self) -> Calendars:
        return Calendars(self.exchange)

    def calendar(self, held: Folder, *, select: tuple[str, ...] = ()) -> Fields:
        """Return a calendar of the place as the caller sees it."""
        if self.shared:
            return self.shared.shown(select=select)
        return event_shown.calendar(self.mailbox, held, owner=self.person, rights=self.rights, select=select)


def place_of(call: Call) -> Place:
    """Return the place a call points at, if the caller may do there what they want to.

    A calendar that was deleted is no more; another person's takes a role in it.
    """
    shared = shared_at(call)
    if shared is not None:
        return _shared_place(call, shared)
    assert call.person is not None  # noqa: S101
    assert call.exchange is not None  # noqa: S101
    mailbox = call.exchange.mailbox(call.person)
    folder = mailbox.folders[CALENDAR]
    for name in filter(None, call.folders):
        folder = folder_of(mailbox, name, kind=Kind.EVENT)
        if mailbox.within(folder.number, DELETED):
            raise item_not_found()
    rights = sharing.rights(folder, owner=call.person, viewer=call.token.person)
    _refuse(call, rights)
    view = View.of(mailbox, call.preferences, rights)
    return Place(call.person, call.exchange, mailbox, folder, bool(call.folders), view)


def _shared_place(call: Call, shared: Shared) -> Place:
    assert call.exchange is not None  # noqa: S101
    _refuse(call, shared.rights)
    here = call.exchange.mailbox(shared.viewer).owner
    view = View.of(shared.mailbox, call.preferences, shared.rights, here)
    return Place(shared.owner, call.exchange, shared.mailbox, shared.folder, bool(call.folders), view, shared)


def _refuse(call: Call, rights: Rights) -> None:
    if not (rights.reads if call.method == "GET" else rights.writes):
        raise access_denied()


def target_of(call: Call, place: Place) -> Target:
    """Return the event named last in the path, in any living calendar or in the one the path names."""
    owned = place.view.owned(call.item)
    item = item_of(place.mailbox, owned, kind=Kind.EVENT)
    here_only = place.named or not place.rights.owner
    if place.mailbox.within(item.folder, DELETED) or (here_only and item.folder != place.folder.number):
        raise item_not_found()
    named = parsed_id(owned).occurrence
    if named is None:
        return Target(item)
    epoch, ordinal = named
    fields = item.fields
    if (
        not series.is_master(fields)
        or series.state(fields)["epoch"] != epoch
        or not 0 < ordinal <= date.max.toordinal()
    ):
        raise item_not_found()
    return Target(item, series.on(fields, item.properties, date.fromordinal(ordinal)))


def refuse_stale(call: Call, place: Place, held: Item) -> None:
    """Quirk: If-Match is honoured here; Microsoft documents it for drive items only, so rely on nothing."""
    if call.headers.get("if-match") not in {None, "*", etag(place.mailbox.owner, held.version)}:
        raise conflict()


def context(call: Call, place: Place, kind: str, *, select: tuple[str, ...] = (), one: bool = False) -> str:
    """Return the ``@odata.context`` of an answer."""
    under = (
        f"/calendars('{place.shared.id if place.shared else place.mailbox.folder_id(place.folder.number)}')"
        if place.named and kind == "events"
        else ""
    )
    names = f"({','.join(select)})" if select else ""
    return (
        f"{call.root}/$metadata#users('{place.visited.oid}'){under}/{kind}{names}{'/$entity' if one else ''}"
    )
