"""What of an item one mailbox may be read or written, by its settings and its part in a meeting.

Pure (``engine.md`` §7). Other items than events are read and written whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from app.records import Fields
from app.records.link import LinkView
from app.records.shape import Shape
from app.sync.mails import UNSEEN_GUESTS
from app.sync.policy import Access
from app.sync.scope import NOT_FOR_ALL, Private

ABOUT: Final = frozenset({"subject", "body", "location", "attendees", "isOnlineMeeting"})
"""What an event is about: all that others don't see of one that only shows that time is taken."""

SHARED: Final = ABOUT | {"when", "exceptions", "sensitivity"}
"""What only the organizer's copy of a meeting decides."""

PERSONAL: Final = frozenset({"reminder", "showAs", "sensitivity", "categories"})
"""What belongs to a mailbox: written with a new item, and shared by the primary owner's alone."""

OBSERVED: Final = frozenset(
    {"responses", "organizer", "isOrganizer", "responseStatus", "iCalUId", "onlineMeeting", "isCancelled"}
)
"""What only the primary owner's mailbox tells of."""

TEXTS: Final = frozenset({"title", "location", "description"})
"""What an occurrence may be about otherwise than its series."""

GUESTS: Final = frozenset({"attendees"})
NONE: Final[frozenset[str]] = frozenset()
BUSY: Final = "Busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One mailbox's part in a record: what bears on its mask.

    ``covered``: the settings let its guests be mailed; ``invites``: now, too, as it is still to come;
    ``asked``: the CRM wants them invited. ``elsewhere``: another mailbox has the organizer's copy;
    ``invited``: with guests.
    """

    access: Access | None
    private: Private = Private.AS_PRIVATE
    covered: bool = False
    invites: bool = False
    asked: bool = False
    elsewhere: bool = False
    invited: bool = False


def masked(shape: Shape, doc: Fields, view: LinkView, part: Part) -> Shape:
    """Return the shape by which an item is read and written in this mailbox."""
    if "isOrganizer" not in shape.parts:
        return shape
    unread, unwritten = NONE, NONE if part.invites and invites_here(view, part) else GUESTS
    if is_hidden(doc, view, part.private):
        unread, unwritten = unread | ABOUT, unwritten | ABOUT
    if part.access is not Access.PRIMARY:
        unread = unread | OBSERVED
    if part.access is not Access.PRIMARY and view.graph_had:
        unread, unwritten = unread | PERSONAL, unwritten | PERSONAL
    if view.graph_had.get("isOrganizer") is False:
        unwritten = unwritten | SHARED
        unread = unread | SHARED if part.elsewhere else unread
    seen = without(shape, unread=unread, unwritten=unwritten)
    return busy(seen) if unread >= ABOUT else seen


def heard(shape: Shape, wording: Fields) -> Shape:
    """Return the shape by which a wording is received: a guest's copy of what was cancelled says just that.

    Quirk: it is called "Canceled: …" then. *That passes for an edit, and brings a deleted meeting back.*
    """
    cancelled = wording.get("isCancelled") and wording.get("isOrganizer") is False
    return without(shape, unread=SHARED) if cancelled else shape


def invites_here(view: LinkView, part: Part) -> bool:
    """Say whether guests are invited from this mailbox: one that has some, the primary owner's before others.

    *Two colleagues own a viewing, and its guest is invited by both.*
    """
    has_guests = bool(view.graph_had.get("attendees"))
    if part.access is Access.PRIMARY:
        return has_guests or not part.invited
    return has_guests and not part.invited


def is_hidden(doc: Fields, view: LinkView, private: Private) -> bool:
    """Say whether only the time of an event is to be seen on the other side."""
    said = doc.get("sensitivity") or view.graph_had.get("sensitivity")
    return private is Private.BUSY_ONLY and said in NOT_FOR_ALL


def keeps_guests_secret(doc: Fields, view: LinkView, private: Private) -> bool:
    """Say whether nobody is to find an event in this mailbox by who takes part in it."""
    said = doc.get("sensitivity") or view.graph_had.get("sensitivity")
    return private is not Private.AS_PRIVATE and said in NOT_FOR_ALL


def unseen_of(wording: Fields, private: Private) -> frozenset[str]:
    """Return the parts of an item that we are not to know anything of."""
    return ABOUT if is_hidden({}, LinkView(wording), private) else NONE


def seen_of(wording: Fields, private: Private) -> Fields:
    """Return what we are to know of an item: of changed occurrences, too, only the times if so chosen."""
    unseen = unseen_of(wording, private)
    if not unseen:
        return wording
    seen = {name: raw for name, raw in wording.items() if name not in unseen}
    if "attendees" in wording:
        seen[UNSEEN_GUESTS] = len(wording["attendees"])
    return seen | {"exceptions": times_alone(seen["exceptions"])} if "exceptions" in seen else seen


def times_alone(exceptions: Iterable[Fields]) -> list[Fields]:
    """Return the occurrences that take place at another time, or not at all, and nothing else of them."""
    return [
        {name: raw for name, raw in one.items() if name not in TEXTS}
        for one in exceptions
        if one.get("cancelled") or one.get("start")
    ]


def without(shape: Shape, *, unread: frozenset[str] = NONE, unwritten: frozenset[str] = NONE) -> Shape:
    """Return a shape of which these parts are neither read, nor written, as said."""
    return _masked(_Key(shape), unread, unwritten) if unread or unwritten else shape


def busy(shape: Shape) -> Shape:
    """Return a shape by which a new item is called by nothing but that time is taken."""

    def payload(fields: Fields, wording: Fields) -> Fields:
        body = shape.payload(fields, wording)
        return body if wording else {"subject": BUSY, **body}

    return replace(shape, payload=payload)


class _Key:
    """A shape by what it is, not by what it holds."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    def __hash__(self) -> int:
        return id(self.shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.shape is self.shape


@lru_cache(maxsize=1024)
def _masked(key: _Key, unread: frozenset[str], unwritten: frozenset[str]) -> Shape:
    parts = {
        name: replace(
            part, reads=part.reads and name not in unread, writes=part.writes and name not in unwritten
        )
        for name, part in key.shape.parts.items()
    }
    return replace(key.shape, parts=parts)


def frozen(shape: Shape, doc: Fields, view: LinkView, part: Part) -> Fields:
    """Return ``graph_means`` by which guests that may not be mailed from here are taken for agreed.

    That ends when another guest is added, or the CRM asks for their invitation that it had not asked for.
    *"Always" is chosen one day, and every meeting there is mails its guests.*
    """
    guests = shape.parts.get("attendees")
    if guests is None or not guests.reads or "attendees" not in view.graph_had:
        return view.graph_means
    rest = {name: value for name, value in view.graph_means.items() if name != "attendees"}
    if part.covered and invites_here(view, part):
        waits = view.graph_means.get("attendees", {}).get("asked") is False
        return rest if waits and part.asked else view.graph_means
    held = doc.get("attendees") or []
    same = held == shape.read(guests, view.graph_had["attendees"])
    return rest if same else {**rest, "attendees": {"shown": held, "asked": part.asked}}
