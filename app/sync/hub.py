"""Move a record: its document, its revisions and what the CRM hears of it change in one step.

Callers hold the record's row lock and spread what moved (``spread.py``).
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Record, Revision
from app.records import Fields, Value
from app.records.link import LinkView
from app.records.reasons import Reason
from app.records.types import record_type
from app.sync.conflicts import Side, Stamp
from app.sync.match_keys import note_record
from app.sync.news import announce_record
from app.sync.reconcile import Received

MICROSOFT, CONCORD = "microsoft", "concord"


def move_record(
    session: AsyncSession, record: Record, received: Received, *, connection_id: str, now: datetime
) -> None:
    """Take over what a mailbox reports, and tell the CRM."""
    _step(session, record, received, now=now)
    announce_record(
        session, record, "updated", origin=MICROSOFT, connection_id=connection_id, now=now,
        changed=received.changed, previous=received.previous,
    )  # fmt: skip


def revive_record(
    session: AsyncSession,
    record: Record,
    received: Received,
    *,
    reason: Reason,
    connection_id: str,
    now: datetime,
) -> None:
    """Bring a deleted record back: restored in Outlook, or edited meanwhile. The CRM hears of it anew."""
    record.deleted_at = record.deleted_because = None
    _step(session, record, received, now=now)
    note_record(session, record)
    announce_record(
        session, record, "created", origin=MICROSOFT, connection_id=connection_id, now=now,
        changed=received.changed, previous=received.previous, reason=reason,
    )  # fmt: skip


def decide_record(
    session: AsyncSession, record: Record, name: str, value: Value, *, stamp: Stamp, now: datetime
) -> None:
    """Give a field the value that was decided on, whoever had it, and tell the CRM."""
    previous = {name: record.doc.get(name)}
    received = Received(
        {**record.doc, name: value}, LinkView(), previous, field_at={name: stamp.document()}, held=record.held
    )
    origin = MICROSOFT if stamp.side is Side.MICROSOFT else CONCORD
    _step(session, record, received, now=now, origin=origin)
    announce_record(
        session, record, "updated", origin=origin, connection_id=stamp.connection, now=now,
        changed=(name,), previous=previous,
    )  # fmt: skip


def return_values(
    session: AsyncSession, record: Record, values: Fields, *, connection_id: str, now: datetime
) -> None:
    """Let a record hold again what a mailbox still has of it, and offer that to the CRM."""
    stamp = Stamp(now, Side.MICROSOFT, connection_id).document()
    previous = {name: record.doc.get(name) for name in values}
    received = Received(
        {**record.doc, **values},
        LinkView(),
        previous,
        field_at=dict.fromkeys(values, stamp),
        held=record.held,
    )
    _step(session, record, received, now=now, origin=CONCORD)
    announce_record(
        session, record, "updated", origin=CONCORD, connection_id=connection_id, now=now,
        changed=received.changed, previous=previous, reason=Reason.RESTORED,
    )  # fmt: skip


def delete_record(
    session: AsyncSession,
    record: Record,
    *,
    reason: str,
    connection_id: str | None,
    now: datetime,
    told: str | None = None,
    origin: str = MICROSOFT,
) -> None:
    """Mark a record deleted, and tell the CRM; its last document is kept for 30 days.

    ``told`` is the reason that the CRM hears, where it is another. What was in question about the record is
    so no more: the caller closes its conflicts.
    """
    record.deleted_at, record.deleted_because, record.held = now, reason, {}
    _step(session, record, Received(record.doc, LinkView()), now=now, origin=origin)
    announce_record(
        session, record, "deleted", origin=origin, connection_id=connection_id, now=now,
        reason=told or reason,
    )  # fmt: skip


def _step(
    session: AsyncSession, record: Record, received: Received, *, now: datetime, origin: str = MICROSOFT
) -> None:
    record.revision += 1
    record.doc, record.last_at = received.doc, now
    record.field_at = {**record.field_at, **received.field_at}
    if not received.previous or not record_type(record.entity).identifying.isdisjoint(received.previous):
        note_record(session, record)
    session.add(
        Revision(
            workspace_id=record.workspace_id, record_id=record.record_id, revision=record.revision, at=now,
            origin=origin, patch={name: received.doc.get(name) for name in received.previous},
            previous=dict(received.previous),
        )
    )  # fmt: skip
