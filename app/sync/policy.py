"""What may travel, and what a removal does (``engine.md`` §§4, 5, 10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.records.link import AttemptKind, LinkState
from app.records.reasons import Reason


class Direction(StrEnum):
    DISABLED = "disabled"
    CRM_TO_MICROSOFT = "crm_to_microsoft"
    MICROSOFT_TO_CRM = "microsoft_to_crm"
    TWO_WAY = "two_way"

    @property
    def hears(self) -> bool:
        return self in {Direction.MICROSOFT_TO_CRM, Direction.TWO_WAY}

    @property
    def sends(self) -> bool:
        return self in {Direction.CRM_TO_MICROSOFT, Direction.TWO_WAY}


class RemovedFromCrm(StrEnum):
    KEEP = "keep"
    DELETE = "delete"


class DeletedInMicrosoft(StrEnum):
    KEEP = "keep"
    DELETE = "delete"
    RECREATE = "recreate"


class LeftScope(StrEnum):
    KEEP = "keep"
    DELETE = "delete"


class SharedDeletes(StrEnum):
    LAST_COPY = "last_copy"
    PRIMARY = "primary"


class Access(StrEnum):
    PRIMARY = "primary"
    FULL = "full"
    VIEW_ONLY = "view_only"


@dataclass(frozen=True, slots=True)
class Happening:
    """What a link becomes, why, and whether its record goes with it or its item is to be deleted."""

    state: LinkState
    reason: Reason | None = None
    deletes_record: bool = False
    deletes_item: bool = False
    next_generation: bool = False


PUSHED = frozenset({LinkState.WANTED, LinkState.LINKED})
LIVE = frozenset({LinkState.LINKED, LinkState.SUSPENDED, LinkState.MOVED_OUT})


ENDS: Mapping[str | None, Reason] = {
    "deleted_in_microsoft": Reason.REMOVED_THERE,
    "merged": Reason.DUPLICATE_ITEM,
}


def may_push(state: LinkState) -> bool:
    """Return whether a link in this state may be owed anything."""
    return state in PUSHED


def item_gone(
    state: LinkState,
    *,
    attempt: AttemptKind | None,
    direction: Direction,
    setting: DeletedInMicrosoft,
    access: Access | None,
    other_live_links: int,
    record_lives: bool = True,
    shared: SharedDeletes = SharedDeletes.LAST_COPY,
) -> Happening:
    """Decide what follows once an item is verified to be gone: the link ends, the record hardly ever.

    ``access`` is None where the record is out of the mailbox's scope: what becomes of its copy means nothing.
    """
    belongs = record_lives and access is not None
    if attempt is AttemptKind.DELETE:
        # The end of our own delete, of which we never had the answer; the record may have been saved again.
        again = belongs and direction.sends
        return (
            Happening(LinkState.WANTED, next_generation=True) if again else Happening(LinkState.REMOVED_BY_US)
        )
    if state is LinkState.SEVERED:
        return Happening(LinkState.SEVERED)
    if belongs and setting is DeletedInMicrosoft.RECREATE and direction.sends:
        return Happening(LinkState.WANTED, next_generation=True)
    if belongs and not direction.hears:
        return Happening(LinkState.REMOVED_THERE, Reason.DIRECTION)
    if record_lives and access is Access.VIEW_ONLY:
        return Happening(LinkState.REMOVED_THERE, Reason.VIEW_ONLY)
    last = other_live_links == 0 or (shared is SharedDeletes.PRIMARY and access is Access.PRIMARY)
    deletes = belongs and last and setting is DeletedInMicrosoft.DELETE
    return Happening(LinkState.REMOVED_THERE, Reason.REMOVED_THERE, deletes_record=deletes)


def record_deleted(
    state: LinkState, *, attempt: AttemptKind | None, direction: Direction, setting: RemovedFromCrm
) -> Happening:
    """Decide what a link does after its record was deleted (by the CRM or by another mailbox).

    While an attempt stands nothing may be sent yet: the link stays as it is until that is settled.
    """
    kept = Happening(LinkState.SEVERED, Reason.KEPT_AFTER_DELETE)
    if state in {LinkState.REMOVED_BY_US, LinkState.REMOVED_THERE, LinkState.IGNORED, LinkState.SEVERED}:
        return Happening(state)
    if attempt in {AttemptKind.CREATE, AttemptKind.DELETE}:
        return Happening(state, Reason.RETRYING)
    if state is LinkState.WANTED:
        # There never was an item.
        return Happening(LinkState.REMOVED_BY_US)
    if not direction.sends:
        return Happening(LinkState.SEVERED, Reason.DIRECTION)
    if setting is RemovedFromCrm.DELETE and state is LinkState.LINKED:
        return Happening(LinkState.LINKED, deletes_item=True)
    return kept


def why_ended(because: str | None) -> Reason:
    """Return why a deleted record is, as what becomes of its items is told."""
    return ENDS.get(because, Reason.REMOVED_FROM_CRM)


def left_scope(
    reason: Reason,
    *,
    attempt: AttemptKind | None,
    direction: Direction,
    setting: LeftScope,
    edited: bool,
) -> Happening:
    """Decide what becomes of a linked item whose record doesn't belong in its mailbox (any more).

    ``edited``: its user has edited it since we last heard of it. Such an edit outlives the deletion, and what
    the CRM rejected stays untouched.
    """
    if attempt is not None and direction.sends:
        return Happening(LinkState.LINKED, Reason.RETRYING)
    if setting is LeftScope.KEEP or reason is Reason.REJECTED_BY_CRM:
        return Happening(LinkState.SUSPENDED, reason)
    if not direction.sends:
        return Happening(LinkState.SUSPENDED, Reason.DIRECTION)
    if edited:
        return Happening(LinkState.SUSPENDED, Reason.EDIT_OUTLIVED_DELETE)
    return Happening(LinkState.LINKED, reason, deletes_item=True)
