"""Delta queries: a round of pages over one collection, and the tokens that remember where it stands.

A token holds the position, the round's beginning and ``$select``; never a header. It is signed, so that
nobody parses or makes one. https://learn.microsoft.com/graph/delta-query-overview
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID

import orjson

from sandbox.graph import odata
from sandbox.graph.changes import Changes, Slot
from sandbox.graph.errors import bad_request, invalid_state, state_not_found
from sandbox.graph.wire import Call

MAX_CONTACTS = 200
SIGNATURE = 8
FOLDERS, LISTS = 0, -1  # stand for the contact folders and the task lists, which have no number of their own

Document = dict[str, Any]
Told = tuple[int, Slot, bool]  # position, entry, was it removed
Show = Callable[[Slot, tuple[str, ...]], Document]


Rows = Callable[[Told, "Place"], list[Document]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a round stands: what changed after ``since`` comes next.

    Removals up to ``floor`` are not told: a first round does not list what was gone before it began.
    """

    mailbox: UUID
    collection: int
    since: int = 0
    floor: int = 0
    select: tuple[str, ...] = ()
    window: tuple[str, ...] = ()  # of a calendar view: from when until when
    nested: tuple[str, ...] = ()  # what to show inside, and how much on a page: of tasks
    top: int | None = None

    def token(self, kind: Literal["skip", "delta"]) -> str:
        said = [self.mailbox.hex, self.collection, self.since, self.floor, self.select, kind, self.window,
                self.nested, self.top]  # fmt: skip
        packed = orjson.dumps(said)
        return urlsafe_b64encode(_signature(packed) + packed).decode().rstrip("=")


def place_of(call: Call, *, start: Place, rules: odata.Rules) -> Place:
    """Return where this request goes on, or the start of a new round; raise Graph's 400 for a bad token."""
    said = odata.options(call.pairs)
    given = {name for name in ("skiptoken", "deltatoken") if said.get(name)}
    refused = sorted(set(said) - given - {"deltatoken"} - (set() if given else rules.options & rules.tracked))
    if refused:
        shown = ", ".join(f"${name}" for name in refused)
        raise bad_request(
            "The following parameters are not supported with change tracking over the "
            f"'{rules.kind}' resource: '{shown}'.",
            code="ErrorInvalidUrlQuery",
        )
    if not given:
        return replace(
            start,
            select=odata.selected(said.get("select"), rules),
            nested=odata.expanded(said.get("expand"), rules)[1],
            top=odata.page_size(said.get("top")),
        )
    if len(given) > 1:
        raise invalid_state()
    (name,) = given
    place = _read(said[name], kind=name.removesuffix("token"))
    if (place.mailbox, place.collection) != (start.mailbox, start.collection):
        raise invalid_state()
    return place


def each(show: Show) -> Rows:
    """Return what makes one row of each entry, as it is or as a removal."""

    def rows(told: Told, place: Place) -> list[Document]:
        _, slot, removed = told
        shown = show(slot, place.select)
        return [gone(shown["id"]) if removed else shown]

    return rows


def gone(shown_id: str) -> Document:
    return {"id": shown_id, "@removed": {"reason": "deleted"}}


def page(call: Call, changes: Changes, place: Place, *, size: int, rows: Rows) -> Document:
    """Return one page of a round: ``value`` and either a nextLink or a deltaLink, never both."""
    if "expire" in call.deltas or (place.since and changes.forgotten > max(place.since, place.floor)):
        raise state_not_found(place.since, again=call.link(deltatoken="") + shown_window(place.window))
    if "empty_page" in call.deltas:
        return {"value": [], "@odata.nextLink": call.link(skiptoken=place.token("skip"))}
    found = list(islice(_told(changes, place), size + 1))
    more, found = len(found) > size, found[:size]
    # Replays and repetitions are allowed, and clients must bear them.
    earlier = changes.before(place.since) if "replay" in call.deltas else None
    told = ([earlier] if earlier else []) + found
    after = replace(place, since=found[-1][0] if more else max(changes.head, place.since))
    if "duplicate" in call.deltas and found:
        after, told = _repeating(place, found, told, after=after, more=more)
    value = [row for change in told for row in rows(change, place)]
    if more:
        return {"@odata.nextLink": call.link(skiptoken=after.token("skip")), "value": value}
    return {"@odata.deltaLink": call.link(deltatoken=after.token("delta")), "value": value}


def shown_window(window: tuple[str, ...]) -> str:
    """Return a calendar view's window as it stands in an address."""
    named = zip(("startDateTime", "endDateTime"), window, strict=False)
    return "".join(f"&{name}={quote(at, safe='')}" for name, at in named)


def _told(changes: Changes, place: Place) -> Iterator[Told]:
    return (
        (position, slot, removed)
        for position, slot, removed in changes.after(place.since)
        if not removed or position > place.floor
    )


def _repeating(
    place: Place, found: list[Told], told: list[Told], *, after: Place, more: bool
) -> tuple[Place, list[Told]]:
    """Make the last item of this page come again: on the next page, or here where there is none."""
    if more and len(found) > 1:
        return replace(place, since=found[-2][0]), told
    return after, [*told, found[-1]]


def _read(token: str, *, kind: str) -> Place:
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise invalid_state() from None
    signature, packed = raw[:SIGNATURE], raw[SIGNATURE:]
    if _signature(packed) != signature:
        raise invalid_state()
    # Tokens from before there were tasks end with the window.
    said: list[Any] = [*orjson.loads(packed), (), None]
    mailbox, collection, since, floor, select, made_for, window, nested, top, *_ = said
    if made_for != kind:
        raise invalid_state()
    at = (UUID(hex=mailbox), collection, since, floor)
    return Place(*at, tuple(select), tuple(window), tuple(nested), top)


def _signature(packed: bytes) -> bytes:
    return blake2b(packed, digest_size=SIGNATURE, key=b"the sandbox has no secrets").digest()
