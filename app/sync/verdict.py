"""How a record stands in one mailbox, and the reason: the one place that decides it.

Lists, records and explain all show this verdict. Pure: whoever calls has read what bears on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.policy import Direction


class Stand(StrEnum):
    """How a record stands in one mailbox, in one word."""

    SYNCED = "synced"
    PENDING = "pending"
    OUT_OF_SCOPE = "out_of_scope"
    PARKED = "parked"
    IN_REVIEW = "in_review"
    CONFLICT = "conflict"
    AWAITING_APPROVAL = "awaiting_approval"
    REJECTED = "rejected"
    UNNAMED = "unnamed"
    BLOCKED = "blocked"
    DISABLED = "disabled"


UNMATCHED: Final = "unmatched"
"""The state of an item that no record knows yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """The sync of one entity in one connection.

    ``stopped``: why nothing at all is read or written for now. ``trouble``: why its last turn broke off.
    """

    direction: Direction
    stopped: Reason | None = None
    trouble: Reason | None = None
    imports: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record, as far as it bears on where it stands. ``ended``: why it is deleted, if it is.

    ``scope`` is whether it belongs in the mailbox, as a reason. ``conflict``: one that is open with it.
    """

    scope: Reason
    ended: Reason | None = None
    conflict: Reason | None = None
    rejected: bool = False
    named: bool = True
    awaits_name: bool = False
    keeps_its_value: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """A link, as far as it bears on where its record stands. ``decided``: its decisions, the last first.

    ``asked``: it belongs to a set that somebody is asked about.
    """

    state: LinkState | str
    owed: bool = False
    parked: bool = False
    failing: bool = False
    asked: bool = False
    decided: Sequence[str] = field(default_factory=tuple)

    def last(self, *, among: frozenset[Reason], default: Reason) -> Reason:
        """Return the last decision of this kind: one of another kind tells nothing of the state."""
        return next((Reason(code) for code in self.decided if code in among), default)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a record stands, why, and whether it belongs in that mailbox at all."""

    stand: Stand
    reason: Reason
    in_scope: bool


R = Reason
TRYING: Final = frozenset({R.THROTTLED, R.RETRYING})
PARKING: Final = frozenset(
    {
        R.REFUSED_BY_MICROSOFT,
        R.UNSUPPORTED_VALUE,
        R.UNSUPPORTED_RECURRENCE,
        R.INVITATION_BLOCKED,
        R.ONLINE_MEETING_UNAVAILABLE,
        R.MAILBOX_FULL,
    }
)
RETURNING: Final = frozenset({R.VIEW_ONLY, R.EDIT_OUTLIVED_DELETE, R.RESTORED, R.COPY_COMES_BY_INVITATION})
LEAVING: Final = frozenset(
    {
        R.NO_OWNER,
        R.NOT_AN_OWNER,
        R.NOT_PRIMARY_OWNER,
        R.CLASS_NOT_SELECTED,
        R.ACTIVITY_TYPE_NOT_SELECTED,
        R.NOT_IN_CALENDAR,
        R.PROJECT_NOT_ACTIVE,
        R.COMPLETED_EXCLUDED,
        R.PRIVATE_SKIPPED,
        R.BEFORE_START_DATE,
        R.NO_CREATED_AT,
    }
)
RESTING: Final = frozenset({R.OUTSIDE_WINDOW, R.PRIVATE_SKIPPED})
"""Why an item that no record knows is left as it is until its time comes, or the settings are others."""

OUT_OF_REACH: Final = frozenset({R.DIRECTION, R.IMPORT_OFF, R.DISABLED}) | RESTING
ENDED: Final[Mapping[str, tuple[Stand, Reason, frozenset[Reason]]]] = {
    LinkState.IN_REVIEW: (Stand.IN_REVIEW, R.MATCH_OPEN, frozenset()),
    LinkState.GONE: (Stand.PENDING, R.REMOVED_THERE, frozenset()),
    LinkState.REMOVED_THERE: (Stand.OUT_OF_SCOPE, R.REMOVED_THERE, frozenset({R.DIRECTION, R.VIEW_ONLY})),
    LinkState.MOVED_OUT: (Stand.OUT_OF_SCOPE, R.MOVED_OUT, frozenset()),
    LinkState.IGNORED: (
        Stand.OUT_OF_SCOPE,
        R.DUPLICATE_ITEM,
        frozenset({R.ERASED, R.COPY_IGNORED, R.DECLINED}),
    ),
    LinkState.SEVERED: (
        Stand.OUT_OF_SCOPE,
        R.KEPT_AFTER_DELETE,
        frozenset({R.DIRECTION, R.DUPLICATE_ITEM, R.REJECTED_BY_CRM, R.ERASED, R.DECLINED}),
    ),
    LinkState.REMOVED_BY_US: (Stand.OUT_OF_SCOPE, R.REMOVED_FROM_CRM, LEAVING | {R.DUPLICATE_ITEM}),
}
"""The states in which a link has come to an end: how its record stands, why, and what else may be why."""


