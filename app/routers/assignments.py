"""Assignments: whether a user may give events to another."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, ConfigDict, Field

from app.errors import Interruption
from app.routers.deps import Now, Res, WorkspaceId
from app.routers.record_shapes import Word
from app.routers.shapes import Answer, Body, unique
from app.sync.assignments import Assignment, Ruling, judge

router = APIRouter(prefix="/v1/assignments", tags=["assignments"])


class AssignmentsIn(Body):
    """Who would assign to whom."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"assigner": "agent-3", "assignees": ["agent-7"]}]}
    )

    assigner: Word = Field(title="Assigner", description="The user who assigns.", examples=["agent-3"])
    assignees: Annotated[list[Word], AfterValidator(unique)] = Field(
        min_length=1,
        max_length=50,
        title="Assignees",
        description="The users whom it is to be assigned to.",
        examples=[["agent-7"]],
        json_schema_extra={"uniqueItems": True},
    )


class AssignmentAnswer(Answer):
    """Whether one of them may be assigned to."""

    assignee: str = Field(title="Assignee", description="The user.", examples=["agent-7"])
    allowed: bool = Field(title="Allowed", description="Whether it may be assigned.", examples=[False])
    reason: Ruling = Field(
        title="Reason",
        description="`same_user`: everybody assigns to themselves. `edit_rights`: the assigner may edit the"
        " calendar. `assignee_not_connected`: there is no calendar to edit. Refused: `no_connection`: the"
        " assigner has none. `no_edit_rights`: the calendar isn't shared with the assigner, or not for"
        " editing. `rights_unknown`: the assignee's connection can't be read before somebody acts.",
        examples=["no_edit_rights"],
    )
    detail: str = Field(
        title="Detail", description="The same as a sentence for a person.",
        examples=["agent-3 may not edit the calendar of agent-7."],
    )  # fmt: skip


class AssignmentsAnswer(Answer):
    """One answer for each assignee, in the order asked."""

    data: list[AssignmentAnswer] = Field(title="Answers", description="One for each assignee.")


@router.post("/check", operation_id="assignments.check", summary="Check assignments")
async def check_assignments(
    body: AssignmentsIn, resources: Res, workspace: WorkspaceId, now: Now
) -> AssignmentsAnswer:
    """Say whether a user may assign events to others: the right to edit their calendars decides.

    Microsoft is asked with the assignee's own connection; a yes is believed for 5 minutes.
    """
    wanted = [Assignment(body.assigner, assignee) for assignee in body.assignees]
    judged = await judge(resources, workspace, wanted, now=now)
    told = []
    for each in wanted:
        ruling = judged[each]
        if isinstance(ruling, Interruption):
            raise ruling
        told.append(AssignmentAnswer.model_validate(ruling.document()))
    return AssignmentsAnswer(data=told)
