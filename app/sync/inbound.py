"""What the CRM says: a page of writes is one ordered lock, one look at the history and one statement.

A single PUT is a page of one. Whoever calls has the transaction; a batch takes five.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import AlreadyNamed, Problem, RecordGone, RecordNotFound
from app.models import Record
from app.sync.changes import KEPT
from app.sync.conflict_rows import Conflicts
from app.sync.conflicts import Policy, Side, Stamp
from app.sync.hearing import Ear, Heard, hear, restored
from app.sync.naming import matching_unnamed, name
from app.sync.news import announce_record
from app.sync.open_conflicts import note
from app.sync.records import Records
from app.sync.revisions import NOTHING, History, Revisions
from app.sync.saying import Answered, Says
from app.sync.settings import EffectiveSettings
from app.sync.spread import revive, spread
from app.sync.timers import Timers

AWAITING_NAME: Final = timedelta(minutes=2)
ROUNDS: Final = 3

Result = Answered | Problem


@dataclass(frozen=True, slots=True)
class Room:
    """Where and when the CRM speaks."""

    session: AsyncSession
    entity: str
    now: datetime


async def crm_says(room: Room, says: Says) -> Answered:
    """Receive one write. Raises the Problem that stands in its way."""
    (result,) = await crm_says_all(room, [says])
    if isinstance(result, Problem):
        raise result
    return result


async def crm_says_all(room: Room, page: Sequence[Says]) -> list[Result]:
    """Receive a page of writes of different records; what is wrong with one doesn't stop the others."""
    results: dict[str, Result] = {}
    open_ = list(page)
    for _ in range(ROUNDS):
        lost = await _receive(room, open_, results)
        open_ = [says for says in open_ if says.crm_id in lost]
        if not open_:
            return [results[says.crm_id] for says in page]
    raise RuntimeError("a crm_id was given and taken again and again")


async def crm_restores(room: Room, record: Record | None) -> Answered:
    """Bring a deleted record back, within 30 days."""
    records = Records(room.session)
    locked = await records.locked([record.record_id]) if record is not None else {}
    if record is None or record.record_id not in locked:
        raise RecordNotFound
    if _gone_for_good(locked[record.record_id], now=room.now):
        raise RecordGone
    heard = restored(locked[record.record_id], ear=await _ear(room, [], {}))
    if heard.step is not None:
        await records.write([heard.step])
    await _follow(room, [heard])
    return heard.answered


async def _receive(room: Room, page: Sequence[Says], results: dict[str, Result]) -> set[str]:
    """Receive what can be; return the crm_ids that another transaction has just given to a record."""
    records = Records(room.session)
    found, unnamed = await _found(room, page)
    histories = await Revisions(room.session).since(_oldest_wanted(page, found))
    ear = await _ear(room, list(found.values()), histories)
    heard: dict[str, Heard] = {}
    for says in page:
        record = found.get(says.crm_id)
        try:
            history = histories.get(record.record_id, NOTHING) if record is not None else NOTHING
            heard[says.crm_id] = hear(says, record, history, ear=ear)
        except Problem as problem:
            results[says.crm_id] = problem
    if unnamed:
        await _hold_the_unnamed(room, heard)
    lost = await records.write([h.step for h in heard.values() if h.step is not None])
    kept = {crm_id: h for crm_id, h in heard.items() if h.step is None or h.step.record.record_id not in lost}
    await _follow(room, list(kept.values()))
    results.update({crm_id: h.answered for crm_id, h in kept.items()})
    return heard.keys() - kept.keys()


async def _found(room: Room, page: Sequence[Says]) -> tuple[dict[str, Record], bool]:
    """Return the records spoken of, locked, by crm_id; one that is named hereby under its new name.

    Say besides whether any record waits for its name.
    """
    naming = {says.names: says for says in page if says.names is not None}
    crm_ids = [says.crm_id for says in page]
    locked, unnamed = await Records(room.session).spoken_of(room.entity, crm_ids, ids=naming)
    gone = [record for record in locked.values() if _gone_for_good(record, now=room.now)]
    await Records(room.session).forget_names(gone)
    found = {record.crm_id: record for record in locked.values() if record.crm_id is not None}
    for record_id, says in naming.items():
        record = locked.get(record_id)
        if record is None or record.deleted_at is not None or record in gone:
            raise RecordNotFound(f"There is no record {record_id} that could be named.")
        if record.crm_id not in {None, says.crm_id}:
            raise AlreadyNamed(current=record.crm_id)
        if record.crm_id is None:
            found[says.crm_id] = await name(
                room.session, record, says.crm_id, taken=found.get(says.crm_id), known=None, now=room.now
            )
    return {crm_id: record for crm_id, record in found.items() if crm_id in set(crm_ids)}, unnamed


