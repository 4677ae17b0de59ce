"""Records by the CRM's own ids: what each type of record offers, in the same words."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Header, Path, Query, Response, status
from pydantic import AfterValidator, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import (
    AlreadyExists,
    AlreadyNamed,
    BaseRevisionUnknown,
    Blocked,
    MethodNotAllowed,
    Problem,
    RecordGone,
    RecordNotFound,
    RevisionMismatch,
)
from app.models import Record
from app.problems import problems
from app.records.types import RecordType
from app.routers import shapes
from app.routers.answers import as_json
from app.routers.bodies import one_of, read
from app.routers.deps import (
    Conditions,
    Now,
    OnlyUser,
    Page,
    Paging,
    Res,
    Session,
    When,
    WorkspaceId,
    etag,
    wrong_cursor,
)
from app.routers.feed_cursor import MOST, feed_cursor
from app.routers.record_resource import Resource
from app.routers.record_shapes import CrmId, SyncStates
from app.routers.run_shapes import RunAnswer
from app.routers.shapes import unique
from app.sync.asking import ask_for_record
from app.sync.changes import KEPT, Changes
from app.sync.inbound import Room, crm_restores, crm_says
from app.sync.record_states import record_states
from app.sync.records import Records
from app.sync.resources import Resources
from app.sync.runs import shown as shown_run
from app.sync.saying import Answered, Guard, Says, Verb
from app.sync.shown import shown
from app.sync.uniting import merge_records

InPath = Annotated[
    CrmId, Path(title="CRM id", description="The record's id in the CRM.", examples=["c-1001"])
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
        description="`sync`: add how the record stands in each connection.",
        examples=["sync"],
    ),
]


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


def place_in(page: Paging) -> tuple[str, int | None]:
    """Return the record a page starts after, and where the feed stood at the first page."""
    match page.after:
        case None:
            return "", None
        case [str(record_id), int(position)] if 0 <= position < MOST:
            return record_id, position
        case _:
            raise wrong_cursor()


class Merge(shapes.Body):
    """Which records end in this one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"from": ["c-2"]}]})

    ended: Annotated[list[CrmId], AfterValidator(unique)] = Field(
        alias="from",
        min_length=1,
        max_length=50,
        title="From",
        description="The CRM's ids of the records that turned out to be this one.",
        examples=[["c-2"]],
        json_schema_extra={"uniqueItems": True},
    )


async def found(session: AsyncSession, kind: RecordType, crm_id: str, *, now: datetime) -> Record:
    """Return the record, also for 30 days after its deletion."""
    record = await Records(session).of_crm_id(kind.entity, crm_id)
    if record is None or (record.deleted_at is not None and record.deleted_at <= now - KEPT):
        raise RecordNotFound(f"There is no {kind.word} {crm_id}.")
    return record


async def document_of(
    session: AsyncSession, record: Record, *, include: str | None, now: datetime
) -> Response:
    document: dict[str, Any] = shown(record)
    if include == "sync":
        document["sync"] = await record_states(session, record, now=now)
    return as_json(document, headers={"ETag": etag(record.revision)})


Names = Annotated[
    str | None,
    Query(
        title="Record id",
        max_length=64,
        description="Names this record, born in Microsoft, with the crm_id of the path.",
        examples=["rec_06a2k3v9"],
    ),
]
Words = Annotated[
    str | None,
    Query(
        title="Words",
        min_length=1,
        max_length=200,
        description="Only those in which this stands: in a contact's name, company or e-mail address, in an"
        " event's title or location.",
        examples=["lovelace"],
    ),
]
WithDeleted = Annotated[
    bool, Query(title="Deleted", description="Also those deleted in the last 30 days.", examples=[True])
]
OnlyUnnamed = Annotated[
    bool, Query(title="Unnamed", description="Only those without a crm_id.", examples=[True])
]
STATED = (RevisionMismatch, BaseRevisionUnknown, MethodNotAllowed)


