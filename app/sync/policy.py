"""What may travel, what a removal does, and the life of a link (``engine.md`` §§4, 5, 10)."""

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


def item_gone(
    state: LinkState,
    *,
    attempt: AttemptKind | None,
    direction: Direction,
    setting: DeletedInMicrosoft,
    access: Access,
    other_live_links: int,
    record_lives: bool = True,
    shared: SharedDeletes = SharedDeletes.LAST_COPY,
) -> Happening:
    """Decide what follows once an item is verified to be gone: the link ends, the record hardly ever."""
    raise NotImplementedError


def record_deleted(
    state: LinkState, *, attempt: AttemptKind | None, direction: Direction, setting: RemovedFromCrm
) -> Happening:
    """Decide what a link does after its record was deleted (by the CRM or by another mailbox)."""
    raise NotImplementedError
