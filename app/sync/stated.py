"""Receive what the CRM states, and tell its edits from stale copies (``engine.md`` §3)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.records import Fields, Value, values
from app.records.patch import Revision
from app.records.values import LISTS, Kind
from app.sync import holding, lists
from app.sync.conflicts import UNSTAMPED, Conflict, Kept, Policy, Side, Stamp, settle
from app.sync.copies import (
    CRM,
    CrmView,
    Held,
    applied,
    first_stated,
    is_foreign,
    may_still_hold,
    never_stated,
)

__all__ = [
    "CrmView",
    "Stated",
    "Statement",
    "applied",
    "first_stated",
    "is_older",
    "may_still_hold",
    "receive_crm",
]


@dataclass(frozen=True, slots=True)
class Statement:
    """One write of the CRM, its fields in normal form; absent fields say nothing.

    ``decisive``: a PATCH, whose every field is meant. ``base``: the document at the Concord-Base-Revision,
    and ``base_revision`` its number. ``stamp`` has the CRM's ``updated_at``, None where it sent none.
    """

    fields: Fields
    stamp: Stamp
    now: datetime
    decisive: bool = False
    base: Fields | None = None
    base_revision: int | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """What a CRM's write makes of the record.

    ``previous`` has the changed fields as they were. ``merged``: stated fields that now hold something else
    than was sent. ``behind``: those where the CRM showed an older value, or one that lost: to be offered
    again if that goes on. ``offer``: those that changed hereby and that the CRM must be told of all the same,
    as it may yet apply an older change over its own edit; that revision is then ``told``.
    ``held`` is what is in question after it: there the record says what the CRM says, and the value of the
    mailbox's user stays in that mailbox's branch. Where the CRM takes its edit back, the mailbox's counts.
    ``come_to`` is the revision this write proves the CRM to have reached, as good as an ack of it.
    """

    doc: Fields
    crm_had: Fields
    come_to: int
    previous: Fields
    conflicts: tuple[Conflict, ...]
    field_at: Fields
    merged: tuple[str, ...]
    behind: tuple[str, ...]
    offer: tuple[str, ...]
    held: Mapping[str, Value] = field(default_factory=dict)

    @property
    def changed(self) -> list[str]:
        return list(self.previous)


def is_older(updated_at: datetime | None, *, stored: datetime | None, now: datetime) -> bool:
    """Return whether a write changes nothing, the CRM having sent a newer state; the future counts as now."""
    return updated_at is not None and stored is not None and min(updated_at, now) < stored


def receive_crm(
    kinds: Mapping[str, Kind],
    doc: Fields,
    crm: CrmView,
    statement: Statement,
    *,
    field_at: Mapping[str, Value],
    policy_of: Callable[[str | None], Policy],
    held: Mapping[str, Value] = holding.NONE,
) -> Stated:
    """Merge a PUT or a PATCH into the record; ``policy_of`` gives a connection's conflict policy."""
    stating = _Stating(kinds, doc, crm, statement, field_at=field_at, policy_of=policy_of, held=held)
    for name, value in statement.fields.items():
        stating.state(name, value)
    stating.miss(name for step in crm.revisions for name in step.patch if name not in statement.fields)
    return stating.outcome()


