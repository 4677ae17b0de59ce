"""Contacts, by the CRM's own ids."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Response, status
from pydantic import AfterValidator, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import (
    AlreadyExists,
    AlreadyNamed,
    BaseRevisionUnknown,
    Blocked,
    MethodNotAllowed,
    RecordGone,
    RecordNotFound,
    RevisionMismatch,
)
from app.models import Record
from app.problems import problems
from app.routers.answers import as_json
from app.routers.contact_shapes import Contact, ContactIn, ContactList, CrmId, SyncStates
from app.routers.deps import (
    Conditions,
    Now,
    OnlyUser,
    Page,
    Paging,
    Session,
    When,
    WorkspaceId,
    etag,
    wrong_cursor,
)
from app.routers.feed_cursor import MOST, feed_cursor
from app.routers.run_shapes import RunAnswer
from app.routers.shapes import Body, unique
from app.sync.asking import ask_for_record
from app.sync.changes import KEPT, Changes
from app.sync.inbound import Room, crm_restores, crm_says
from app.sync.record_states import record_states
from app.sync.records import Records
from app.sync.runs import shown as shown_run
from app.sync.saying import Answered, Guard, Says, Verb
from app.sync.shown import shown
from app.sync.uniting import merge_records

router = APIRouter(prefix="/v1/contacts", tags=["contacts"])
ENTITY = "contacts"

InPath = Annotated[
    CrmId, Path(title="CRM id", description="The contact's id in the CRM.", examples=["c-1001"])
]
Base = Annotated[
    int | None,
    Header(
        alias="Concord-Base-Revision",
        title="Base revision",
        ge=1,
        le=2**31 - 1,
        description="The revision that the CRM's user edited: what differs from it is an edit.",
        examples=[7],
    ),
]
Include = Annotated[
    Literal["sync"] | None,
    Query(
        title="Include",
        description="`sync`: add how the contact stands in each connection.",
        examples=["sync"],
    ),
]


async def room(session: Session, now: Now) -> Room:
    return Room(session, ENTITY, now)


Here = Annotated[Room, Depends(room)]


def guard(when: Conditions) -> Guard:
    """Return the check of a write's conditions. To create only, a deleted record counts as none."""

    def check(record: Record | None) -> None:
        ended = record is not None and record.deleted_at is not None and when.match is None
        revision = None if record is None or ended else record.revision
        when.require(revision, current=lambda: shown(record) if record is not None else None)

    return check


def answer(answered: Answered) -> Response:
    record = answered.record
    assert record is not None  # noqa: S101  only a DELETE may answer of nothing
    document: dict[str, Any] = shown(record)
    if answered.merged:
        document["merged"] = list(answered.merged)
    if answered.stale:
        document["stale"] = True
    return as_json(document, status=answered.status, headers={"ETag": etag(record.revision)})


@router.put(
    "/{crm_id}",
    operation_id="contacts.put",
    summary="Put a contact",
    response_model=Contact,
    responses={
        201: {"model": Contact, "description": "The contact is new."},
        **problems(
            RecordNotFound,
            AlreadyNamed,
            RevisionMismatch,
            AlreadyExists,
            BaseRevisionUnknown,
            MethodNotAllowed,
        ),
    },
)
async def put_contact(
    crm_id: InPath,
    contact: ContactIn,
    here: Here,
    when: When,
    base_revision: Base = None,
    record_id: Annotated[
        str | None,
        Query(
            title="Record id",
            max_length=64,
            description="Names this record, born in Microsoft, with the crm_id of the path.",
            examples=["rec_06a2k3v9"],
        ),
    ] = None,
) -> Response:
    """Say what the CRM has of a contact now: what isn't mentioned isn't touched."""
    says = Says(
        crm_id=crm_id, verb=Verb.PUT, stated=contact.said(), base_revision=base_revision, names=record_id,
        guard=guard(when),
    )  # fmt: skip
    return answer(await crm_says(here, says))


@router.patch(
    "/{crm_id}",
    operation_id="contacts.patch",
    summary="Change a contact",
    response_model=Contact,
    responses=problems(RecordNotFound, RevisionMismatch, BaseRevisionUnknown, MethodNotAllowed),
)
async def patch_contact(
    crm_id: InPath, contact: ContactIn, here: Here, when: When, base_revision: Base = None
) -> Response:
    """Change what the patch mentions (RFC 7396); each field is meant, also one that states an old value."""
    says = Says(
        crm_id=crm_id, verb=Verb.PATCH, stated=contact.said(), base_revision=base_revision, guard=guard(when)
    )
    return answer(await crm_says(here, says))


@router.delete(
    "/{crm_id}",
    operation_id="contacts.delete",
    summary="Delete a contact",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(RevisionMismatch, MethodNotAllowed),
)
async def delete_contact(crm_id: InPath, here: Here, when: When) -> None:
    """Delete a contact, also when it is gone. An edit in Outlook that the CRM can't know of outlives it."""
    await crm_says(here, Says(crm_id=crm_id, verb=Verb.DELETE, guard=guard(when)))


