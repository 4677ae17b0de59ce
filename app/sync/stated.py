"""Receive what the CRM states, and tell its edits from stale copies (``engine.md`` §3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.records import Fields, Value
from app.records.patch import Revision
from app.records.shape import Shape
from app.sync.conflicts import Conflict, Policy, Stamp


@dataclass(frozen=True, slots=True)
class CrmView:
    """What the CRM may hold: ``had`` is ``record.crm_had``, {field: [[revision, value], …]} oldest first.

    ``revisions`` are the record's steps after ``crm_revision``; ``heard`` is the last revision whose change
    was delivered to the CRM (2xx or read) or acknowledged.
    """

    had: Mapping[str, list[Value]]
    revisions: Sequence[Revision]
    revision: int
    heard: int


@dataclass(frozen=True, slots=True)
class Stated:
    """What a CRM's write makes of the record.

    ``previous`` has the changed fields as they were; ``merged`` the stated fields that now hold something else
    than was sent; ``behind`` those where the CRM showed an older value (candidates for another offer);
    ``offer`` those it has to be told although it wrote them. ``come_to`` is the revision this write proves the
    CRM to have reached. ``crm_had`` is to be stored.
    """

    doc: Fields
    previous: Fields
    conflicts: tuple[Conflict, ...]
    field_at: Fields
    merged: tuple[str, ...]
    behind: tuple[str, ...]
    offer: tuple[str, ...]
    come_to: int
    crm_had: Fields


def may_still_hold(
    shape: Shape, field: str, crm: CrmView, *, now: datetime, settle: timedelta
) -> list[Value]:
    """Return the values of a field that the CRM may still hold, oldest first."""
    raise NotImplementedError


def receive_crm(
    shape: Shape,
    doc: Fields,
    crm: CrmView,
    stated: Fields,
    *,
    stamp: Stamp,
    now: datetime,
    settle: timedelta,
    field_at: Mapping[str, Value],
    policy_of: Callable[[str | None], Policy],
    decisive: bool = False,
    base: Fields | None = None,
) -> Stated:
    """Merge a PUT (``decisive`` for a PATCH) of canonical fields; absent fields say nothing.

    ``base`` is the document at the Concord-Base-Revision where the CRM named one. ``stamp`` carries the CRM's
    ``updated_at`` (None without one).
    """
    raise NotImplementedError


def first_stated(stated: Fields, *, revision: int) -> Fields:
    """Return ``crm_had`` of a record that the CRM has just created."""
    raise NotImplementedError


def applied(crm_had: Mapping[str, list[Value]], revisions: Sequence[Revision], *, up_to: int) -> Fields:
    """Return ``crm_had`` once the CRM is known to have applied everything up to a revision (set ``crm_revision``)."""
    raise NotImplementedError
