"""The CRM acknowledges changes: it applies them, names what is new to it, or rejects what it won't have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import func, text, update

from app.errors import AlreadyNamed, ChangeNotFound, InvalidRequest, Problem
from app.models import Change, Feed, Link, Record
from app.records.link import Role
from app.records.reasons import Reason
from app.records.types import BY_WORD, RecordType, record_type
from app.sync.changes import Changes
from app.sync.conflict_rows import Conflicts
from app.sync.decisions import deciding
from app.sync.inbound import Room, crm_says
from app.sync.links import Links
from app.sync.naming import name
from app.sync.records import Records, Step
from app.sync.saying import Says, Verb, is_crm_id
from app.sync.spread import spread
from app.sync.uniting import MERGED_INTO


@dataclass(frozen=True, slots=True)
class Ack:
    """What the CRM says of one change: applied, called this, or rejected."""

    id: str
    crm_id: str | None = None
    rejected: bool = False


async def acknowledge(room: Room, acks: Sequence[Ack]) -> list[Problem | None]:
    """Take in what the CRM says of these changes; return what is wrong with each, or None."""
    changes = Changes(room.session)
    found = await changes.of_ids(ack.id for ack in acks)
    await changes.note_delivered([change.seq for change in found.values()], now=room.now)
    records = await _locked(room, acks, found)
    problems: list[Problem | None] = []
    done: list[int] = []
    for ack in acks:
        change = found.get(ack.id)
        try:
            if change is None:
                raise ChangeNotFound(f"There is no change {ack.id}.")
            if await _acknowledged(room, ack, change, records):
                done.append(change.seq)
            problems.append(None)
        except Problem as problem:
            problems.append(problem)
    await changes.note_acked(done, now=room.now)
    return problems


async def acknowledge_up_to(room: Room, position: int) -> None:
    """Take everything up to this place of the feed as applied, but for new records that have no name yet."""
    values = {"workspace": room.session.info["workspace"], "position": position, "now": room.now}
    await room.session.execute(UP_TO, values)
    query = update(Feed).where(Feed.workspace_id == values["workspace"])
    await room.session.execute(query.values(acked=func.greatest(Feed.acked, position)))


async def _locked(room: Room, acks: Sequence[Ack], changes: Mapping[str, Change]) -> dict[str, Record]:
    """Lock the records of these changes, and those that have the crm_ids given already, by record id."""
    known: dict[str, Record] = {}
    kinds = {each: kind.entity for each, change in changes.items() if (kind := _spoken_of(change))}
    for entity in sorted(set(kinds.values())):
        of_these = [change for each, change in changes.items() if kinds.get(each) == entity]
        ids = [change.record_id for change in of_these if change.record_id is not None]
        crm_ids = [a.crm_id for a in acks if kinds.get(a.id) == entity and a.crm_id is not None]
        found, _ = await Records(room.session).spoken_of(entity, crm_ids, ids=ids)
        known |= found
    return known


def _spoken_of(change: Change) -> RecordType | None:
    """Return the type of record that a change is about, if it is about one."""
    return BY_WORD.get(change.type.partition(".")[0])


async def _acknowledged(room: Room, ack: Ack, change: Change, records: dict[str, Record]) -> bool:
    """Follow one item; say whether the change counts as applied."""
    record = records.get(change.record_id or "")
    if record is None or _spoken_of(change) is None:
        return True
    if ack.rejected:
        await _reject(room, change, record)
        return True
    if ack.crm_id is not None:
        await _name(room, ack.crm_id, change, record, records)
    elif record.crm_id is None and change.type.endswith(".created"):
        return False  # a new record is applied once it has a name
    if change.reason == Reason.EDIT_OUTLIVED_DELETE:
        await Conflicts(room.session).close([record.record_id], status="resolved", by="crm", now=room.now)
    return True


async def _name(room: Room, crm_id: str, change: Change, record: Record, records: dict[str, Record]) -> None:
    if not is_crm_id(crm_id):
        wrong = "An id is 1 to 128 of letters, digits and . _ ~ : @ -"
        raise InvalidRequest(errors=[{"pointer": "/crm_id", "detail": wrong}])
    same = (other for other in records.values() if other.crm_id == crm_id and other.entity == record.entity)
    taken = next(same, None)
    if record.crm_id == crm_id or (taken and record.extra.get(MERGED_INTO) == taken.record_id):
        return
    if record.crm_id is not None:
        raise AlreadyNamed(f"The record of this change is {record.crm_id} already.", current=record.crm_id)
    named = await name(room.session, record, crm_id, taken=taken, known=change.revision, now=room.now)
    records[named.record_id] = named


async def _reject(room: Room, change: Change, record: Record) -> None:
    match change.type.rpartition(".")[2]:
        case "created" if record.crm_id is None:
            record.rejected_at = room.now
            await _store(room, record)
        case "updated" if record.deleted_at is None and record.crm_id is not None:
            await _put_back(room, change, record)
        case "deleted" if record.deleted_at is not None:
            await _keep(room, change, record)


async def _put_back(room: Room, change: Change, record: Record) -> None:
    """Let the CRM's value stand, where nothing newer has taken the rejected one's place."""
    kind = record_type(record.entity)
    now = kind.worded(record.doc)
    stated = {n: value for n, value in change.previous.items() if now.get(n) == change.snapshot.get(n)}
    says = Says(crm_id=str(record.crm_id), verb=Verb.PATCH, type=kind, stated=stated)
    await crm_says(replace(room, entity=kind.entity), says)


async def _keep(room: Room, change: Change, record: Record) -> None:
    """Let a record stay that a mailbox's user deleted: its link to that mailbox is cut."""
    where = [
        Link.record_id == record.record_id,
        Link.connection_id == change.connection_id,
        Link.role == Role.MAIN,
    ]
    why = deciding(Reason.REJECTED_BY_CRM, now=room.now)
    await Links(room.session).move(*where, state="severed", due_at=None, attempt=None, **why)
    record.deleted_at = record.deleted_because = None
    record.revision, record.last_at = record.revision + 1, room.now
    await _store(room, record, quiet=False)
    await spread(room.session, [record.record_id], now=room.now)


async def _store(room: Room, record: Record, *, quiet: bool = True) -> None:
    step = Step(record=record, origin="crm", at=room.now, previous={}, quiet=quiet)
    await Records(room.session).write([step])


UP_TO: Final = text("""
UPDATE changes AS c SET acked_at = :now, delivered_at = COALESCE(c.delivered_at, :now)
FROM feeds AS f
WHERE f.workspace_id = :workspace AND c.workspace_id = :workspace
  AND c.seq > f.acked AND c.seq <= :position AND c.acked_at IS NULL
  AND NOT (c.type LIKE '%.created' AND EXISTS (
      SELECT FROM records AS r
      WHERE r.workspace_id = :workspace AND r.record_id = c.record_id AND r.crm_id IS NULL))
""")
