"""The feed: read in order, waited for, acknowledged."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from app import clock
from app.errors import CursorExpired
from app.problems import problems
from app.routers.answers import as_json
from app.routers.change_shapes import AckIn, AckResults
from app.routers.change_shapes import Changes as ChangesAnswer
from app.routers.deps import Now, Res, Session, WorkspaceId
from app.routers.feed_cursor import feed_cursor, position_of
from app.routers.shapes import matching
from app.sync.acks import Ack, acknowledge, acknowledge_up_to
from app.sync.changes import Changes, FeedPage
from app.sync.envelope import shown_change
from app.sync.inbound import Room
from app.sync.resources import Resources
from app.sync.waiting import waiting

router = APIRouter(prefix="/v1/changes", tags=["changes"])
ENTITY: Final = "contacts"
BREATH: Final = 5.0
TYPE = r"([a-z]+\.[a-z_]+|[a-z]+\.\*|\*)"
Types = Annotated[
    str,
    *matching(f"^{TYPE}(,{TYPE})*$", "Types are written as in contact.created,run.* with commas between."),
]


@dataclass(frozen=True, slots=True)
class Question:
    """What a reader asks of the feed."""

    workspace: str
    after: str | None
    limit: int
    types: Collection[str]
    connection: str | None


@router.get(
    "",
    operation_id="changes.list",
    summary="Read changes",
    response_model=ChangesAnswer,
    responses=problems(CursorExpired),
)
async def list_changes(
    resources: Res,
    workspace: WorkspaceId,
    request: Request,
    after: Annotated[
        str | None,
        Query(
            title="After", max_length=200, examples=["d3NfMDZhOjQy"],
            description="A cursor; `now` for what comes from now on; absent for the oldest that is kept.",
        ),
    ] = None,
    limit: Annotated[
        int, Query(title="Limit", ge=1, le=1000, description="The most changes to return.")
    ] = 100,
    wait: Annotated[
        int, Query(title="Wait", ge=0, le=25, description="Seconds to wait for a change if there is none.")
    ] = 0,
    types: Annotated[
        Types | None,
        Query(
            title="Types", max_length=500, examples=["contact.*,run.finished"],
            description="Only these types, with commas between; `*` stands for all of a kind.",
        ),
    ] = None,
    connection: Annotated[
        str | None,
        Query(
            title="Connection", max_length=64, examples=["con_06a2k3v9"],
            description="Only what came from this connection.",
        ),
    ] = None,
) -> Response:  # fmt: skip
    """Read the next changes in order. With `wait` the answer comes as soon as there is one."""
    question = Question(workspace, after, limit, types.split(",") if types else (), connection)
    page = await _asked(resources, question, wait=wait, request=request)
    return as_json(
        {
            "changes": [shown_change(change) for change in page.changes],
            "next_cursor": feed_cursor(workspace, page.position),
            "has_more": page.has_more,
        }
    )


async def _asked(resources: Resources, question: Question, *, wait: int, request: Request) -> FeedPage:
    """Look again until there is something or the time is over; between two looks nothing is held."""
    ends_at = time.monotonic() + wait
    page = await _look(resources, question, position=None)
    while not page.changes and (left := ends_at - time.monotonic()) > 0:
        await waiting(resources.db).beyond(question.workspace, page.position, seconds=min(left, BREATH))
        if await request.is_disconnected():
            break
        page = await _look(resources, question, position=page.position)
    return page


async def _look(resources: Resources, question: Question, *, position: int | None) -> FeedPage:
    async with resources.db.transaction(question.workspace) as session:
        changes = Changes(session)
        if position is None:
            position = await _start(changes, question)
        page = await changes.after(
            position, limit=question.limit, types=question.types, connection=question.connection
        )
        await changes.note_delivered([c.seq for c in page.changes if c.delivered_at is None], now=clock.now())
        return page


async def _start(changes: Changes, question: Question) -> int:
    """Return the place to read from. Raises CursorExpired where changes after it are gone."""
    if question.after == "now":
        return await changes.head()
    if question.after is None:
        return await changes.oldest(now=clock.now()) - 1
    position = position_of(question.after, workspace=question.workspace, parameter="after")
    if not await changes.reaches(position, now=clock.now()):
        raise CursorExpired
    return position


@router.post("/ack", operation_id="changes.ack", summary="Acknowledge changes", response_model=AckResults)
async def acknowledge_changes(
    body: AckIn, request: Request, session: Session, workspace: WorkspaceId, now: Now
) -> Response:
    """Say which changes the CRM has applied, what it calls new records, and what it won't have."""
    room = Room(session, ENTITY, now)
    if body.up_to is not None:
        await acknowledge_up_to(room, position_of(body.up_to, workspace=workspace, pointer="/up_to"))
        return as_json({"results": [], "failed": 0})
    items = body.changes or []
    acks = [Ack(item.id, item.crm_id, rejected=item.rejected is not None) for item in items]
    instance = f"/requests/{request.state.request_id}"
    results = [
        {"id": ack.id, "status": 200}
        if problem is None
        else {"id": ack.id, "status": problem.status.value, "problem": problem.document(instance=instance)}
        for ack, problem in zip(acks, await acknowledge(room, acks), strict=True)
    ]
    return as_json({"results": results, "failed": sum("problem" in result for result in results)})
