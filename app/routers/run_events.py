"""Watch a run as it happens, by server-sent events; a browser gets a token for that."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Header, status
from pydantic import Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from app import clock
from app.errors import RunNotFound
from app.problems import problems
from app.routers.authentication import EVENTS
from app.routers.deps import Now, Res, Session, WorkspaceId
from app.routers.runs import RunId, existing
from app.routers.shapes import Answer, Moment
from app.sync.routes import Routes
from app.sync.runs import shown
from app.sync.watching import Glimpse, watch

router = APIRouter(prefix="/v1/runs/{run_id}", tags=["runs"])
PING_SECONDS: Final = 15
GOOD_FOR: Final = timedelta(seconds=60)
EVENT: Final = (
    'id: 7\nevent: progress\ndata: {"id": "run_06a2k3v9", "status": "running", "phase": "push"}\n\n'
)


class EventsToken(Answer):
    """What opens the events of one run, once."""

    token: str | None = Field(
        title="Token",
        description="Goes into the address as `?token=`, once. A repeated request gets null.",
        examples=["jTgY5mW…"],
    )
    expires_at: Moment = Field(title="Expires", description="Until when it opens them: 60 seconds from now.")


@router.post(
    "/events-token",
    operation_id="runs.events_token",
    summary="Get a token to watch a run",
    status_code=status.HTTP_201_CREATED,
    responses=problems(RunNotFound),
)
async def create_events_token(
    session: Session, workspace: WorkspaceId, run_id: RunId, now: Now
) -> EventsToken:
    """Get what a browser's EventSource, which sends no header, opens the run's events with: once, in 60 s."""
    await existing(session, run_id)
    routes = Routes(session)
    await routes.sweep_out(workspace, now=now)
    token = routes.open(EVENTS, run_id, workspace=workspace, expires_at=now + GOOD_FOR)
    return EventsToken(token=token, expires_at=now + GOOD_FOR)


@router.get(
    "/events",
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
    await existing(session, run_id)
    glimpses = watch(resources.db, workspace, run_id, seen=int(last_event_id or 0))
    return EventSourceResponse(_events(glimpses), ping=PING_SECONDS)


async def _events(glimpses: AsyncIterator[Glimpse]) -> AsyncIterator[ServerSentEvent]:
    async for glimpse in glimpses:
        data = orjson.dumps(shown(glimpse.run, now=clock.now())).decode()
        yield ServerSentEvent(data, event="finished" if glimpse.last else "progress", id=str(glimpse.number))
