"""Fields that both sides changed, and who decides on them."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ValidationError

from app.errors import ConflictClosed, ConflictNotFound, InvalidRequest, Problem
from app.models import Conflict as Row
from app.problems import explained, problems
from app.records.types import record_type
from app.routers.answers import as_json
from app.routers.conflict_shapes import Conflict, Decision, DecisionResults, Decisions
from app.routers.contact_shapes import ContactIn
from app.routers.deps import Insider, Now, OnlyUser, Page, Session
from app.routers.event_shapes import EventIn
from app.routers.record_shapes import CrmId
from app.routers.shapes import Body, EntityName, Listing
from app.routers.task_shapes import TaskIn
from app.sync.conflict_rows import DELETED, Conflicts, shown_conflict
from app.sync.conflicts import Side
from app.sync.deciding import Choice, Result, resolve, resolve_all

router = APIRouter(prefix="/v1/conflicts", tags=["conflicts"])


@router.get("", operation_id="conflicts.list", summary="List conflicts", response_model=Listing[Conflict])
async def list_conflicts(
    session: Session,
    page: Page,
    only: OnlyUser,
    status: Annotated[
        Literal["open", "resolved", "obsolete"] | None,
        Query(title="Status", description="Only those in this state.", examples=["open"]),
    ] = None,
    connection: Annotated[
        str | None,
        Query(
            title="Connection", max_length=64, description="Only those with this mailbox.",
            examples=["con_06a2k3v9"],
        ),
    ] = None,
    entity: Annotated[
        EntityName | None,
        Query(title="Entity", description="Only those of this kind of record.", examples=["contacts"]),
    ] = None,
    crm_id: Annotated[
        CrmId | None, Query(title="CRM id", description="Only those of this record.", examples=["c-1001"])
    ] = None,
) -> Response:  # fmt: skip
    """List conflicts, the oldest first: those the policy has settled, and those that wait."""
    rows = await Conflicts(session).page(
        after=page.after_id, limit=page.limit + 1, status=status, connection=connection, entity=entity,
        crm_id=crm_id, only_user=only,
    )  # fmt: skip
    found, cursor = page.cut(rows, key=lambda row: row[0].id)
    return as_json(
        {"data": [shown_conflict(row, crm_id=named) for row, named in found], "next_cursor": cursor}
    )


STATED: Final[Mapping[str, type[Body]]] = {
    "contacts": ContactIn, "calendar": EventIn, "tasks": TaskIn,
}  # fmt: skip
InPath = Annotated[
    str, Path(title="Conflict", max_length=64, description="The conflict's id.", examples=["cfl_06a2k3v9"])
]


@router.post(
    "/{conflict_id}/resolve",
    operation_id="conflicts.resolve",
    summary="Decide a conflict",
    response_model=Conflict,
    responses=problems(ConflictNotFound, ConflictClosed, InvalidRequest),
)
async def resolve_conflict(
    conflict_id: InPath, decision: Decision, session: Session, principal: Insider, now: Now
) -> Response:
    """Decide whose value a field gets, or which. Both sides get it, as far as the direction allows."""
    choose = partial(_choice, decision, by=principal.credential)
    row, crm_id = await resolve(session, conflict_id, choose, now=now)
    return as_json(shown_conflict(row, crm_id=crm_id))


@router.post(
    "/resolve",
    operation_id="conflicts.resolve_many",
    summary="Decide many conflicts",
    response_model=DecisionResults,
)
async def resolve_conflicts(
    decisions: Decisions, request: Request, session: Session, principal: Insider, now: Now
) -> Response:
    """Decide many conflicts for one side. Each succeeds or fails for itself."""
    choice = Choice(principal.credential, Side(decisions.take))
    results = await resolve_all(session, decisions.ids, lambda _: choice, now=now)
    instance = f"/requests/{request.state.request_id}"
    told = [
        _told(conflict_id, result, instance=instance)
        for conflict_id, result in zip(decisions.ids, results, strict=True)
    ]
    return as_json({"results": told, "failed": sum("problem" in result for result in told)})


def _choice(decision: Decision, row: Row, *, by: str) -> Choice:
    """Return what was decided; a value must be one that such a record may have."""
    if decision.take is not None:
        return Choice(by, Side(decision.take))
    if row.field == DELETED:
        return Choice(by)
    kind = record_type(row.entity)
    try:
        said = STATED[row.entity].model_validate(_in_words(row.field, decision.value)).said()
    except ValidationError as error:
        found = [{**each, "loc": ("body", "value", *each["loc"][1:])} for each in error.errors()]
        raise InvalidRequest(errors=[*explained(found, {"value": decision.value})]) from None
    return Choice(by, value=kind.completed(kind.stated(said), {})[row.field])


def _in_words(name: str, value: Any) -> dict[str, Any]:
    """Return a field of a document in the words in which the CRM states it."""
    match name:
        case "when" if isinstance(value, dict):
            rule = {"rrule": value["rrule"]} if value.get("rrule") else None
            return {"start": value.get("start"), "end": value.get("end"), "recurrence": rule}
        case "reminder":
            return {"reminder_minutes": value.get("minutes") if isinstance(value, dict) else value}
        case "exceptions":
            detail = "Of exceptions one side's are taken: say whose by `take`."
            raise InvalidRequest(errors=[{"pointer": "/value", "detail": detail}])
        case _:
            return {name: value}


def _told(conflict_id: str, result: Result, *, instance: str) -> dict[str, Any]:
    if isinstance(result, Problem):
        problem = result.document(instance=instance)
        return {"id": conflict_id, "status": result.status.value, "problem": problem}
    return {"id": conflict_id, "status": 200}
