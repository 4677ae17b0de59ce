"""Previews: see what a choice of settings would do before it is made, step by step."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from pydantic import ConfigDict, Field

from app.errors import (
    Blocked,
    ConnectionEnded,
    ConnectionNotFound,
    EntityDisabled,
    EntityUnknown,
    NoPlan,
    PermissionMissing,
    RunNotFound,
    SettingLocked,
)
from app.problems import problems
from app.routers.bodies import read
from app.routers.deps import Now, Page, Session, wrong_cursor
from app.routers.entity_shapes import SHAPES, any_of
from app.routers.run_shapes import RunAnswer
from app.routers.runs import RunId
from app.routers.settings import ConnectionInPath, EntityInPath
from app.routers.shapes import Answer, Listing
from app.sync.choosing import to_be_chosen_for
from app.sync.plan_rows import PlanSteps
from app.sync.previews import ask_for_preview, planned
from app.sync.runs import shown

router = APIRouter()
STEP = Literal["create", "update", "delete", "link", "unlink", "review", "skip"]
SIDE = Literal["crm", "microsoft"]
LAST_PLACE = 2**31 - 1


class Move(Answer):
    """A field that would get another value."""

    field: str = Field(title="Field", description="The field's name.", examples=["job_title"])
    was: Any = Field(alias="from", title="From", description="Its value until then.", examples=["Engineer"])
    to: Any = Field(title="To", description="Its value from then on.", examples=["Rear admiral"])


class StepAnswer(Answer):
    """One thing that would happen."""

    step: STEP = Field(
        title="Step",
        description="What would happen. `link` and `unlink` begin and end keeping a record and an item in"
        " agreement, `review` waits for somebody's decision, and `skip` leaves that side as it is: every"
        " contact of the user that would not be in the mailbox has a step that says why.",
        examples=["create"],
    )
    side: SIDE = Field(title="Side", description="Where it would happen.", examples=["microsoft"])
    crm_id: str | None = Field(
        title="CRM id", description="The record, as the CRM knows it.", examples=["c-1001"]
    )
    record_id: str | None = Field(
        title="Record", description="The record; null where there is only an item.", examples=["rec_06a2k3v9"]
    )
    title: str | None = Field(title="Title", description="Its name, for a person.", examples=["Ada Lovelace"])
    fields: list[Move] = Field(title="Fields", description="What would change of it.")
    because: str = Field(
        title="Because", description="Why: one of the codes of `GET /reasons`.", examples=["in_scope"]
    )
    mails: list[str] = Field(
        title="Mails", description="Whom Exchange would send a mail because of it.", examples=[[]]
    )


class Total(Answer):
    """How many steps of one kind there are for one reason."""

    step: STEP = Field(title="Step", description="What would happen.", examples=["unlink"])
    side: SIDE = Field(title="Side", description="Where it would happen.", examples=["microsoft"])
    because: str = Field(
        title="Because",
        description="Why: one of the codes of `GET /reasons`.",
        examples=["class_not_selected"],
    )
    steps: int = Field(title="Steps", description="How many of them the plan has.", examples=[312])


class PlanAnswer(Listing[StepAnswer]):
    """One page of a plan."""

    model_config = ConfigDict(json_schema_extra={"description": "One page of a plan."})

    totals: list[Total] = Field(
        title="Totals", description="The whole plan in figures, whatever this page shows of it."
    )


@router.post(
    "/v1/connections/{connection_id}/settings/{entity}/preview",
    operation_id="settings.preview",
    summary="Preview a change of settings",
    tags=["settings"],
    status_code=202,
    responses=problems(
        ConnectionNotFound, EntityUnknown, SettingLocked, EntityDisabled, PermissionMissing, ConnectionEnded,
        Blocked,
    ),
    openapi_extra=any_of("patch", required=False),
)  # fmt: skip
async def preview_settings(
    connection_id: ConnectionInPath,
    entity: EntityInPath,
    session: Session,
    now: Now,
    patch: Annotated[Any, Body()] = None,
) -> RunAnswer:
    """Work out what this change would do, and do nothing: Microsoft is read, nothing is written anywhere.

    Watch the run; once it has succeeded, its counts are those of the plan. An empty change shows what "sync
    now" would do.
    """
    connection = await to_be_chosen_for(session, connection_id)
    said = read(SHAPES[entity].patch, patch) if patch is not None else {}
    run = await ask_for_preview(session, connection, entity, said, now=now)
    return RunAnswer.model_validate(shown(run, now=now))


@router.get(
    "/v1/runs/{run_id}/plan",
    operation_id="runs.plan",
    summary="Read a preview's plan",
    tags=["runs"],
    responses=problems(RunNotFound, NoPlan),
)
async def read_plan(
    session: Session,
    run_id: RunId,
    page: Page,
    now: Now,
    step: Annotated[STEP | None, Query(title="Step", description="Only steps of this kind.")] = None,
    side: Annotated[SIDE | None, Query(title="Side", description="Only steps on this side.")] = None,
) -> PlanAnswer:
    """List what would happen, in that order, and count it all.

    A plan is there once its preview has succeeded, for 7 days.
    """
    after = page.after or 0
    if not isinstance(after, int) or not 0 <= after <= LAST_PLACE:
        raise wrong_cursor()
    run = await planned(session, run_id, now=now)
    rows = await PlanSteps(session).page(run.id, step=step, side=side, after=after, limit=page.limit + 1)
    cut, cursor = page.cut(rows, key=lambda row: row.place)
    totals = [Total.model_validate(row) for row in await PlanSteps(session).totals(run.id)]
    steps = [StepAnswer.model_validate(row) for row in cut]
    return PlanAnswer(data=steps, next_cursor=cursor, totals=totals)
