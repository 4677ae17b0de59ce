"""Fields that swing: two sides that keep putting each other's value back are stopped (``engine.md`` §11).

``record.swings`` is {field: {"was", "by", "at", "times"}}: a fingerprint of the value before the last move,
who moved it and when, and when it swung back. Pure functions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from json import dumps
from typing import Final

from app.records import Fields, Value

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


def flapping(swings: Mapping[str, Value], fields: Iterable[str]) -> list[str]:
    """Return those of the fields that have swung too often."""
    return [name for name in fields if name in swings and len(swings[name]["times"]) >= MOST]


def _print(value: Value) -> str:
    return sha256(dumps(value or None, sort_keys=True).encode()).hexdigest()[:16]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
