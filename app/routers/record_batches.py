"""Many records in one request."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Self

from fastapi import APIRouter, Request, Response
from fastapi import Body as Given
from pydantic import (
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    create_model,
    model_validator,
)

from app.errors import DuplicateInBatch, InvalidRequest, MethodNotAllowed, Problem
from app.problems import explained
from app.records.types import RecordType
from app.routers.answers import as_json
from app.routers.bodies import one_of, parsed
from app.routers.deps import Now, Res, WorkspaceId
from app.routers.record_resource import Resource
from app.routers.record_shapes import CrmId
from app.routers.shapes import Answer, Body
from app.sync.inbound import Result, Room, crm_says_all
from app.sync.saying import Says, Verb

MOST = 1000
AT_ONCE = 200
"""A batch of 1,000 is five transactions, one after another: it isn't atomic."""


def upsert_of(resource: Resource) -> type[Body]:
    """Return what a record is as the CRM has it, with its id."""
    word = resource.type.word
    fields: Any = {
        "crm_id": (
            CrmId,
            Field(title="CRM id", description=f"The {word}'s id in the CRM.", examples=["c-1001"]),
        ),
        "base_revision": (
            int | None,
            Field(
                default=None, ge=1, le=2**31 - 1, title="Base revision", examples=[7],
                description="The revision that the CRM's user edited: what differs from it is an edit.",
            ),
        ),
    }  # fmt: skip
    name, base = f"{word.capitalize()}Upsert", resource.stated
    doc = f"{resource.one.capitalize()} as the CRM has it, with its id."
    upsert: type[Body] = _make(name, base=base, doc=doc, fields=fields)
    upsert.read_only = base.read_only - {"crm_id"}
    return upsert


def _make(name: str, *, base: type[Body], doc: str, fields: Any) -> Any:
    return create_model(name, __base__=base, __doc__=doc, **fields)


@dataclass(frozen=True, slots=True)
class Malformed:
    """An entry that says whose contact it is, but is wrong otherwise: it doesn't stop the others."""

    crm_id: str
    problem: InvalidRequest


def _apart(given: Any, validate: ValidatorFunctionWrapHandler) -> Body | Malformed:
    """Keep what is wrong with one record apart, if it has a crm_id to report it by."""
    try:
        upsert: Body = validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        if not isinstance(given, dict) or any(fault["loc"][:1] in {(), ("crm_id",)} for fault in faults):
            raise
        places = [{**fault, "loc": ("body", *fault["loc"])} for fault in faults]
        return Malformed(given["crm_id"], InvalidRequest(errors=[*explained(places, given)]))
    return upsert


class Batch(Body):
    """Records to put and to delete, at most 1,000 together."""

    upserts: list[Any] = Field(default=[], max_length=MOST)
    deletes: list[CrmId] = Field(
        default=[], max_length=MOST, title="Deletes", description="The ids of records to delete.",
        examples=[["c-2"]],
    )  # fmt: skip

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if len(self.upserts) + len(self.deletes) > MOST:
            raise ValueError(f"At most {MOST} entries together.")
        return self


def batch_of(resource: Resource, *, example: Any) -> type[Batch]:
    """Return what a batch of this type of record is."""
    entry: Any = Annotated[upsert_of(resource), WrapValidator(_apart)]
    upserts: Any = (
        list[entry],
        Field(
            default=[], max_length=MOST, title="Upserts", examples=[[example]],
            description=f"{resource.name.capitalize()} as the CRM has them; each is treated like a PUT.",
        ),
    )  # fmt: skip
    return create_model(
        f"{resource.type.word.capitalize()}Batch", __base__=Batch, upserts=upserts,
        __doc__=f"{resource.name.capitalize()} to put and to delete, at most 1,000 together.",
    )  # fmt: skip


class BatchResult(Answer):
    """What came of one entry."""

    crm_id: str = Field(title="CRM id", description="The record's id in the CRM.", examples=["c-1"])
    status: int = Field(
        title="Status", description="The status that a request of its own would have had.", examples=[201]
    )
    record_id: str | None = Field(
        default=None, title="Record id", description="Concord's own id.", examples=["rec_06a2k3v9"]
    )
    revision: int | None = Field(
        default=None, title="Revision", description="The record's revision now.", examples=[1]
    )
    merged: list[str] = Field(
        default=[],
        title="Merged",
        description="The fields sent that now hold something else than was sent.",
        examples=[["phones"]],
    )
    stale: bool = Field(
        default=False, title="Stale", description="It was older than what is stored.", examples=[True]
    )
    problem: dict[str, Any] | None = Field(
        default=None,
        title="Problem",
        description="What is wrong with this entry.",
        examples=[{"type": "/problems/duplicate-in-batch"}],
    )


