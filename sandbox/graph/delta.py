"""Delta queries: a round of pages over one collection, and the tokens that remember where it stands.

A token holds the position, the round's beginning and ``$select``; never a header. It is signed, so that
nobody parses or makes one. https://learn.microsoft.com/graph/delta-query-overview
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from typing import Any, Literal
from uuid import UUID

import orjson

from sandbox.graph.changes import Changes, Slot
from sandbox.graph.errors import bad_request, invalid_state, state_not_found
from sandbox.graph.odata import Rules, options, selected
from sandbox.graph.wire import Call

MAX_CONTACTS = 200
SIGNATURE = 8
FOLDERS = 0  # stands for the collection of contact folders, which has no number of its own

Show = Callable[[Slot, tuple[str, ...]], dict[str, Any]]


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

    def token(self, kind: Literal["skip", "delta"]) -> str:
        packed = orjson.dumps([self.mailbox.hex, self.collection, self.since, self.floor, self.select, kind])
        return urlsafe_b64encode(_signature(packed) + packed).decode().rstrip("=")


def place_of(call: Call, *, start: Place, rules: Rules) -> Place:
    """Return where this request goes on, or the start of a new round; raise Graph's 400 for a bad token."""
    said = options(call.pairs)
    given = {name for name in ("skiptoken", "deltatoken") if said.get(name)}
    refused = sorted(set(said) - given - {"deltatoken"} - (set() if given else {"select"}))
    if refused:
        shown = ", ".join(f"${name}" for name in refused)
        raise bad_request(
            "The following parameters are not supported with change tracking over the "
            f"'{rules.kind}' resource: '{shown}'.",
            code="ErrorInvalidUrlQuery",
        )
    if not given:
        return replace(start, select=selected(said.get("select"), rules))
    if len(given) > 1:
        raise invalid_state()
    (name,) = given
    place = _read(said[name], kind=name.removesuffix("token"))
    if (place.mailbox, place.collection) != (start.mailbox, start.collection):
        raise invalid_state()
    return place


def page(call: Call, changes: Changes, place: Place, *, size: int, show: Show) -> dict[str, Any]:
    """Return one page of a round: ``value`` and either a nextLink or a deltaLink, never both."""
    if "expire" in call.deltas or (place.since and changes.forgotten > max(place.since, place.floor)):
        raise state_not_found(place.since, again=call.link(deltatoken=""))
    if "empty_page" in call.deltas:
        return {"value": [], "@odata.nextLink": call.link(skiptoken=place.token("skip"))}
    found = list(islice(_told(changes, place), size + 1))
    more, found = len(found) > size, found[:size]
    # Replays and repetitions are allowed, and clients must bear them.
    earlier = changes.before(place.since) if "replay" in call.deltas else None
    rows = ([earlier] if earlier else []) + found
    after = replace(place, since=found[-1][0] if more else max(changes.head, place.since))
    if "duplicate" in call.deltas and found:
        after, rows = _repeating(place, found, rows, after=after, more=more)
    value = [_row(slot, removed, place.select, show) for _, slot, removed in rows]
    if more:
        return {"@odata.nextLink": call.link(skiptoken=after.token("skip")), "value": value}
    return {"@odata.deltaLink": call.link(deltatoken=after.token("delta")), "value": value}


def _told(changes: Changes, place: Place) -> Any:
    return (
        (position, slot, removed)
        for position, slot, removed in changes.after(place.since)
        if not removed or position > place.floor
    )


def _repeating(
    place: Place, found: list[Any], rows: list[Any], *, after: Place, more: bool
) -> tuple[Place, list[Any]]:
    """Make the last item of this page come again: on the next page, or here where there is none."""
    if more and len(found) > 1:
        return replace(place, since=found[-2][0]), rows
    return after, [*rows, found[-1]]


def _row(slot: Slot, removed: bool, select: tuple[str, ...], show: Show) -> dict[str, Any]:
    shown = show(slot, select)
    return {"id": shown["id"], "@removed": {"reason": "deleted"}} if removed else shown


def _read(token: str, *, kind: str) -> Place:
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise invalid_state() from None
    signature, packed = raw[:SIGNATURE], raw[SIGNATURE:]
    if _signature(packed) != signature:
        raise invalid_state()
    mailbox, collection, since, floor, select, made_for = orjson.loads(packed)
    if made_for != kind:
        raise invalid_state()
    return Place(UUID(hex=mailbox), collection, since, floor, tuple(select))


def _signature(packed: bytes) -> bytes:
    return blake2b(packed, digest_size=SIGNATURE, key=b"the sandbox has no secrets").digest()
