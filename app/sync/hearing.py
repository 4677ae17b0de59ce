"""Hear one write of the CRM: what the record becomes, what is stored, told and spread because of it.

The record is locked and its history read before; nothing here reads or waits.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from app.errors import BaseRevisionUnknown, InvalidRequest, RecordNotFound
from app.ids import new_id
from app.models import Record
from app.records import Fields, Value
from app.records.patch import difference
from app.records.reasons import Reason
from app.records.types import RecordType, record_type
from app.sync import offers
from app.sync.conflicts import Conflict, Policy
from app.sync.copies import CrmView, first_stated, may_still_hold
from app.sync.moments import next_moment
from app.sync.records import Step
from app.sync.revisions import History, crm_view, note_came_to, settled
from app.sync.saying import Answered, Says, Verb
from app.sync.stated import Stated, Statement, is_older, receive_crm
from app.sync.swinging import stopped

CRM = "crm"
UNSEEN = frozenset({"metadata"})
"""What only the CRM has a say in, and no mailbox's scope looks at."""


@dataclass(frozen=True, slots=True)
class Ear:
    """What bears on every write of a page."""

    entity: str
    now: datetime
    policy_of: Callable[[str | None], Policy]

    @property
    def type(self) -> RecordType:
        """What the records spoken of hold."""
        return record_type(self.entity)


@dataclass(frozen=True, slots=True)
class Telling:
    """A change that the CRM is to hear although it caused it."""

    verb: str
    origin: str
    changed: tuple[str, ...]
    previous: Fields = field(default_factory=dict)
    reason: Reason | None = None


@dataclass(slots=True)
class Heard:
    """What came of one write. ``step`` is None where nothing is to be stored."""

    answered: Answered
    step: Step | None = None
    told: Telling | None = None
    conflicts: tuple[Conflict, ...] = ()
    spreads: bool = False
    revives: bool = False
    outlived: tuple[str, ...] = ()
    due_at: datetime | None = None
    was_held: Mapping[str, Any] | None = None


def hear(says: Says, record: Record | None, history: History, *, ear: Ear) -> Heard:
    """Hear a write of a record as it is now (None: not known by this crm_id, or gone for good)."""
    says.guard(record)
    match says.verb:
        case Verb.DELETE:
            return _deleted(record, history, ear=ear)
        case Verb.PATCH if record is None or (record.deleted_at and not _unheard_end(record, history)):
            raise RecordNotFound(f"There is no record {says.crm_id}.")
        case _ if record is None:
            return _created(says, ear=ear)
        case _ if record.deleted_at is not None:
            return _after_its_end(says, record, history, ear=ear)
        case _:
            return _stated(says, record, history, ear=ear)


def _created(says: Says, *, ear: Ear) -> Heard:
    now, fields = ear.now, _whole(says, {}, ear=ear)
    record = Record(
        record_id=new_id("rec", now), entity=ear.entity, crm_id=says.crm_id, doc=fields, extra=says.extra,
        revision=1, field_at=dict.fromkeys(fields, says.stamp(now=now).document()), offers={}, held={},
        swings={}, crm_had=first_stated(fields, revision=1), crm_revision=1,
        crm_updated_at=_kept_time(says, now=now), origin=CRM, first_at=now, last_at=now,
    )  # fmt: skip
    step = Step(record=record, origin=CRM, at=now, previous=dict.fromkeys(fields), new=True)
    return Heard(Answered(record, HTTPStatus.CREATED), step, spreads=True)