def _gone_for_good(record: Record, *, now: datetime) -> bool:
    return record.deleted_at is not None and record.deleted_at <= now - KEPT


def _oldest_wanted(page: Sequence[Says], found: Mapping[str, Record]) -> dict[str, int]:
    """Return, for each record that has steps the CRM may not have taken, from where on to read them."""
    wanted: dict[str, int] = {}
    for says in page:
        record = found.get(says.crm_id)
        if record is not None:
            first = min(record.crm_revision, says.base_revision or record.crm_revision)
            if first < record.revision:
                wanted[record.record_id] = first
    return wanted


async def _ear(room: Room, records: Sequence[Record], histories: Mapping[str, History]) -> Ear:
    """Know the conflict policies of the mailboxes whose edits the CRM may not have heard of."""
    mailboxes = {
        connection
        for record in records
        if any(step.origin != Side.CRM for step in histories.get(record.record_id, NOTHING).revisions)
        for stamp in record.field_at.values()
        if (connection := Stamp.parse(stamp).connection) is not None
    }
    policies = await EffectiveSettings(room.session).policies(mailboxes, room.entity)
    return Ear(room.entity, room.now, lambda connection: policies.get(connection or "", Policy()))


async def _hold_the_unnamed(room: Room, heard: Mapping[str, Heard]) -> None:
    """Hold a new record that one unnamed record may be: the CRM's naming of it is probably on its way."""
    new = {crm_id: h.step.record for crm_id, h in heard.items() if h.step is not None and h.step.new}
    pairs = await matching_unnamed(room.session, room.entity, {i: record.doc for i, record in new.items()})
    for crm_id in pairs:
        new[crm_id].held_until = heard[crm_id].due_at = room.now + AWAITING_NAME
        heard[crm_id].spreads = False


async def _follow(room: Room, heard: Sequence[Heard]) -> None:
    """Tell, spread and time what was written."""
    session, now = room.session, room.now
    for each in heard:
        record = each.answered.record
        if record is None:
            continue
        _tell(room, record, each)
        if each.due_at is not None:
            await Timers(session).set("record", record.record_id, each.due_at)
    moved = [h.answered.record.record_id for h in heard if h.spreads and h.answered.record is not None]
    alive = [h.answered.record.record_id for h in heard if h.revives and h.answered.record is not None]
    ended = [r.record_id for h in heard if (r := h.answered.record) is not None and r.deleted_at and h.step]
    if ended:
        await Conflicts(session).close(ended, status="obsolete", by="crm", now=now)
    for each in heard:
        if each.answered.record is not None and each.was_held is not None:
            await note(session, each.answered.record, was=each.was_held, now=now)
    if alive:
        await revive(session, alive, now=now)
    if moved:
        await spread(session, sorted(moved), now=now)


def _tell(room: Room, record: Record, heard: Heard) -> None:
    session, now, connection = room.session, room.now, record.origin_connection
    conflicts = Conflicts(session)
    for conflict in heard.conflicts:
        conflicts.add_settled(record, conflict, reporter=Side.CRM, connection_id=None, now=now)
    if heard.outlived:
        connection = _edited_by(record, heard.outlived)
        conflicts.add_deleted_vs_edited(record, connection_id=connection, fields=heard.outlived, now=now)
    if heard.told is not None:
        told = heard.told
        announce_record(
            session, record, told.verb, origin=told.origin, connection_id=connection, now=now,
            changed=told.changed, previous=told.previous, reason=told.reason,
        )  # fmt: skip


def _edited_by(record: Record, fields: Sequence[str]) -> str | None:
    stamps = [Stamp.parse(record.field_at[name]) for name in fields if name in record.field_at]
    return next((stamp.connection for stamp in stamps if stamp.connection), record.origin_connection)