class RecordRoutes:
    """The operations on one type of record."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.type = resource.type
        self.router = APIRouter(prefix=f"/v1/{resource.name}", tags=[resource.name])
        self._writes()
        self._reads()
        self._acts()

    def _add(
        self,
        method: str,
        path: str,
        name: str,
        endpoint: Callable[..., Any],
        *,
        summary: str,
        refused: tuple[type[Problem], ...] = (),
        responses: dict[int | str, Any] | None = None,
        **more: Any,
    ) -> None:
        one, many = self.resource.one, self.resource.name
        self.router.add_api_route(
            path, endpoint, methods=[method], operation_id=f"{many}.{name}",
            summary=summary.format(one=one, many=many),
            description=(endpoint.__doc__ or "").format(one=one, many=many),
            responses={**(responses or {}), **problems(*refused)}, **more,
        )  # fmt: skip

    def _writes(self) -> None:
        shown, body = self.resource.shown, one_of(self.resource.stated)
        new: dict[int | str, Any] = {201: {"model": shown, "description": f"The {self.type.word} is new."}}
        self._add(
            "PUT", "/{crm_id}", "put", self.put, summary="Put {one}", response_model=shown, responses=new,
            openapi_extra=body,
            refused=(RecordNotFound, AlreadyNamed, AlreadyExists, *STATED, *self.resource.refused),
        )  # fmt: skip
        self._add(
            "PATCH", "/{crm_id}", "patch", self.patch, summary="Change {one}", response_model=shown,
            openapi_extra=body, refused=(RecordNotFound, *STATED, *self.resource.refused),
        )  # fmt: skip
        self._add(
            "DELETE", "/{crm_id}", "delete", self.delete, summary="Delete {one}",
            status_code=status.HTTP_204_NO_CONTENT, refused=(RevisionMismatch, MethodNotAllowed),
        )  # fmt: skip

    def _reads(self) -> None:
        self._add(
            "GET", "/{crm_id}", "get", self.get, summary="Read {one}", response_model=self.resource.shown,
            refused=(RecordNotFound, MethodNotAllowed),
        )  # fmt: skip
        self._add(
            "GET", "/{crm_id}/sync", "sync_states", self.sync_states, summary="How {one} stands",
            response_model=SyncStates, refused=(RecordNotFound,),
        )  # fmt: skip
        self._add("GET", "", "list", self.list, summary="List {many}", response_model=self.resource.listed)

    def _acts(self) -> None:
        shown = self.resource.shown
        self._add(
            "POST", "/{crm_id}/sync", "sync", self.sync, summary="Sync {one} now", response_model=RunAnswer,
            status_code=status.HTTP_202_ACCEPTED, refused=(RecordNotFound, Blocked),
        )  # fmt: skip
        self._add(
            "POST", "/{crm_id}/restore", "restore", self.restore, summary="Restore {one}",
            response_model=shown, refused=(RecordNotFound, RecordGone),
        )  # fmt: skip
        self._add(
            "POST", "/{crm_id}/merge", "merge", self.merge, summary="Merge {many}", response_model=shown,
            refused=(RecordNotFound,),
        )  # fmt: skip

    async def put(
        self,
        crm_id: InPath,
        body: Annotated[Any, Body()],
        resources: Res,
        workspace: WorkspaceId,
        now: Now,
        when: When,
        base_revision: Base = None,
        record_id: Names = None,
    ) -> Response:
        """Say what the CRM has of {one} now: what isn't mentioned isn't touched."""
        says = Says(
            crm_id=crm_id, verb=Verb.PUT, type=self.type, stated=read(self.resource.stated, body),
            base_revision=base_revision, names=record_id, guard=guard(when),
        )  # fmt: skip
        return await self._hear(resources, workspace, says, now=now)

    async def patch(
        self,
        crm_id: InPath,
        body: Annotated[Any, Body()],
        resources: Res,
        workspace: WorkspaceId,
        now: Now,
        when: When,
        base_revision: Base = None,
    ) -> Response:
        """Change what the patch mentions (RFC 7396); each field is meant, also if it states an old value."""
        says = Says(
            crm_id=crm_id, verb=Verb.PATCH, type=self.type, stated=read(self.resource.stated, body),
            base_revision=base_revision, guard=guard(when),
        )  # fmt: skip
        return await self._hear(resources, workspace, says, now=now)

    async def delete(self, crm_id: InPath, session: Session, now: Now, when: When) -> None:
        """Delete {one}, also when it is gone. An edit in Outlook that the CRM can't know of outlives it."""
        says = Says(crm_id=crm_id, verb=Verb.DELETE, type=self.type, guard=guard(when))
        await crm_says(self._room(session, now), says)

    async def get(self, crm_id: InPath, session: Session, now: Now, include: Include = None) -> Response:
        """Return {one}. A deleted one is shown for 30 days, `deleted` true."""
        record = await found(session, self.type, crm_id, now=now)
        return await document_of(session, record, include=include, now=now)

    async def sync_states(self, crm_id: InPath, session: Session, now: Now, only: OnlyUser) -> Response:
        """Return how {one} stands in each connection it belongs in."""
        record = await found(session, self.type, crm_id, now=now)
        states = await record_states(session, record, now=now)
        return as_json({"data": [entry for entry in states if only in {None, entry["user"]}]})

    async def sync(self, crm_id: InPath, session: Session, now: Now) -> RunAnswer:
        """Sync {one} wherever it belongs, also where its user had removed it from Outlook."""
        record = await found(session, self.type, crm_id, now=now)
        if record.deleted_at is not None:
            raise RecordNotFound(f"The {self.type.word} {crm_id} is deleted; restore it first.")
        run = await ask_for_record(session, record, now=now)
        await session.flush()
        return RunAnswer.model_validate(shown_run(run, now=now))

    async def restore(self, crm_id: InPath, session: Session, now: Now) -> Response:
        """Bring back {one} that was deleted as it was, within 30 days."""
        record = await Records(session).of_crm_id(self.type.entity, crm_id)
        return answer(await crm_restores(self._room(session, now), record))

    async def merge(self, crm_id: InPath, body: Merge, session: Session, now: Now) -> Response:
        """Let {many} be one: links, owners, items move here; the others end, with no deletion in Outlook."""
        kept = await merge_records(session, self.type.entity, crm_id, body.ended, now=now)
        return answer(Answered(kept, HTTPStatus.OK))

    async def list(
        self,
        session: Session,
        page: Page,
        now: Now,
        workspace: WorkspaceId,
        q: Words = None,
        deleted: WithDeleted = False,
        unnamed: OnlyUnnamed = False,
    ) -> Response:
        """List {many}, the oldest first. Read all pages, then follow the feed from `feed_cursor`."""
        after, position = place_in(page)
        if position is None:
            position = await Changes(session).head()
        rows = await Records(session).page(
            self.type.entity, after=after, limit=page.limit + 1,
            deleted_since=now - KEPT if deleted else None, unnamed=unnamed, words=q,
        )  # fmt: skip
        shown_rows, cursor = page.cut(rows, key=lambda record: [record.record_id, position])
        told = {"data": [shown(record) for record in shown_rows], "next_cursor": cursor}
        return as_json(told | {"feed_cursor": feed_cursor(workspace, position)})

    async def _hear(self, resources: Resources, workspace: str, says: Says, *, now: datetime) -> Response:
        """Receive a write in a transaction that begins once all has been asked that is asked elsewhere."""
        for problem in (await self.resource.refusals(resources, workspace, [says], now=now)).values():
            raise problem
        async with resources.db.transaction(workspace) as session:
            answered = await crm_says(self._room(session, now), says)
        return answer(answered)

    def _room(self, session: AsyncSession, now: datetime) -> Room:
        return Room(session, self.type.entity, now)
