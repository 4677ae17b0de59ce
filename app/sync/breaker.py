"""The breaker: what is too much to do without asking, counted over 24 hours (``engine.md`` §5).

Pure. Each passes while it is one of few. What would make it many is not done,
and neither is any of the set it belongs to: somebody is asked first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Self

from app.records import Fields

WINDOW: Final = timedelta(hours=24)
HALF_COUNTS_FROM: Final = 3


class Kind(StrEnum):
    """What is counted, as an approval names it for its reason."""

    DELETIONS = "deletions"
    CREATIONS = "creations"
    CLEARS = "clears"
    INVITATIONS = "invitations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A workspace's thresholds."""

    min_deletes: int = 10
    max_delete_percent: int = 10
    max_creates: int = 5000
    max_invitations: int = 20

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Return what a workspace has chosen, over the built-in thresholds."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: int(value) for name, value in stored.items() if name in known})


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What the last 24 hours saw in one collection and on one side, unasked.

    ``live`` counts the links that lived 24 hours ago or since.
    """

    done: int = 0
    live: int = 0


def trips(kind: Kind, *, pending: int, window: Window, limits: Limits) -> bool:
    """Return whether these many more, after what was done, are more than may be done without asking."""
    if pending <= 0:
        return False
    number = pending + window.done
    if kind is Kind.CREATIONS:
        return number > limits.max_creates
    if kind is Kind.INVITATIONS:
        return number > limits.max_invitations
    by_share = number * 100 > limits.max_delete_percent * window.live
    if number > limits.min_deletes and by_share:
        return True
    return number >= HALF_COUNTS_FROM and number * 2 >= window.live


def clears(previous: Fields, doc: Fields) -> bool:
    """Return whether a step empties a field of a record, or overwrites more than half of it.

    ``previous`` has the changed fields as they were, ``doc`` the whole as it becomes. A record of which one
    field alone says anything else is edited, not overwritten.
    """
    lost = [name for name, was in previous.items() if was]
    if any(not doc.get(name) for name in lost):
        return True
    filled = [name for name, value in {**doc, **previous}.items() if value]
    return len(lost) > 1 and len(lost) * 2 > len(filled)


def cleared(previous: Fields, doc: Fields) -> list[str]:
    """Return the fields without which such a step would be an ordinary edit: the emptied ones, or all."""
    lost = [name for name, was in previous.items() if was]
    emptied = {name: previous[name] for name in lost if not doc.get(name)}
    rest = {name: was for name, was in previous.items() if name not in emptied}
    return lost if clears(rest, {**doc, **emptied}) else list(emptied)