def _stated(says: Says, record: Record, history: History, *, ear: Ear) -> Heard:
    """Merge what is stated into a living record."""
    now, before = ear.now, (record.crm_revision, record.offers, record.crm_had, record.crm_updated_at)
    if is_older(says.updated_at, stored=record.crm_updated_at, now=now):
        return Heard(Answered(record, HTTPStatus.OK, stale=True))
    base = _base(says, record, history)
    rest = settled(record, history, now=now)
    view = crm_view(record, rest)
    statement = _statement(says, record, view, base=base, ear=ear)
    stated = receive_crm(
        ear.type.kinds, record.doc, view, statement,
        field_at=record.field_at, policy_of=ear.policy_of, held=record.held,
    )  # fmt: skip
    was_held = record.held
    stated, swings = stopped(stated, record.swings, field_at=record.field_at, now=ear.now)
    extra = _take_extra(record, says)
    moved = bool(stated.previous or extra)
    _take(record, stated, swings, moved=moved, ear=ear)
    record.crm_updated_at = _kept_time(says, now=now) or record.crm_updated_at
    known = (record.crm_revision, record.offers, record.crm_had, record.crm_updated_at) != before
    heard = Heard(
        Answered(record, HTTPStatus.OK, merged=tuple(ear.type.words_of(stated.merged))),
        conflicts=stated.conflicts,
        spreads=bool(stated.previous or extra - UNSEEN),
        due_at=next_moment(record),
        was_held=was_held,
    )
    if moved or known or stated.behind:
        heard.step = Step(
            record=record, origin=CRM, at=now, previous=stated.previous, owners="owners" in extra,
            quiet=not moved,
        )  # fmt: skip
    if stated.offer:
        sent = {name: statement.fields[name] for name in stated.offer}
        heard.told = Telling("updated", "concord", stated.offer, sent)
    return heard


def _base(says: Says, record: Record, history: History) -> Fields | None:
    if says.base_revision is None:
        return None
    base = history.before(says.base_revision, record)
    if base is None:
        raise BaseRevisionUnknown(f"Revision {says.base_revision} of this record is not known (any more).")
    return base


def _statement(says: Says, record: Record, view: CrmView, *, base: Fields | None, ear: Ear) -> Statement:
    decisive = says.verb is Verb.PATCH
    before = base if base is not None else record.doc if decisive else None
    known = {name: _maybe_had(name, record, view, before=before, ear=ear) for name in says.fields}
    return Statement(
        _whole(says, known, ear=ear), says.stamp(now=ear.now), ear.now,
        decisive=decisive, base=base, base_revision=says.base_revision,
    )  # fmt: skip


def _whole(says: Says, known: Mapping[str, Iterable[Value]], *, ear: Ear) -> Fields:
    """Return the stated fields with what they state in part made whole. Raises where that can't be."""
    fields = ear.type.completed(says.fields, known)
    wrong = ear.type.wrong(fields)
    if wrong:
        raise InvalidRequest(errors=[{"pointer": at, "detail": detail} for at, detail in wrong.items()])
    return fields


def _maybe_had(
    name: str, record: Record, view: CrmView, *, before: Fields | None, ear: Ear
) -> Iterator[Value]:
    """Return what the CRM may have had in a field that it states in part, the likeliest first."""
    if before is not None:
        yield before.get(name)
        return
    held = may_still_hold(name, ear.type.kinds[name], view, now=ear.now)
    yield from (each.value for each in sorted(held, key=lambda each: (each.pending, -each.revision)))
    yield record.doc.get(name)


def _take(record: Record, stated: Stated, swings: Fields, *, moved: bool, ear: Ear) -> None:
    """Move the record and what we know of the CRM's copy."""
    complete = stated.come_to >= record.revision + bool(stated.previous)
    record.crm_had = stated.crm_had
    if stated.previous:
        record.doc, record.held, record.swings = stated.doc, dict(stated.held), swings
        record.field_at = {**record.field_at, **stated.field_at}
    if moved:
        record.revision += 1
        record.last_at = ear.now
    note_came_to(record, record.revision if complete else stated.come_to, now=ear.now)
    if stated.behind:
        record.crm_put_at = ear.now
    caught_up = [*stated.previous, *(set(offers.pending(record)) - set(stated.behind) - set(stated.merged))]
    offers.expect(record, behind=stated.behind, settled=caught_up, now=ear.now)


def _take_extra(record: Record, says: Says) -> set[str]:
    """Take over what only the CRM has a say in; return what of it moved.

    Of a record born in Microsoft the first word is news though it is empty: until then filters let it pass.
    """
    moved = {
        name
        for name, value in says.extra.items()
        if value != (record.extra.get(name) or says.type.own[name])
        or (record.origin != CRM and name not in record.extra)
    }
    if moved:
        record.extra = {**record.extra, **says.extra}
    return moved