async def found(session: AsyncSession, crm_id: str, *, now: datetime) -> Record:
    """Return the contact, also for 30 days after its deletion."""
    record = await Records(session).of_crm_id(ENTITY, crm_id)
    if record is None or (record.deleted_at is not None and record.deleted_at <= now - KEPT):
        raise RecordNotFound(f"There is no contact {crm_id}.")
    return record


async def document_of(
    session: AsyncSession, record: Record, *, include: str | None, now: datetime
) -> Response:
    document: dict[str, Any] = shown(record)
    if include == "sync":
        document["sync"] = await record_states(session, record, now=now)
    return as_json(document, headers={"ETag": etag(record.revision)})


@router.get(
    "/{crm_id}",
    operation_id="contacts.get",
    summary="Read a contact",
    response_model=Contact,
    responses=problems(RecordNotFound, MethodNotAllowed),
)
async def get_contact(crm_id: InPath, session: Session, now: Now, include: Include = None) -> Response:
    """Return a contact. A deleted one is shown for 30 days, `deleted` true."""
    return await document_of(session, await found(session, crm_id, now=now), include=include, now=now)


@router.get(
    "/{crm_id}/sync",
    operation_id="contacts.sync_states",
    summary="How a contact stands",
    response_model=SyncStates,
    responses=problems(RecordNotFound),
)
async def get_sync_states(crm_id: InPath, session: Session, now: Now, only: OnlyUser) -> Response:
    """Return how a contact stands in each connection it belongs in."""
    record = await found(session, crm_id, now=now)
    states = await record_states(session, record, now=now)
    return as_json({"data": [entry for entry in states if only in {None, entry["user"]}]})


@router.post(
    "/{crm_id}/sync",
    operation_id="contacts.sync",
    summary="Sync a contact now",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(RecordNotFound, Blocked),
)
async def sync_contact(crm_id: InPath, session: Session, now: Now) -> RunAnswer:
    """Sync one contact wherever it belongs, also where its user had removed it from Outlook."""
    record = await found(session, crm_id, now=now)
    if record.deleted_at is not None:
        raise RecordNotFound(f"The contact {crm_id} is deleted; restore it first.")
    run = await ask_for_record(session, record, now=now)
    await session.flush()
    return RunAnswer.model_validate(shown_run(run, now=now))


@router.post(
    "/{crm_id}/restore",
    operation_id="contacts.restore",
    summary="Restore a contact",
    response_model=Contact,
    responses=problems(RecordNotFound, RecordGone),
)
async def restore_contact(crm_id: InPath, here: Here) -> Response:
    """Bring a deleted contact back as it was, within 30 days."""
    return answer(await crm_restores(here, await Records(here.session).of_crm_id(ENTITY, crm_id)))


class Merge(Body):
    """Which contacts end in this one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"from": ["c-2"]}]})

    ended: Annotated[list[CrmId], AfterValidator(unique)] = Field(
        alias="from",
        min_length=1,
        max_length=50,
        title="From",
        description="The CRM's ids of the contacts that turned out to be this one.",
        examples=[["c-2"]],
        json_schema_extra={"uniqueItems": True},
    )


@router.post(
    "/{crm_id}/merge",
    operation_id="contacts.merge",
    summary="Merge contacts",
    response_model=Contact,
    responses=problems(RecordNotFound),
)
async def merge_contacts(crm_id: InPath, body: Merge, here: Here) -> Response:
    """Let contacts be one: links, owners and items move here; the others end, with no deletion in Outlook."""
    kept = await merge_records(here.session, ENTITY, crm_id, body.ended, now=here.now)
    return answer(Answered(kept, HTTPStatus.OK))


def place_in(page: Paging) -> tuple[str, int | None]:
    """Return the record a page starts after, and where the feed stood at the first page."""
    match page.after:
        case None:
            return "", None
        case [str(record_id), int(position)] if 0 <= position < MOST:
            return record_id, position
        case _:
            raise wrong_cursor()


@router.get("", operation_id="contacts.list", summary="List contacts", response_model=ContactList)
async def list_contacts(
    session: Session,
    page: Page,
    now: Now,
    workspace: WorkspaceId,
    q: Annotated[
        str | None,
        Query(
            title="Words",
            min_length=1,
            max_length=200,
            description="Only those whose name, company or e-mail address has this.",
            examples=["lovelace"],
        ),
    ] = None,
    deleted: Annotated[
        bool, Query(title="Deleted", description="Also those deleted in the last 30 days.", examples=[True])
    ] = False,
    unnamed: Annotated[
        bool, Query(title="Unnamed", description="Only those without a crm_id.", examples=[True])
    ] = False,
) -> Response:
    """List contacts, the oldest first. Read all pages, then follow the feed from `feed_cursor`."""
    after, position = place_in(page)
    if position is None:
        position = await Changes(session).head()
    rows = await Records(session).page(
        ENTITY, after=after, limit=page.limit + 1, deleted_since=now - KEPT if deleted else None,
        unnamed=unnamed, words=q,
    )  # fmt: skip
    shown_rows, cursor = page.cut(rows, key=lambda record: [record.record_id, position])
    return as_json(
        {
            "data": [shown(record) for record in shown_rows],
            "next_cursor": cursor,
            "feed_cursor": feed_cursor(workspace, position),
        }
    )
