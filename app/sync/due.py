"""What is due of a record: a name it waited for, a value that is offered to the CRM again."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.models import Record
from app.sync import holding, offers
from app.sync.deciding import reconsider
from app.sync.moments import next_moment
from app.sync.naming import matching_unnamed
from app.sync.news import announce_record
from app.sync.records import Records, Step
from app.sync.resources import Resources
from app.sync.revisions import NOTHING, Revisions
from app.sync.settings import EffectiveSettings
from app.sync.spread import spread
from app.sync.timers import Timers
from app.sync.uniting import merge_into

KEEPS_OLDER_VALUE: Final = "crm_keeps_older_value"
KIND: Final = "record"


async def due_record(resources: Resources, workspace: str, target: str) -> None:
    """Do what is due of one record now, and set its timer for what comes next. Safe to repeat."""
    now = clock.now()
    async with resources.db.transaction(workspace) as session:
        others = await _perhaps_the_same(session, target)
        locked = await Records(session).locked([target, *others])
        record = locked.pop(target, None)
        if record is None:
            await Timers(session).clear(KIND, target)
            return
        await _calm_down(session, record, now=now)
        if record.held_until is not None and record.held_until <= now:
            await _end_of_waiting(session, record, locked)
        await _offer_again(session, record)
        moment = next_moment(record)
        if moment is not None:
            await Timers(session).set(KIND, target, max(moment, now + timedelta(seconds=1)))
        else:
            await Timers(session).clear(KIND, target)


async def _perhaps_the_same(session: AsyncSession, record_id: str) -> list[str]:
    """Return the unnamed record that a held one is taken to be, before anything is locked."""
    record = await Records(session).get(record_id)
    if record is None or record.held_until is None or record.deleted_at is not None:
        return []
    return list((await matching_unnamed(session, record.entity, {record_id: record.doc})).values())


async def _end_of_waiting(session: AsyncSession, record: Record, unnamed: dict[str, Record]) -> None:
    """Nobody named the newcomer: where the match still stands they are one, else the record goes its way."""
    now = clock.now()
    record.held_until = None
    same = next((other for other in unnamed.values() if not other.crm_id and other.deleted_at is None), None)
    if same is not None and record.deleted_at is None:
        await merge_into(session, kept=record, gone=same, now=now)
        return
    await Records(session).write([Step(record=record, origin="concord", at=now, previous={}, quiet=True)])
    await spread(session, [record.record_id], now=now)


async def _calm_down(session: AsyncSession, record: Record, *, now: datetime) -> None:
    """Let the settings decide on a field that swung and has been left alone since."""
    calm_at = holding.next_calm(record.held)
    if calm_at is None or calm_at > now:
        return
    connections = {connection for entries in record.held.values() for connection in entries}
    policies = await EffectiveSettings(session).policies(connections, record.entity)
    if await reconsider(session, record, policies, gone=frozenset(), now=now):
        await spread(session, [record.record_id], now=now)


async def _offer_again(session: AsyncSession, record: Record) -> None:
    """Offer the CRM what it still shows an older value of, as a new change at a higher revision."""
    now, before = clock.now(), record.offers
    histories = await Revisions(session).since({record.record_id: record.crm_revision})
    fields = offers.take_due(record, histories.get(record.record_id, NOTHING), now=now)
    alive = record.deleted_at is None and record.crm_id is not None
    if fields and alive:
        record.revision, record.last_at = record.revision + 1, now
        announce_record(
            session, record, "updated", origin="concord", connection_id=None, now=now, changed=tuple(fields),
            previous={name: _held(record, name) for name in fields}, reason=KEEPS_OLDER_VALUE,
        )  # fmt: skip
    if record.offers != before or fields:
        same = {name: record.doc.get(name) for name in fields}
        step = Step(record=record, origin="concord", at=now, previous=same, quiet=not (fields and alive))
        await Records(session).write([step])


def _held(record: Record, name: str) -> object:
    """Return the value that the CRM was last seen to hold."""
    entries = record.crm_had.get(name) or [[0, None]]
    return entries[-1][1]
