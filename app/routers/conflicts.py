"""Fields that both sides changed."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.routers.answers import as_json
from app.routers.contact_shapes import CrmId
from app.routers.deps import OnlyUser, Page, Session
from app.routers.shapes import Answer, EntityName, Listing, Moment
from app.sync.conflict_rows import Conflicts, shown_conflict

router = APIRouter(prefix="/v1/conflicts", tags=["conflicts"])


class Other(Answer):
    """What another mailbox had."""

    connection: str | None = Field(
        title="Connection", description="The other mailbox's connection.", examples=["con_06a2k3v8"]
    )
    value: Any = Field(title="Value", description="What its user gave the field.", examples=["Admiral"])


class Conflict(Answer):
    """One field that two sides gave different values. Both are kept here."""

    id: str = Field(title="Id", description="The conflict's id.", examples=["cfl_06a2k3v9"])
    status: Literal["open", "resolved", "obsolete"] = Field(
        title="Status", description="Whether it still waits for a decision.", examples=["resolved"]
    )
    connection: str | None = Field(
        title="Connection", description="The mailbox on the other side.", examples=["con_06a2k3v9"]
    )
    crm_id: str | None = Field(title="CRM id", description="The record's id in the CRM.", examples=["c-1001"])
    record_id: str = Field(title="Record id", description="Concord's own id.", examples=["rec_06a2k3v9"])
    entity: str = Field(title="Entity", description="What kind of record it is.", examples=["contacts"])
    field: str = Field(title="Field", description="The field in question.", examples=["job_title"])
    base: Any = Field(title="Base", description="What both had before.", examples=["Engineer"])
    crm: Any = Field(title="CRM", description="What the CRM gave it.", examples=["Programmer"])
    microsoft: Any = Field(
        title="Microsoft", description="What the mailbox's user gave it.", examples=["Poet"]
    )
    other: Other | None = Field(
        title="Other", description="Where two mailboxes disagree: the other one.", examples=[None]
    )
    kept: Literal["crm", "microsoft", "neither"] = Field(
        title="Kept", description="Whose value stands in the record.", examples=["crm"]
    )
    reason: str = Field(title="Reason", description="What kind of conflict it is.", examples=["both_edited"])
    opened_at: Moment = Field(title="Opened", description="When both values were known.")
    resolved_at: Moment | None = Field(title="Resolved", description="When it was closed.", examples=[None])
    resolved_by: str | None = Field(title="Resolved by", description="What closed it.", examples=["policy"])


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
