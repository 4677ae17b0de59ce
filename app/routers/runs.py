"""Runs: ask for a sync, watch it, look back at it."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Header, Path, Query
from pydantic import Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from app import clock
from app.errors import Blocked, ConnectionNotFound, RunEnded, RunNotFound
from app.models import Connection, Run
from app.problems import problems
from app.routers.deps import Now, OnlyUser, Page, Res, Session, WorkspaceId
from app.routers.shapes import Answer, Body, EntityName, Listing, Moment
from app.states import blocked_by
from app.sync.asking import ask
from app.sync.connections import Connections
from app.sync.runs import Filter, Runs, shown
from app.sync.watching import Glimpse, watch

router = APIRouter(tags=["runs"])
DIRECTION = Literal["both", "to_microsoft", "to_crm"]
STATUS = Literal["queued", "running", "awaiting_approval", "succeeded", "failed", "cancelled"]
TRIGGER = Literal[
    "manual", "initial", "notification", "schedule", "crm", "settings", "reconnect", "restore", "retry",
    "audit", "preview",
]  # fmt: skip
PING_SECONDS = 15
EVENT = 'id: 7\nevent: progress\ndata: {"id": "run_06a2k3v9", "status": "running", "phase": "push"}\n\n'

ConnectionId = Annotated[
    str,
    Path(title="Connection", max_length=64, description="The connection's id.", examples=["con_06a2k3v9"]),
]
RunId = Annotated[
    str, Path(title="Run", max_length=64, description="The run's id.", examples=["run_06a2k3v9"])
]
Entity = Annotated[EntityName, Path(title="Entity", description="What to sync.", examples=["contacts"])]


class Written(Answer):
    """How many were written on one side."""

    created: int = Field(title="Created", description="Made.", examples=[3])
    updated: int = Field(title="Updated", description="Changed.", examples=[12])
    deleted: int = Field(title="Deleted", description="Deleted.", examples=[0])


class Counts(Answer):
    """What a run did, counted as it happened."""

    pulled: int = Field(title="Pulled", description="Items read from Microsoft.", examples=[480])
    linked: int = Field(
        title="Linked", description="Records and items recognised as the same.", examples=[12]
    )
    to_crm: Written = Field(title="To the CRM", description="Records moved because of Microsoft.")
    to_microsoft: Written = Field(title="To Microsoft", description="Items written in Microsoft.")
    invitations: int = Field(title="Invitations", description="Invitations mailed.", examples=[0])
    conflicts: int = Field(title="Conflicts", description="Fields that both sides had changed.", examples=[1])
    in_review: int = Field(
        title="In review", description="Items that wait for a person's decision.", examples=[0]
    )
    parked: int = Field(title="Parked", description="Records that Microsoft refused.", examples=[0])


class Progress(Answer):
    """How far a run has come."""

    done: int = Field(title="Done", description="Items and records dealt with.", examples=[120])
    total: int | None = Field(title="Total", description="How many there are, once known.", examples=[480])
    rate_per_second: float | None = Field(
        title="Rate", description="Done per second so far.", examples=[31.2]
    )
    seconds_left: int | None = Field(title="Seconds left", description="At that rate.", examples=[12])


class RunAnswer(Answer):
    """One sync of one entity of one connection."""

    id: str = Field(title="Id", description="The run's id.", examples=["run_06a2k3v9"])
    connection: str = Field(title="Connection", description="Whose sync it is.", examples=["con_06a2k3v9"])
    entity: EntityName = Field(title="Entity", description="What is synced.", examples=["contacts"])
    trigger: TRIGGER = Field(title="Trigger", description="What it was begun by.", examples=["manual"])
    direction: DIRECTION = Field(title="Direction", description="Which way it goes.", examples=["both"])
    full: bool = Field(title="Full", description="Compares everything, not only changes.", examples=[False])
    status: STATUS = Field(title="Status", description="How it stands.", examples=["running"])
    phase: Literal["pull", "match", "plan", "push"] | None = Field(
        title="Phase", description="What it is doing; null before and after.", examples=["push"]
    )
    progress: Progress = Field(title="Progress", description="How far it has come.")
    counts: Counts = Field(title="Counts", description="What it has done so far.")
    approval: dict[str, Any] | None = Field(
        title="Approval", description="What waits for somebody's decision, if anything.", examples=[None]
    )
    problem: dict[str, Any] | None = Field(
        title="Problem", description="Why it failed, with the cure.", examples=[None]
    )
    created_at: Moment = Field(title="Created", description="When it was asked for.")
    started_at: Moment | None = Field(title="Started", description="When it began.", examples=[None])
    finished_at: Moment | None = Field(title="Finished", description="When it ended.", examples=[None])


class SyncOne(Body):
    """What to do, and which way; without a body everything that changed, both ways."""

    direction: DIRECTION = Field(
        default="both",
        title="Direction",
        description="One way only moves nothing the other way.",
        examples=["both"],
    )
    full: bool = Field(
        default=False,
        title="Full",
        description="Compare everything instead of only what changed. Deletes nothing unverified.",
        examples=[False],
    )


class SyncMany(SyncOne):
    """Which entities to sync, and which way."""

    entities: list[EntityName] | None = Field(
        default=None,
        min_length=1,
        max_length=5,
        title="Entities",
        description="What to sync; without it everything that is switched on.",
        examples=[["contacts"]],
    )


class NotRun(Answer):
    """An entity that could not run, and why."""

    entity: EntityName = Field(title="Entity", description="What was not synced.", examples=["tasks"])
    problem: dict[str, Any] = Field(
        title="Problem",
        description="What stands in the way, with its cure.",
        examples=[{"type": "/problems/sync-disabled"}],
    )


class Started(Answer):
    """What was queued and what was not."""

    runs: list[RunAnswer] = Field(title="Runs", description="The runs that were queued.")
    skipped: list[NotRun] = Field(title="Skipped", description="What could not run, and why.")


async def _connection(session: Session, connection_id: ConnectionId) -> Connection:
    found = await Connections(session).get(connection_id)
    if found is None:
        raise ConnectionNotFound
    return found


async def _run(session: Session, run_id: str) -> Run:
    found = await Runs(session).get(run_id)
    if found is None:
        raise RunNotFound
    return found


@router.post(
    "/v1/connections/{connection_id}/sync",
    operation_id="connections.sync",
    summary="Sync a connection now",
    status_code=202,
    responses=problems(ConnectionNotFound, Blocked),
)
async def sync_connection(
    session: Session, connection_id: ConnectionId, now: Now, body: SyncMany | None = None
) -> Started:
    """Sync several entities now. What can't run is listed with its cure; 409 only when nothing can."""
    wanted = body or SyncMany()
    connection = await _connection(session, connection_id)
    entities = wanted.entities or connection.requested
    runs, skipped = await ask(
        session, connection, entities, direction=wanted.direction, full=wanted.full, now=now
    )
    if not runs and skipped:
        raise blocked_by(skipped[0].problem)
    await session.flush()
    return Started.model_validate(
        {
            "runs": [shown(run, now=now) for run in runs],
            "skipped": [NotRun.model_validate(s) for s in skipped],
        }
    )