class BatchResults(Answer):
    """What came of each entry, in the order given, upserts first."""

    results: list[BatchResult] = Field(title="Results", description="One for each entry.")
    failed: int = Field(title="Failed", description="How many have a problem.", examples=[0])


class BatchRoutes:
    """The batch of one type of record."""

    def __init__(self, resource: Resource, *, example: Any) -> None:
        self.resource, self.type = resource, resource.type
        self.batch = batch_of(resource, example=example)
        self.router = APIRouter(prefix=f"/v1/{resource.name}", tags=[resource.name])
        self.router.add_api_route(
            "/batch", self.write, methods=["POST"], operation_id=f"{resource.name}.batch",
            summary=f"Write many {resource.name}", response_model=BatchResults,
            openapi_extra=one_of(self.batch),
        )  # fmt: skip
        self.router.add_api_route(
            "/batch", self.by_another_method, methods=["GET", "PUT", "PATCH", "DELETE"],
            operation_id=f"{resource.name}.batch_by_another_method", include_in_schema=False,
        )  # fmt: skip

    async def write(
        self,
        body: Annotated[Any, Given()],
        request: Request,
        resources: Res,
        workspace: WorkspaceId,
        now: Now,
    ) -> Response:
        """Put and delete many. Each entry succeeds or fails for itself, written 200 at a time."""
        batch = parsed(self.batch, body)
        entries: list[Says | Malformed] = [_says(each, self.type) for each in batch.upserts]
        entries += [Says(crm_id=crm_id, verb=Verb.DELETE, type=self.type) for crm_id in batch.deletes]
        results = _known_beforehand(entries)
        open_ = [says for says in entries if isinstance(says, Says) and says.crm_id not in results]
        results |= await self.resource.refusals(resources, workspace, open_, now=now)
        open_ = [says for says in open_ if says.crm_id not in results]
        for start in range(0, len(open_), AT_ONCE):
            page = open_[start : start + AT_ONCE]
            async with resources.db.transaction(workspace) as session:
                done = await crm_says_all(Room(session, self.type.entity, now), page)
            results |= {says.crm_id: result for says, result in zip(page, done, strict=True)}
        instance = f"/requests/{request.state.request_id}"
        told = [_told(entry.crm_id, results[entry.crm_id], instance=instance) for entry in entries]
        return as_json({"results": told, "failed": sum("problem" in result for result in told)})

    async def by_another_method(self) -> None:
        """Say that this word is no record's id, before a route that takes ids does."""
        raise MethodNotAllowed(
            f"`batch` is where many are written, by POST; it can't be the id of a {self.type.word}."
        )


def _says(upsert: Body | Malformed, kind: RecordType) -> Says | Malformed:
    if isinstance(upsert, Malformed):
        return upsert
    said = upsert.said()
    crm_id, base = said.pop("crm_id"), said.pop("base_revision", None)
    return Says(crm_id=crm_id, verb=Verb.PUT, type=kind, stated=said, base_revision=base)


def _known_beforehand(entries: Sequence[Says | Malformed]) -> dict[str, Result]:
    """Return the entries that are refused without a look at the records."""
    times = Counter(entry.crm_id for entry in entries)
    refused: dict[str, Result] = {
        entry.crm_id: entry.problem for entry in entries if isinstance(entry, Malformed)
    }
    return refused | {crm_id: DuplicateInBatch() for crm_id, number in times.items() if number > 1}


def _told(crm_id: str, result: Result, *, instance: str) -> dict[str, Any]:
    if isinstance(result, Problem):
        document = result.document(instance=instance)
        return {"crm_id": crm_id, "status": result.status.value, "problem": document}
    told: dict[str, Any] = {"crm_id": crm_id, "status": result.status.value}
    if result.record is not None and result.status != HTTPStatus.NO_CONTENT:
        told |= {"record_id": result.record.record_id, "revision": result.record.revision}
    if result.merged:
        told["merged"] = list(result.merged)
    if result.stale:
        told["stale"] = True
    return told
