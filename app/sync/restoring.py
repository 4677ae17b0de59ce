"""Bring back what a run deleted: its records live again, are offered to the CRM, and get their items back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import RecordGone
from app.models import Run
from app.sync.asking import refuse_unless_ready
from app.sync.changes import KEPT
from app.sync.collections import Collections
from app.sync.effects import Effects
from app.sync.inbound import Room, crm_restores
from app.sync.records import Records
from app.sync.runs import Runs
from app.sync.work import Work

A_PAGE: Final = 50


async def ask_to_restore(session: AsyncSession, run: Run, *, now: datetime) -> Run:
    """Queue the run that brings back what another one deleted; one that is under way is returned."""
    if run.created_at <= now - KEPT:
        raise RecordGone("What this run deleted was deleted more than 30 days ago.")
    await refuse_unless_ready(session, run.connection_id, run.entity, now=now)
    asked = await Runs(session).restoring(run.id)
    if asked is None:
        asked = Runs(session).add(
            connection_id=run.connection_id, collection_id=run.collection_id, entity=run.entity,
            trigger="restore", direction="both", full=False, status="queued", subject=run.id, now=now,
        )  # fmt: skip
    Collections(session).ring([run.collection_id], now=now)
    return asked


async def restore_deleted(work: Work) -> bool:
    """Restore what the run in question deleted and is still gone; say whether that is done in this slice."""
    subject = work.progress.subject
    if subject is None:
        return True
    async with work.transaction() as session:
        deleted = await Effects(session).deleted_by(subject)
    for start in range(0, len(deleted), A_PAGE):
        if work.out_of_time:
            return False
        await _restore(work, deleted[start : start + A_PAGE])
    return True


async def _restore(work: Work, record_ids: Sequence[str]) -> None:
    async with work.transaction() as session:
        records = await Records(session).locked(record_ids)
        oldest = work.now - KEPT
        gone = [r for r in records.values() if r.deleted_at is not None and r.deleted_at > oldest]
        for record in gone:
            await crm_restores(Room(session, record.entity, work.now), record)
        work.progress.count("to_crm.created", len(gone))
        await work.move(session)
