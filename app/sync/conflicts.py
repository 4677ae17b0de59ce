"""Who wins where two sides gave one field a different value (``engine.md`` §11)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.records import Value


class Side(StrEnum):
    CRM = "crm"
    MICROSOFT = "microsoft"


class Resolution(StrEnum):
    CRM_WINS = "crm_wins"
    MICROSOFT_WINS = "microsoft_wins"
    NEWEST_WINS = "newest_wins"
    ASK = "ask"


class Kept(StrEnum):
    """``NEITHER``: somebody must decide, and both sides keep what they have until then."""

    OURS = "ours"
    THEIRS = "theirs"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Policy:
    """The conflict settings of one connection."""

    resolution: Resolution = Resolution.NEWEST_WINS
    field_overrides: Mapping[str, Resolution] = field(default_factory=dict)

    def of(self, name: str) -> Resolution:
        return self.field_overrides.get(name, self.resolution)


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and by whom a field got its value. ``at`` is None where that side tells no time."""

    at: datetime | None
    side: Side
    connection: str | None = None

    def document(self) -> list[str | None]:
        """Return the stamp as ``record.field_at`` keeps it."""
        return [self.at.isoformat() if self.at else None, self.side.value, self.connection]

    @classmethod
    def parse(cls, document: Value) -> "Stamp":
        at, side, connection = document
        return cls(datetime.fromisoformat(at) if at else None, Side(side), connection)


UNSTAMPED = Stamp(None, Side.CRM)


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field that both sides changed. Both values are kept here, whichever stands in the record."""

    field: str
    base: Value
    ours: Value
    theirs: Value
    kept: Kept
    ours_stamp: Stamp
    theirs_stamp: Stamp


def settle(policy: Policy, *, field: str, ours: Stamp, theirs: Stamp) -> Kept:
    """Return whose value of a field stands: the one we hold, or the one that is reported now.

    The policy is that of the connection that isn't the CRM. Between two mailboxes the later edit wins; a
    mailbox that contradicts itself has thought better of it.
    """
    if ours.side is Side.MICROSOFT and theirs.side is Side.MICROSOFT:
        return Kept.THEIRS if ours.connection == theirs.connection else _later(ours, theirs)
    if ours.side is theirs.side:
        return Kept.THEIRS
    winner = _winner(policy.of(field), ours, theirs)
    if winner is None:
        return Kept.NEITHER
    return Kept.OURS if ours.side is winner else Kept.THEIRS


def _winner(resolution: Resolution, ours: Stamp, theirs: Stamp) -> Side | None:
    match resolution:
        case Resolution.CRM_WINS:
            return Side.CRM
        case Resolution.MICROSOFT_WINS:
            return Side.MICROSOFT
        case Resolution.NEWEST_WINS:
            return _newest(ours, theirs)
        case Resolution.ASK:
            return None


def _later(ours: Stamp, theirs: Stamp) -> Kept:
    if ours.at is None or theirs.at is None:
        return Kept.THEIRS
    return Kept.THEIRS if theirs.at > ours.at else Kept.OURS


def _newest(one: Stamp, other: Stamp) -> Side:
    if one.at is None or other.at is None or one.at == other.at:
        return Side.CRM
    return one.side if one.at > other.at else other.side
