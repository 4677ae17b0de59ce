"""Many contacts in one request."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Self

from fastapi import APIRouter, Request, Response
from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator, model_validator

from app.errors import DuplicateInBatch, InvalidRequest, MethodNotAllowed, Problem
from app.problems import explained
from app.routers.answers import as_json
from app.routers.contact_shapes import ContactIn, CrmId
from app.routers.deps import Now, Res, WorkspaceId
from app.routers.shapes import Answer, Body
from app.sync.inbound import Result, Room, crm_says_all
from app.sync.saying import Says, Verb

router = APIRouter(prefix="/v1/contacts", tags=["contacts"])
ENTITY = "contacts"
MOST = 1000
AT_ONCE = 200
"""A batch of 1,000 is five transactions, one after another: it isn't atomic."""


class ContactUpsert(ContactIn):
    """A contact as the CRM has it, with its id."""

    read_only: ClassVar[frozenset[str]] = ContactIn.read_only - {"crm_id"}

    crm_id: CrmId = Field(title="CRM id", description="The contact's id in the CRM.", examples=["c-1001"])
    base_revision: int | None = Field(
        default=None,
        ge=1,
        le=2**31 - 1,
        title="Base revision",
        description="The revision that the CRM's user edited: what differs from it is an edit.",
        examples=[7],
    )


@dataclass(frozen=True, slots=True)
class Malformed:
    """An entry that says whose contact it is, but is wrong otherwise: it doesn't stop the others."""

    crm_id: str
    problem: InvalidRequest


def _apart(given: Any, validate: ValidatorFunctionWrapHandler) -> ContactUpsert | Malformed:
    """Keep what is wrong with one contact apart, if it has a crm_id to report it by."""
    try:
        upsert: ContactUpsert = validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        if not isinstance(given, dict) or any(fault["loc"][:1] in {(), ("crm_id",)} for fault in faults):
            raise
        places = [{**fault, "loc": ("body", *fault["loc"])} for fault in faults]
        return Malformed(given["crm_id"], InvalidRequest(errors=[*explained(places, given)]))
    return upsert


class ContactBatch(Body):
    """Contacts to put and to delete, at most 1,000 together."""

    upserts: list[Annotated[ContactUpsert, WrapValidator(_apart)]] = Field(
        default=[],
        max_length=MOST,
        title="Upserts",
        description="Contacts as the CRM has them; each is treated like a PUT.",
        examples=[[{"crm_id": "c-1", "display_name": "Ada Lovelace"}]],
    )
    deletes: list[CrmId] = Field(
        default=[],
        max_length=MOST,
        title="Deletes",
        description="The ids of contacts to delete.",
        examples=[["c-2"]],
    )

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if len(self.upserts) + len(self.deletes) > MOST:
            raise ValueError(f"At most {MOST} entries together.")
        return self


class BatchResult(Answer):
    """What came of one entry."""

    crm_id: str = Field(title="CRM id", description="The contact's id in the CRM.", examples=["c-1"])
    status: int = Field(
        title="Status", description="The status that a request of its own would have had.", examples=[201]
    )
    record_id: str | None = Field(
        default=None, title="Record id", description="Concord's own id.", examples=["rec_06a2k3v9"]
    )
    revision: int | None = Field(
        default=None, title="Revision", description="The contact's revision now.", examples=[1]
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


@router.post(
    "/batch", operation_id="contacts.batch", summary="Write many contacts", response_model=BatchResults
)
async def write_contacts(
    batch: ContactBatch, request: Request, resources: Res, workspace: WorkspaceId, now: Now
) -> Response:
    """Put and delete many contacts. Each entry succeeds or fails for itself, written 200 at a time."""
    entries: list[Says | Malformed] = [*map(_says, batch.upserts)]
    entries += [Says(crm_id=crm_id, verb=Verb.DELETE) for crm_id in batch.deletes]
    results = _known_beforehand(entries)
    open_ = [says for says in entries if isinstance(says, Says) and says.crm_id not in results]
    for start in range(0, len(open_), AT_ONCE):
        page = open_[start : start + AT_ONCE]
        async with resources.db.transaction(workspace) as session:
            done = await crm_says_all(Room(session, ENTITY, now), page)
        results |= {says.crm_id: result for says, result in zip(page, done, strict=True)}
    instance = f"/requests/{request.state.request_id}"
    told = [_told(entry.crm_id, results[entry.crm_id], instance=instance) for entry in entries]
    return as_json({"results": told, "failed": sum("problem" in result for result in told)})


@router.api_route(
    "/batch",
    methods=["GET", "PUT", "PATCH", "DELETE"],
    operation_id="contacts.batch_by_another_method",
    include_in_schema=False,
)
async def not_a_contact() -> None:
    """Say that this word is no contact's id, before a route that takes ids does."""
    raise MethodNotAllowed("`batch` is where many contacts are written, by POST; it can't be a contact's id.")


def _says(upsert: ContactUpsert | Malformed) -> Says | Malformed:
    if isinstance(upsert, Malformed):
        return upsert
    said = upsert.said()
    crm_id, base = said.pop("crm_id"), said.pop("base_revision", None)
    return Says(crm_id=crm_id, verb=Verb.PUT, stated=said, base_revision=base)


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
