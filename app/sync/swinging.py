"""Fields that swing: two sides that keep putting each other's value back are stopped (``engine.md`` §11).

``record.swings`` is {field: {"was", "by", "at", "times"}}: a fingerprint of the value before the last move,
who moved it and when, and when it swung back. Pure functions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from json import dumps
from typing import Final

from app.records import Fields, Value
from app.sync import holding
from app.sync.conflicts import Stamp
from app.sync.holding import Branch
from app.sync.reconcile import Received
from app.sync.stated import Stated

FLAPPING: Final = "flapping"
CRM: Final = "crm"
MOST: Final = 4
WINDOW: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Move:
    """A field's move from one value to another."""

    field: str
    was: Value
    becomes: Value


def swung(swings: Mapping[str, Value], moves: Iterable[Move], *, by: str, now: datetime) -> Fields:
    """Return the record's swings after these moves; what is older than an hour is forgotten.

    A move swings where it brings back the value that another side has just taken away.
    """
    recent = {name: entry for name, entry in swings.items() if _at(entry["at"]) > now - WINDOW}
    for move in moves:
        before = recent.get(move.field)
        back = before is not None and before["by"] != by and before["was"] == _print(move.becomes)
        times = [at for at in before["times"] if _at(at) > now - WINDOW] if before and back else []
        recent[move.field] = {
            "was": _print(move.was), "by": by, "at": now.isoformat(),
            "times": [*times, now.isoformat()] if back else [],
        }  # fmt: skip
    return recent


def parked(
    received: Received, doc: Fields, swings: Mapping[str, Value], *, connection: str, now: datetime
) -> tuple[Received, Fields]:
    """Hold what swings too often from the mailbox that has just moved it; return the record's swings too."""
    moves = [Move(name, was, received.doc.get(name)) for name, was in received.previous.items()]
    after = swung(swings, moves, by=connection, now=now)
    held, names = received.held, flapping(after, received.previous)
    if not names:
        return received, after
    for name in names:
        at, *_ = received.field_at[name]
        branch = _branch(received.doc.get(name), base=doc.get(name), at=at, now=now)
        held = holding.with_branch(held, name, connection, branch)
    previous = {name: was for name, was in received.previous.items() if name not in names}
    kept = {**received.doc, **{name: doc.get(name) for name in names}}
    stamps = {name: stamp for name, stamp in received.field_at.items() if name in previous}
    return replace(
        received, doc=kept if previous else doc, previous=previous, field_at=stamps, held=held
    ), after


def stopped(
    stated: Stated, swings: Mapping[str, Value], *, field_at: Mapping[str, Value], now: datetime
) -> tuple[Stated, Fields]:
    """Hold what swings too often from the mailbox that the CRM has just moved it away from.

    The record says what the CRM says. Two mailboxes that swing without the CRM are stopped as they report.
    """
    moves = [Move(name, was, stated.doc.get(name)) for name, was in stated.previous.items()]
    after = swung(swings, moves, by=CRM, now=now)
    held = stated.held
    for name in flapping(after, stated.previous):
        known = field_at.get(name)
        stamp = Stamp.parse(known) if known else None
        if stamp is not None and stamp.connection is not None and name not in held:
            at = stamp.at.isoformat() if stamp.at else None
            branch = _branch(stated.previous[name], base=stated.doc.get(name), at=at, now=now)
            held = holding.with_branch(held, name, stamp.connection, branch)
    return replace(stated, held=held), after


def _branch(value: Value, *, base: Value, at: str | None, now: datetime) -> Branch:
    return Branch(value, base, at, FLAPPING, (now + WINDOW).isoformat())


def flapping(swings: Mapping[str, Value], fields: Iterable[str]) -> list[str]:
    """Return those of the fields that have swung too often."""
    return [name for name in fields if name in swings and len(swings[name]["times"]) >= MOST]


def _print(value: Value) -> str:
    return sha256(dumps(value or None, sort_keys=True).encode()).hexdigest()[:16]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