@router.post(
    "/v1/connections/{connection_id}/sync/{entity}",
    operation_id="connections.sync_entity",
    summary="Sync one entity now",
    status_code=202,
    responses=problems(ConnectionNotFound, Blocked),
)
async def sync_entity(
    session: Session, connection_id: ConnectionId, entity: Entity, now: Now, body: SyncOne | None = None
) -> RunAnswer:
    """Sync one entity now. Pressing twice queues nothing twice: the queued run is returned."""
    wanted = body or SyncOne()
    connection = await _connection(session, connection_id)
    runs, skipped = await ask(
        session, connection, [entity], direction=wanted.direction, full=wanted.full, now=now
    )
    if skipped:
        raise blocked_by(skipped[0].problem)
    await session.flush()
    return RunAnswer.model_validate(shown(runs[0], now=now))


async def wanted(
    only: OnlyUser,
    connection: Annotated[
        str | None, Query(title="Connection", description="Only of this one.", max_length=64)
    ] = None,
    entity: Annotated[EntityName | None, Query(title="Entity", description="Only of this entity.")] = None,
    status: Annotated[STATUS | None, Query(title="Status", description="Only in this status.")] = None,
    trigger: Annotated[TRIGGER | None, Query(title="Trigger", description="Only begun by this.")] = None,
    since: Annotated[Moment | None, Query(title="Since", description="Only asked for since then.")] = None,
) -> Filter:
    """Read which runs are meant."""
    return Filter(connection, entity, status, trigger, since, only_user=only)


@router.get("/v1/runs", operation_id="runs.list", summary="List runs")
async def list_runs(
    session: Session, page: Page, now: Now, only: Annotated[Filter, Depends(wanted)]
) -> Listing[RunAnswer]:
    """List runs, the newest first."""
    rows = await Runs(session).page(only, before=page.after, limit=page.limit + 1)
    cut, cursor = page.cut(rows, key=lambda run: run.id)
    return Listing[RunAnswer](
        data=[RunAnswer.model_validate(shown(run, now=now)) for run in cut], next_cursor=cursor
    )


@router.get(
    "/v1/runs/{run_id}", operation_id="runs.get", summary="Get a run", responses=problems(RunNotFound)
)
async def get_run(session: Session, run_id: RunId, now: Now) -> RunAnswer:
    """Say how far a run has come and what it has done."""
    return RunAnswer.model_validate(shown(await _run(session, run_id), now=now))


@router.post(
    "/v1/runs/{run_id}/cancel",
    operation_id="runs.cancel",
    summary="Cancel a run",
    responses=problems(RunNotFound, RunEnded),
)
async def cancel_run(session: Session, run_id: RunId, now: Now) -> RunAnswer:
    """End a run. What it did stays; what is still owed is written as ever, unless the sync is paused."""
    run = await _run(session, run_id)
    if not await Runs(session).cancel(run, now=now):
        raise RunEnded
    return RunAnswer.model_validate(shown(await _run(session, run_id), now=now))


@router.get(
    "/v1/runs/{run_id}/events",
    operation_id="runs.events",
    summary="Watch a run",
    response_class=EventSourceResponse,
    responses={
        200: {"content": {"text/event-stream": {"example": EVENT}}, "description": "Events, as they happen."},
        **problems(RunNotFound),
    },
)
async def watch_run(
    session: Session,
    resources: Res,
    workspace: WorkspaceId,
    run_id: RunId,
    last_event_id: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            title="Last-Event-ID",
            max_length=20,
            pattern=r"^\d*$",
            description="The last event seen: nothing that was said before it is repeated.",
        ),
    ] = None,
) -> EventSourceResponse:
    """Follow a run by server-sent events: `progress` whenever it moved, and `finished` at its end."""
    await _run(session, run_id)
    glimpses = watch(resources.db, workspace, run_id, seen=int(last_event_id or 0))
    return EventSourceResponse(_events(glimpses), ping=PING_SECONDS)


async def _events(glimpses: AsyncIterator[Glimpse]) -> AsyncIterator[ServerSentEvent]:
    async for glimpse in glimpses:
        data = orjson.dumps(shown(glimpse.run, now=clock.now())).decode()
        yield ServerSentEvent(data, event="finished" if glimpse.last else "progress", id=str(glimpse.number))