class _Stating:
    """A record while a statement of the CRM is worked in, field by field."""

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        doc: Fields,
        crm: CrmView,
        statement: Statement,
        *,
        field_at: Mapping[str, Value],
        policy_of: Callable[[str | None], Policy],
        held: Mapping[str, Value],
    ) -> None:
        self.held_before, self.in_question = held, held
        self.stamps: Fields = {}
        self.kinds, self.before, self.doc, self.crm = kinds, doc, dict(doc), crm
        self.statement, self.field_at, self.policy_of = statement, field_at, policy_of
        self.previous: Fields = {}
        self.rejected: Fields = {}
        self.conflicts: list[Conflict] = []
        self.behind: list[str] = []
        self.offer: list[str] = []
        self.reached = crm.revision
        self.heard = crm.heard if statement.base_revision is None else statement.base_revision

    def state(self, name: str, value: Value) -> None:
        held = may_still_hold(
            name, self.kinds[name], self.crm, now=self.statement.now, newest=self._is_newest()
        )
        self._follow(name, value, held=held)
        ours = self.doc.get(name, values.empty(self.kinds[name]))
        if self._same(name, value, ours) or not self._is_edit(name, value, held=held):
            if not self._same(name, value, ours):
                self.behind.append(name)
            return
        base = self._base(name, value, held=held)
        became = self._decided(name, self._merged(name, value, ours=ours, base=base), value=value)
        if not self._same(name, became, ours):
            self.previous[name] = ours
            self.doc[name] = became
        if not self._same(name, became, value):
            self.rejected[name] = value
        unheard = any(h.foreign for h in held)
        if name not in self.previous:
            self.behind.append(name)
        elif unheard or name in self.rejected:
            self.offer.append(name)

    def miss(self, unstated: Iterable[str]) -> None:
        """Note that nothing was said of these fields: of their steps the CRM may know none."""
        for name in set(unstated):
            self._stopped_at(self._steps(name)[0])

    def outcome(self) -> Stated:
        revision = self.crm.revision + bool(self.previous)
        complete = self.reached == self.crm.revision and not self.rejected and not self.behind
        had = dict(self.crm.had)
        for name, value in self.rejected.items():
            had[name] = [*had.get(name, never_stated(self.kinds[name])), [revision, value, False]]
        stamp = self.statement.stamp.document()
        stated = self.statement.fields
        return Stated(
            doc=self.doc if self.previous else self.before,
            crm_had=had,
            come_to=revision if complete else self.reached,
            previous=self.previous,
            conflicts=tuple(self.conflicts),
            field_at={**dict.fromkeys(self.previous, stamp), **self.stamps},
            merged=tuple(n for n, value in stated.items() if not self._same(n, self.doc.get(n), value)),
            behind=tuple(self.behind),
            offer=tuple(self.offer),
            held=holding.closed_by_rule(self.kinds, self.doc, self.in_question),
        )

    def _decided(self, name: str, became: Value, *, value: Value) -> Value:
        """Return what becomes of a field in question: what the CRM says, unless it takes its edit back."""
        entries = holding.branches(self.in_question, name)
        if not entries:
            return became
        if name not in self.held_before:
            return value
        if not any(holding.went_back(self.kinds[name], branch, value) for branch in entries.values()):
            return became
        connection = holding.latest(entries)
        self.in_question = holding.without(self.in_question, name, entries)
        self.stamps[name] = entries[connection].stamp(connection).document()
        return entries[connection].value

    def _follow(self, name: str, value: Value, *, held: Sequence[Held]) -> None:
        """Work out how far the CRM has come: no further than the first step that this value doesn't prove.

        A step of others is proven by the value that came with it, once the CRM was told of it. Its own values
        prove nothing about others' steps: it may apply an older change over them yet.
        """
        first = next((h for h in held if self._same(name, h.value, value)), None)
        for step in self._steps(name):
            foreign = is_foreign(step)
            late = first is not None and step.number > first.revision
            told = first is not None and first.foreign and step.number <= self.crm.heard
            if late or (foreign and not told):
                self._stopped_at(step)
                return

    def _steps(self, name: str) -> list[Revision]:
        return sorted((s for s in self.crm.revisions if name in s.patch), key=lambda step: step.number)

    def _stopped_at(self, step: Revision) -> None:
        self.reached = min(self.reached, step.number - 1)

    def _is_edit(self, name: str, value: Value, *, held: Sequence[Held]) -> bool:
        if self.statement.base is not None:
            return not self._same(name, value, self.statement.base.get(name))
        return self.statement.decisive or not any(self._same(name, value, h.value) for h in held)

    def _base(self, name: str, value: Value, *, held: Sequence[Held]) -> Value:
        """Return what the CRM's user most likely edited."""
        if self.statement.base is not None:
            return self.statement.base.get(name, values.empty(self.kinds[name]))
        sure = [h for h in held if not h.pending]
        if self.kinds[name] not in LISTS:
            return sure[-1].value
        if not value:
            # Cleared: all that it surely had. What it may not have seen yet stays, and is offered.
            return [element for h in sure for element in h.value]
        if self.statement.decisive:
            return sure[-1].value
        likely = [h.value for h in sorted(sure, key=lambda h: h.foreign)]
        maybe = [h.value for h in held if h.pending and h.revision <= self.heard]
        return lists.closest(LISTS[self.kinds[name]], [*likely, *maybe], value)

    def _merged(self, name: str, value: Value, *, ours: Value, base: Value) -> Value:
        def theirs_win() -> bool:
            return self._theirs_win(name, value, ours=ours, base=base)

        kind = self.kinds[name]
        if kind in LISTS and LISTS[kind].slot is not None:
            return lists.merge_slots(LISTS[kind], base=base, ours=ours, theirs=value, theirs_win=theirs_win)
        if kind in LISTS:
            wins = theirs_win if self.statement.base is not None else None
            return lists.merge(LISTS[kind], base=base, ours=ours, theirs=value, theirs_win=wins)
        return value if theirs_win() else ours

    def _theirs_win(self, name: str, value: Value, *, ours: Value, base: Value) -> bool:
        """Settle an edit against one of a mailbox that the CRM hadn't heard of; any other edit just wins."""
        stamp = self.field_at.get(name)
        ours_stamp = Stamp.parse(stamp) if stamp else UNSTAMPED
        unheard = any(
            step.number > self.heard and step.origin != CRM and name in step.patch
            for step in self.crm.revisions
        )
        if not unheard or ours_stamp.side is Side.CRM:
            return True
        policy = self.policy_of(ours_stamp.connection)
        theirs_stamp = self.statement.stamp
        kept = settle(policy, field=name, ours=ours_stamp, theirs=theirs_stamp)
        if kept is Kept.NEITHER and ours_stamp.connection is not None:
            at = ours_stamp.at.isoformat() if ours_stamp.at else None
            branch = holding.Branch(ours, base, at)
            self.in_question = holding.with_branch(self.in_question, name, ours_stamp.connection, branch)
            return True
        self.conflicts.append(Conflict(name, base, ours, value, kept, ours_stamp, theirs_stamp))
        return kept is Kept.THEIRS

    def _is_newest(self) -> bool:
        at, before = self.statement.stamp.at, self.crm.updated_at
        return at is not None and before is not None and at > before

    def _same(self, name: str, one: Value, other: Value) -> bool:
        return values.same(self.kinds[name], one, other)