def _after_its_end(says: Says, record: Record, history: History, *, ear: Ear) -> Heard:
    """Revive a deleted record by a write, unless that is but a stale copy of what a mailbox deleted."""
    if not _unheard_end(record, history):
        return _revived(says, record, ear=ear, origin=CRM)
    view = crm_view(record, history)
    statement = _statement(says, record, view, base=_base(says, record, history), ear=ear)
    stated = receive_crm(
        ear.type.kinds, record.doc, view, statement,
        field_at=record.field_at, policy_of=ear.policy_of,
    )  # fmt: skip
    if not stated.previous:
        return Heard(Answered(record, HTTPStatus.OK))
    heard = _revived(says, record, ear=ear, origin=CRM)
    _tell_whole(heard, record, reason=Reason.EDIT_OUTLIVED_DELETE)
    return heard


def _unheard_end(record: Record, history: History) -> bool:
    """Whether a mailbox ended this record and the CRM has not been told yet."""
    return record.deleted_because != CRM and history.heard(record) < record.revision


def _revived(says: Says, record: Record, *, ear: Ear, origin: str) -> Heard:
    now = ear.now
    fields = _whole(says, {name: [value] for name, value in record.doc.items()}, ear=ear)
    after = {**record.doc, **fields}
    previous = {name: record.doc.get(name) for name in difference(ear.type.kinds, record.doc, after)}
    record.doc = after
    record.field_at = {**record.field_at, **dict.fromkeys(previous, says.stamp(now=now).document())}
    extra = _take_extra(record, says)
    _live_again(record, now=now)
    record.crm_updated_at = _kept_time(says, now=now)
    step = Step(record=record, origin=origin, at=now, previous=previous, owners="owners" in extra)
    return Heard(Answered(record, HTTPStatus.OK), step, revives=True)


def _live_again(record: Record, *, now: datetime) -> None:
    """Let a record be alive at a new revision that the CRM is about to hold."""
    record.deleted_at = record.deleted_because = record.rejected_at = None
    record.revision += 1
    record.last_at, record.offers = now, {}
    record.crm_had, record.crm_revision = first_stated(record.doc, revision=record.revision), record.revision


def _tell_whole(heard: Heard, record: Record, *, reason: Reason) -> None:
    """Offer the CRM a record anew. It may apply that over edits of its own: every field is a step of ours.

    *Its user saves a title and at once an office; the first save brings the record back, and the CRM, working
    its queue, makes it again as it was before the second.*
    """
    assert heard.step is not None  # noqa: S101  what is offered anew has moved
    record.crm_revision = record.revision - 1
    record.crm_had = first_stated(record.doc, revision=record.crm_revision)
    whole = {**record.doc, **heard.step.previous}
    heard.step = replace(heard.step, previous=whole)
    heard.told = Telling("created", "concord", _filled(record.doc), reason=reason)


def restored(record: Record, *, ear: Ear) -> Heard:
    """Bring a deleted record back as it was."""
    if record.deleted_at is None:
        return Heard(Answered(record, HTTPStatus.OK))
    _live_again(record, now=ear.now)
    step = Step(record=record, origin="concord", at=ear.now, previous={})
    heard = Heard(Answered(record, HTTPStatus.OK), step, revives=True)
    _tell_whole(heard, record, reason=Reason.RESTORED)
    return heard


def _deleted(record: Record | None, history: History, *, ear: Ear) -> Heard:
    """End a record, unless a mailbox's user edited it meanwhile and the CRM couldn't know."""
    if record is None or record.deleted_at is not None:
        return Heard(Answered(record, HTTPStatus.NO_CONTENT))
    edits = [t.step for t in history.unheard_edits(record) if t.step.origin == "microsoft" and t.step.patch]
    record.revision += 1
    record.last_at, record.offers, record.held_until = ear.now, {}, None
    step = Step(record=record, origin=CRM, at=ear.now, previous={})
    heard = Heard(Answered(record, HTTPStatus.NO_CONTENT), step, spreads=True)
    if edits:
        heard.outlived = tuple({name: None for edit in edits for name in edit.patch})
        _tell_whole(heard, record, reason=Reason.EDIT_OUTLIVED_DELETE)
        heard.spreads = False
    else:
        record.deleted_at, record.deleted_because, record.held = ear.now, CRM, {}
    return heard


def _filled(doc: Fields) -> tuple[str, ...]:
    return tuple(name for name, value in doc.items() if value)


def _kept_time(says: Says, *, now: datetime) -> datetime | None:
    return min(says.updated_at, now) if says.updated_at else None
