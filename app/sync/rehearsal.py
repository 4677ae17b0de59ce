"""Rehearse a choice of settings: the engine itself plays it through, and nothing of it remains.

The functions are those of the real run. They work on temporary copies of the rows that concern the connection
(``rehearsal_tables.py``), before a mailbox that is read but never written (``rehearsal_mailbox.py``), and
what they come to is taken down as the plan (``rehearsal_script.py``). Safe to repeat and to kill.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import Interruption, Problem, Refused, Throttled, Unavailable
from app.graph.protocol import GraphError
from app.models import Connection, Run
from app.states import state
from app.sync.asking import out_of_reach
from app.sync.collections import Collections
from app.sync.connections import Connections
from app.sync.plan import counted
from app.sync.plan_rows import PlanSteps
from app.sync.previews import TURN, PreviewEnded, Previews
from app.sync.rehearsal_mailbox import Kept
from app.sync.rehearsal_play import play
from app.sync.rehearsal_script import Script
from app.sync.rehearsal_tables import stage
from app.sync.resources import Resources
from app.sync.runs import Runs
from app.sync.standing import refused
from app.sync.workspaces import Workspaces

Json = dict[str, Any]
MOST_LOOKS: Final = 3
GIVEN_UP_AFTER: Final = timedelta(minutes=10)
AGAIN: Final = timedelta(seconds=15)
BROKEN_OFF: Final = "The preview broke off without a word each time it was begun, for ten minutes."
log = structlog.get_logger()


async def rehearse(resources: Resources, workspace: str, run_id: str) -> None:
    """Work out a preview's plan, once it is due, and end its run. Raises Interruption: to be tried again."""
    async with resources.db.transaction(workspace) as session:
        run = await Previews(session).begin(run_id, now=clock.now())
        if run is None:
            return
        connection = await Connections(session).get(run.connection_id)
        assert connection is not None  # noqa: S101  connections are never deleted
        problem = await _in_the_way(session, connection, run.entity) or _died_again_and_again(run)
    try:
        if problem is None:
            await _look(resources, run, connection)
    except PreviewEnded:
        log.info("preview.ended")
        async with resources.db.transaction(workspace) as session:
            await _clear_up(session, run)
    except Refused as refusal:
        await _fall(resources, run, refusal)
    except Problem as refusal:
        problem = state("choice-refused", since=clock.now(), detail=refusal.detail)
    except (Interruption, GraphError) as failure:
        problem = _given_up(run, failure, now=clock.now())
    if problem is not None:
        await _end(resources, run, status="failed", problem=problem)


async def _in_the_way(session: AsyncSession, connection: Connection, entity: str) -> Json | None:
    workspace = await Workspaces(session).get(session.info["workspace"])
    assert workspace is not None  # noqa: S101  the run is in it
    return out_of_reach(workspace, connection, entity, now=clock.now())


async def _look(resources: Resources, run: Run, connection: Connection) -> None:
    """Rehearse until the real sync leaves the collection alone meanwhile; what was read is read but once."""
    kept, looks = Kept(), 0
    while True:
        looks, as_of = looks + 1, clock.now()
        async with resources.db.transaction(run.workspace_id) as session:
            await PlanSteps(session).forget(run.id)
            epoch = await _epoch(session, run)
        async with stage(resources.settings.database_url, connection, run.entity) as scratch:
            script = Script(resources.db, scratch, run, connection)
            await play(resources, script, kept=kept, now=as_of)
        async with resources.db.transaction(run.workspace_id) as session:
            if looks == MOST_LOOKS or await _epoch(session, run) == epoch:
                break
    counts = counted(script.tally, pulled=script.pulled, conflicts=script.conflicts)
    counts["invitations"] = script.mailed
    preview = {**(run.preview or {}), "as_of": as_of.isoformat()}
    done = script.progress.done if script.progress else 0
    await _end(
        resources, run, status="succeeded", counts=counts, preview=preview, approval=script.question,
        done=done, total=done,
    )  # fmt: skip


async def _epoch(session: AsyncSession, run: Run) -> int | None:
    collection = await Collections(session).of(run.connection_id, run.entity)
    return None if collection is None else collection.epoch


def _died_again_and_again(run: Run) -> Json | None:
    """Return why a preview is given up that every worker broke off silently which began it, if they did."""
    lost = run.started_at is not None and run.started_at + GIVEN_UP_AFTER + TURN <= clock.now()
    return state("failing", since=run.created_at, detail=BROKEN_OFF) if lost else None


async def _clear_up(session: AsyncSession, run: Run) -> None:
    """Leave nothing of a plan that nobody is to see: its preview was cancelled, or has failed."""
    ended = await Runs(session).get(run.id)
    if ended is not None and ended.status != "succeeded":
        await PlanSteps(session).forget(run.id)


async def _end(resources: Resources, run: Run, *, status: str, **news: Any) -> None:
    async with resources.db.transaction(run.workspace_id) as session:
        await Previews(session).end(run.id, status=status, now=clock.now(), **news)
        await _clear_up(session, run)


async def _fall(resources: Resources, run: Run, refusal: Refused) -> None:
    """Fail until a person acts; where Microsoft refuses the connection, it is the connection's state too."""
    now = clock.now()
    await _end(
        resources, run, status="failed", problem=state(refusal.problem, since=now, detail=refusal.reason)
    )
    async with resources.db.transaction(run.workspace_id) as session:
        await refused(
            session, run.connection_id, refusal,
            microsoft=resources.tokens.microsoft, key_ring=resources.key_ring, now=now,
        )  # fmt: skip


def _given_up(run: Run, failure: Interruption | GraphError, *, now: datetime) -> Json:
    """Return why a rehearsal was given up, or raise Interruption while it is worth trying again."""
    again = failure if isinstance(failure, Interruption) else Unavailable(str(failure), after=AGAIN)
    if now + again.after < run.created_at + GIVEN_UP_AFTER:
        raise again
    slug = "throttled" if isinstance(failure, Throttled) else "microsoft-unavailable"
    return state(slug, since=run.created_at, detail=again.reason)
