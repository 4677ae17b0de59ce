"""Where in a mailbox a call on a calendar points: the calendar its path names, and the event."""

from dataclasses import dataclass
from datetime import date, datetime

from sandbox.directory import Person
from sandbox.graph import series, sharing, zones
from sandbox.graph.calendars import Calendars
from sandbox.graph.errors import access_denied, conflict, item_not_found, not_built
from sandbox.graph.event_shown import View
from sandbox.graph.exchange import Exchange, folder_of, item_of, parsed_id
from sandbox.graph.ids import etag, is_local
from sandbox.graph.series import Occurrence
from sandbox.graph.sharing import Rights
from sandbox.graph.store import CALENDAR, DELETED, Fields, Folder, Item, Kind, Mailbox
from sandbox.graph.wire import Call


@dataclass(frozen=True, slots=True)
class Place:
    person: Person
    exchange: Exchange
    mailbox: Mailbox
    folder: Folder
    named: bool  # the path names the calendar; otherwise it is the default one
    view: View

    @property
    def rights(self) -> Rights:
        return self.view.rights

    @property
    def page_size(self) -> int:
        return self.exchange.world.settings.contacts_page_size

    @property
    def calendars(self) -> Calendars:
        return Calendars(self.exchange)


@dataclass(frozen=True, slots=True)
class Target:
    """The event a call is about: an item, or one occurrence of it."""

    item: Item
    occurrence: Occurrence | None = None

    @property
    def fields(self) -> Fields:
        return self.item.fields if self.occurrence is None else self.occurrence.fields

    @property
    def start(self) -> datetime:
        return zones.moment(self.fields["start"])


def place_of(call: Call) -> Place:
    """Return the place a call points at, if the caller may do there what they want to.

    A calendar that was deleted is no more; another person's takes a role in it.
    """
    assert call.person is not None  # noqa: S101
    assert call.exchange is not None  # noqa: S101
    mailbox = call.exchange.mailbox(call.person)
    folder = mailbox.folders[CALENDAR]
    for name in filter(None, call.folders):
        if is_local(name, mailbox=mailbox.owner):
            raise not_built("More of a calendar that others share than what it is")
        folder = folder_of(mailbox, name, kind=Kind.EVENT)
        if mailbox.within(folder.number, DELETED):
            raise item_not_found()
    rights = sharing.rights(folder, owner=call.person, viewer=call.token.person)
    if not (rights.reads if call.method == "GET" else rights.writes):
        raise access_denied()
    view = View.of(mailbox, call.preferences, rights)
    return Place(call.person, call.exchange, mailbox, folder, bool(call.folders), view)


def in_window(item: Item, *, begin: datetime, end: datetime) -> list[Target]:
    """Return what of an event happens in a window: itself, or its occurrences."""
    if series.is_master(item.fields):
        found = series.within(item.fields, item.properties, begin=begin, end=end)
        return [Target(item, occurrence) for occurrence in found]
    start, finish = zones.moment(item.fields["start"]), zones.moment(item.fields["end"])
    return [Target(item)] if series.overlaps(start, finish, begin=begin, end=end) else []


def target_of(call: Call, place: Place) -> Target:
    """Return the event named last in the path, in any living calendar or in the one the path names."""
    item = item_of(place.mailbox, call.item, kind=Kind.EVENT)
    here_only = place.named or not place.rights.owner
    if place.mailbox.within(item.folder, DELETED) or (here_only and item.folder != place.folder.number):
        raise item_not_found()
    named = parsed_id(call.item).occurrence
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
        f"/calendars('{place.mailbox.folder_id(place.folder.number)}')"
        if place.named and kind == "events"
        else ""
    )
    names = f"({','.join(select)})" if select else ""
    return (
        f"{call.root}/$metadata#users('{place.person.oid}'){under}/{kind}{names}{'/$entity' if one else ''}"
    )
