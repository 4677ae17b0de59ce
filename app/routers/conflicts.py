"""Fields that both sides changed, and who decides on them."""

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from app.errors import ConflictClosed, ConflictNotFound, InvalidRequest, Problem
from app.models import Conflict as Row
from app.models import Record
from app.problems import problems
from app.routers.answers import as_json
from app.routers.conflict_shapes import Conflict, Decision, DecisionResults, Decisions
from app.routers.conflict_values import decided_value
from app.routers.deps import Insider, Now, OnlyUser, Page, Session
from app.routers.record_shapes import CrmId
from app.routers.shapes import EntityName, Listing
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
    return as_json({"data": [shown_conflict(row, about) for row, about in found], "next_cursor": cursor})


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
    return as_json(shown_conflict(*await resolve(session, conflict_id, choose, now=now)))


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
    results = await resolve_all(session, decisions.ids, lambda *_: choice, now=now)
    instance = f"/requests/{request.state.request_id}"
    told = [
        _told(conflict_id, result, instance=instance)
        for conflict_id, result in zip(decisions.ids, results, strict=True)
    ]
    return as_json({"results": told, "failed": sum("problem" in result for result in told)})


@router.get(
    "/{conflict_id}",
    operation_id="conflicts.get",
    summary="Read a conflict",
    response_model=Conflict,
    responses=problems(ConflictNotFound),
)
async def get_conflict(conflict_id: InPath, session: Session) -> Response:
    """Read one conflict, open or closed, with the values that both sides gave the field."""
    found = await Conflicts(session).get(conflict_id)
    if found is None:
        raise ConflictNotFound(f"There is no conflict {conflict_id}.")
    return as_json(shown_conflict(*found))


def _choice(decision: Decision, row: Row, record: Record, *, by: str) -> Choice:
    if decision.take is not None:
        return Choice(by, Side(decision.take))
    return (
        Choice(by) if row.field == DELETED else Choice(by, value=decided_value(row, record, decision.value))
    )


def _told(conflict_id: str, result: Result, *, instance: str) -> dict[str, Any]:
    if isinstance(result, Problem):
        problem = result.document(instance=instance)
        return {"id": conflict_id, "status": result.status.value, "problem": problem}
    return {"id": conflict_id, "status": 200}
