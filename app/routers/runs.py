"""Runs: ask for a sync, watch it, look back at it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from app.errors import Blocked, ConnectionNotFound, NotAwaitingApproval, RecordGone, RunEnded, RunNotFound
from app.models import Connection, Run
from app.problems import problems
from app.routers.deps import Now, OnlyUser, Page, Session
from app.routers.run_shapes import STATUS, TRIGGER, Decide, NotRun, RunAnswer, Started, SyncMany, SyncOne
from app.routers.shapes import EntityName, Listing, Moment
from app.states import blocked_by
from app.sync.approvals import decide_on
from app.sync.asking import ask
from app.sync.collections import Collections
from app.sync.connections import Connections
from app.sync.restoring import ask_to_restore
from app.sync.runs import Filter, Runs, shown

router = APIRouter(tags=["runs"])

ConnectionId = Annotated[
    str,
    Path(title="Connection", max_length=64, description="The connection's id.", examples=["con_06a2k3v9"]),
]
RunId = Annotated[
    str, Path(title="Run", max_length=64, description="The run's id.", examples=["run_06a2k3v9"])
]
Entity = Annotated[EntityName, Path(title="Entity", description="What to sync.", examples=["contacts"])]


async def _connection(session: Session, connection_id: ConnectionId) -> Connection:
    found = await Connections(session).get(connection_id)
    if found is None:
        raise ConnectionNotFound
    return found


async def existing(session: Session, run_id: str) -> Run:
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
    return RunAnswer.model_validate(shown(await existing(session, run_id), now=now))


@router.post(
    "/v1/runs/{run_id}/cancel",
    operation_id="runs.cancel",
    summary="Cancel a run",
    responses=problems(RunNotFound, RunEnded),
)
async def cancel_run(session: Session, run_id: RunId, now: Now) -> RunAnswer:
    """End a run. What it did stays; what is still owed is written as ever, unless the sync is paused.

    Of one that awaits approval nothing is done, and each side keeps what it has.
    """
    run = await existing(session, run_id)
    if not await Runs(session).cancel(run, now=now):
        raise RunEnded
    if run.approval is not None:
        Collections(session).ring([run.collection_id], now=now)
    return RunAnswer.model_validate(shown(await existing(session, run_id), now=now))


@router.post(
    "/v1/runs/{run_id}/approve",
    operation_id="runs.approve",
    summary="Decide on what waits for approval",
    responses=problems(RunNotFound, NotAwaitingApproval),
)
async def approve_run(session: Session, run_id: RunId, now: Now, body: Decide | None = None) -> RunAnswer:
    """Say what is to become of what was too much to do unasked. The run goes on and does just that."""
    run = await existing(session, run_id)
    await decide_on(session, run, (body or Decide()).decision, now=now)
    return RunAnswer.model_validate(shown(run, now=now))


@router.post(
    "/v1/runs/{run_id}/restore",
    operation_id="runs.restore",
    summary="Restore what a run deleted",
    status_code=202,
    responses=problems(RunNotFound, RecordGone, Blocked),
)
async def restore_run(session: Session, run_id: RunId, now: Now) -> RunAnswer:
    """Bring back, on both sides, what a run deleted within the last 30 days."""
    asked = await ask_to_restore(session, await existing(session, run_id), now=now)
    await session.flush()
    return RunAnswer.model_validate(shown(asked, now=now))