def verdict(sync: Sync, held: Held | None, tie: Tie | None) -> Verdict:
    """Return how a record stands; without one, how an item stands that no record knows."""
    if held is None:
        stand, reason = _of_item(sync, tie)
        return Verdict(stand, reason, in_scope=reason not in OUT_OF_REACH)
    in_scope = held.scope is R.IN_SCOPE and held.ended is None
    return Verdict(*(_standstill(sync, held, tie) or _course(sync, held, tie)), in_scope=in_scope)


def _of_item(sync: Sync, tie: Tie | None) -> tuple[Stand, Reason]:
    if sync.stopped is R.DISABLED:
        return Stand.DISABLED, R.DISABLED
    if tie is not None and tie.state in ENDED:
        return _ended(tie)
    left_alone = _left_alone(sync, tie)
    if left_alone is not None:
        return Stand.OUT_OF_SCOPE, left_alone
    if sync.stopped is not None:
        return Stand.BLOCKED, sync.stopped
    return Stand.PENDING, sync.trouble or R.IN_SCOPE


def _left_alone(sync: Sync, tie: Tie | None) -> Reason | None:
    """Return why an item is not to become a record as things are."""
    if not sync.direction.hears:
        return R.DIRECTION
    if not sync.imports:
        return R.IMPORT_OFF
    rests = tie is not None and not tie.owed and tie.decided and tie.decided[0] in RESTING
    return R(tie.decided[0]) if tie is not None and rests else None


def _standstill(sync: Sync, held: Held, tie: Tie | None) -> tuple[Stand, Reason] | None:
    """Return what nothing will move by itself: the first that has a reason, what lasts longest first."""
    outside = held.ended is None and held.scope is not R.IN_SCOPE
    cases: tuple[tuple[Stand, Reason | None], ...] = (
        (Stand.DISABLED, R.DISABLED if sync.stopped is R.DISABLED else None),
        (Stand.REJECTED, R.REJECTED_BY_CRM if held.rejected else None),
        (Stand.AWAITING_APPROVAL, _asked(sync, held, tie)),
        _ended(tie) if tie is not None and _has_ended(held, tie) else (Stand.OUT_OF_SCOPE, None),
        (Stand.OUT_OF_SCOPE, held.ended if tie is None else None),
        (Stand.OUT_OF_SCOPE, held.scope if outside else None),
        (Stand.BLOCKED, sync.stopped),
        (Stand.CONFLICT, held.conflict),
        (Stand.PARKED, _parked(tie)),
    )
    return next(((stand, reason) for stand, reason in cases if reason is not None), None)


def _asked(sync: Sync, held: Held, tie: Tie | None) -> Reason | None:
    """Return what somebody is asked about: the whole folder, or a set of links that this one belongs to."""
    asked = tie is not None and tie.asked
    concerned = asked or (held.scope is R.IN_SCOPE and (tie is None or tie.state not in ENDED))
    if sync.trouble is R.COLLECTION_GONE and concerned:
        return R.COLLECTION_GONE
    return R.AWAITING_APPROVAL if asked else None


def _has_ended(held: Held, tie: Tie) -> bool:
    """Say whether a link has come to its end: an item that we deleted comes back with a living record."""
    return tie.state in ENDED and (tie.state != LinkState.REMOVED_BY_US or held.ended is not None)


def _parked(tie: Tie | None) -> Reason | None:
    parked = tie is not None and tie.parked
    return tie.last(among=PARKING, default=R.REFUSED_BY_MICROSOFT) if tie is not None and parked else None


def _course(sync: Sync, held: Held, tie: Tie | None) -> tuple[Stand, Reason]:
    """Return where a record stands that is on its way, or has arrived."""
    if not held.named:
        return Stand.UNNAMED, R.AWAITING_NAME
    if held.awaits_name:
        return Stand.PENDING, R.AWAITING_NAME
    if tie is None or tie.owed or tie.state != LinkState.LINKED or held.ended is not None:
        return _under_way(sync, held, tie)
    if held.keeps_its_value:
        return Stand.PARKED, R.CRM_KEEPS_ITS_VALUE
    if tie.decided[:1] == [R.NOT_ORGANIZER]:
        return Stand.PARKED, R.NOT_ORGANIZER
    return Stand.SYNCED, R.IN_SCOPE


def _under_way(sync: Sync, held: Held, tie: Tie | None) -> tuple[Stand, Reason]:
    """Return why something is still owed to the mailbox."""
    linked = tie is not None and tie.state == LinkState.LINKED
    if not sync.direction.sends:
        return (Stand.SYNCED if linked and held.ended is None else Stand.OUT_OF_SCOPE), R.DIRECTION
    if tie is not None and tie.failing:
        return Stand.PENDING, tie.last(among=TRYING, default=R.RETRYING)
    if sync.trouble is not None:
        return Stand.PENDING, sync.trouble
    if held.ended is not None:
        return Stand.PENDING, held.ended
    returning = tie is not None and tie.decided[:1] and tie.decided[0] in RETURNING
    return Stand.PENDING, Reason(tie.decided[0]) if tie is not None and returning else R.IN_SCOPE


def _ended(tie: Tie) -> tuple[Stand, Reason]:
    stand, usual, others = ENDED[tie.state]
    return stand, tie.last(among=others | {usual}, default=usual)
