"""What copy of a record the CRM may hold (``engine.md`` §3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.records import Fields, Value, values
from app.records.patch import Revision
from app.records.values import Kind

CRM, MICROSOFT = "crm", "microsoft"


@dataclass(frozen=True, slots=True)
class CrmView:
    """What we know of the CRM's copy of a record that is at ``revision``.

    ``had`` is ``record.crm_had``: {field: [[revision, value, foreign], …]}, what the CRM was seen to have, as
    of which revision, and whether that was the work of others.
    ``revisions`` are the record's steps after ``crm_revision``; ``heard`` is the last revision whose change
    was delivered to the CRM (a 2xx or a read) or acknowledged. ``late`` is how long a PUT may be under way,
    ``updated_at`` the newest the CRM has sent with one.
    """

    had: Mapping[str, list[Value]]
    revisions: Sequence[Revision]
    revision: int
    heard: int
    late: timedelta = timedelta(seconds=120)
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """One value the CRM may hold for a field, and the revision at which it was true.

    ``foreign``: the work of others; ``pending``: and the CRM isn't known to have applied it.
    """

    revision: int
    value: Value
    foreign: bool = False
    pending: bool = False


def first_stated(stated: Fields, *, revision: int) -> Fields:
    """Return ``crm_had`` of a record that the CRM has just created."""
    return {name: [[revision, value, False]] for name, value in stated.items()}


def may_still_hold(name: str, kind: Kind, crm: CrmView, *, now: datetime, newest: bool = False) -> list[Held]:
    """Return the values of a field that the CRM may still hold, oldest first.

    Where its statement was merged, it holds what it said, and the outcome is the work of others. Its own
    earlier values go once a PUT that states a newer one has had time to overtake the others; at once
    where a newer ``updated_at`` says that this write is the ``newest``.
    """
    steps = [step for step in crm.revisions if name in step.patch]
    settled = [s.number for s in steps if s.origin == CRM and (newest or s.at <= now - crm.late)]
    since = max(settled, default=0)
    said = [Held(*entry) for entry in crm.had.get(name, never_stated(kind))]
    merged = {entry.revision for entry in said}
    own = [Held(s.number, s.patch[name]) for s in steps if s.origin == CRM and s.number not in merged]
    foreign = [
        Held(s.number, s.patch[name], foreign=True, pending=True)
        for s in steps
        if s.origin != CRM or s.number in merged or (s.told and not (newest and s.number < since))
    ]
    held = [h for h in said + own if h.foreign or h.revision >= since] + foreign
    return sorted(held, key=lambda h: h.revision)


def applied(crm: CrmView, *, up_to: int) -> Fields:
    """Return ``crm_had`` once the CRM is known to have applied everything up to a revision.

    That revision becomes ``crm_revision``; values that came before are none it may still hold.
    """
    known: dict[str, list[list[Value]]] = {name: list(entries) for name, entries in crm.had.items()}
    for step in crm.revisions:
        if step.number <= up_to:
            for name, value in step.patch.items():
                known.setdefault(name, []).append([step.number, value, is_foreign(step)])
    return {name: _since_the_last(entries, up_to=up_to) for name, entries in known.items()}


def _since_the_last(entries: Iterable[list[Value]], *, up_to: int) -> list[list[Value]]:
    known = sorted(entries, key=lambda entry: int(entry[0]))
    last = max((entry[0] for entry in known if entry[0] <= up_to), default=0)
    return [entry for entry in known if entry[0] >= last]


def never_stated(kind: Kind) -> list[list[Value]]:
    """Return what the CRM is taken to hold of a field that it has never stated."""
    return [[0, values.empty(kind), False]]


def is_foreign(step: Revision) -> bool:
    """Return whether the CRM gets a step by a change: one of others, or its own that it was told of again."""
    return step.origin != CRM or step.told
