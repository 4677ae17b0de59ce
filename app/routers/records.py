"""Records by Concord's own ids: for those that the CRM has not named yet."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import RecordGone, RecordNotFound
from app.models import Record
from app.problems import problems
from app.routers.contact_shapes import Contact
from app.routers.deps import Now, Session
from app.routers.event_shapes import Event
from app.routers.record_routes import Include, answer, document_of
from app.routers.task_shapes import Task
from app.sync.changes import KEPT
from app.sync.inbound import Room, crm_restores
from app.sync.records import Records

router = APIRouter(prefix="/v1/records", tags=["contacts"])

InPath = Annotated[
    str, Path(title="Record id", max_length=64, description="Concord's own id.", examples=["rec_06a2k3v9"])
]


async def known(session: AsyncSession, record_id: str, *, now: datetime) -> Record:
    """Return the record, also for 30 days after its deletion."""
    record = await Records(session).get(record_id)
    if record is None or (record.deleted_at is not None and record.deleted_at <= now - KEPT):
        raise RecordNotFound(f"There is no record {record_id}.")
    return record


@router.get(
    "/{record_id}",
    operation_id="records.get",
    summary="Read a record",
    response_model=Contact | Event | Task,
    responses=problems(RecordNotFound),
)
async def get_record(record_id: InPath, session: Session, now: Now, include: Include = None) -> Response:
    """Return a record by Concord's own id, also one that has no crm_id yet."""
    return await document_of(session, await known(session, record_id, now=now), include=include, now=now)


@router.post(
    "/{record_id}/restore",
    operation_id="records.restore",
    summary="Restore a record",
    response_model=Contact | Event | Task,
    responses=problems(RecordNotFound, RecordGone),
)
async def restore_record(record_id: InPath, session: Session, now: Now) -> Response:
    """Bring a deleted record back as it was, within 30 days."""
    record: Record | None = await Records(session).get(record_id)
    entity = record.entity if record is not None else "contacts"
    return answer(await crm_restores(Room(session, entity, now), record))
