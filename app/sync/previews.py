"""Previews: asked for, worked out by a rehearsal, looked at, and then chosen as they were seen."""

from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import ring
from app.errors import NoPlan, PreviewOutdated, RunNotFound
from app.models import Connection, Run, Workspace
from app.states import blocked_by
from app.sync.asking import out_of_reach
from app.sync.choosing import Shown, considered, patched
from app.sync.collections import Collections
from app.sync.plan_rows import KEPT, PlanSteps
from app.sync.policy import Direction
from app.sync.progress import Progress
from app.sync.runs import OPEN, Runs
from app.sync.settings import SyncSettings
from app.sync.timers import Timers
from app.sync.workspaces import Workspaces

Json = dict[str, Any]
KIND: Final = "preview"
TURN: Final = timedelta(seconds=60)
"""How long a worker may be silent before another one begins the rehearsal anew."""


class PreviewEnded(Exception):  # noqa: N818  named after what happened
    """The run was cancelled, or another worker has ended it: nobody waits for this rehearsal."""


class Previews:
    """The runs of the transaction's workspace that are previews."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def open_with(self, connection_id: str, entity: str, patch: Json) -> Run | None:
        """Return the preview of this very choice that has not ended yet, if there is one."""
        query = select(Run).where(
            Run.workspace_id == self.workspace,
            Run.connection_id == connection_id,
            Run.entity == entity,
            Run.trigger == KIND,
            Run.status.in_(OPEN),
        )
        runs = (await self.session.scalars(query.order_by(Run.id))).all()
        return next((run for run in runs if run.preview and run.preview["patch"] == patch), None)

    async def begin(self, run_id: str, *, now: datetime) -> Run | None:
        """Take the turn at a preview that is due; whatever of its plan is there was left by a dead worker."""
        if not await Timers(self.session).claim(KIND, run_id, now=now, until=now + TURN):
            return None
        began = func.coalesce(Run.started_at, now)
        run = await Runs(self.session).begin(run_id, phase="pull", started_at=began, now=now)
        if run is None:
            await Timers(self.session).clear(KIND, run_id)
        return run

    async def goes_on(self, run_id: str, progress: Progress | None, *, now: datetime) -> None:
        """Say how far it is, and keep the turn. Raises PreviewEnded."""
        news: Json = {"updated_at": now}
        if progress is not None:
            phase = "plan" if progress.phase == "push" else progress.phase
            news |= {"phase": phase, "done": progress.done, "total": progress.total}
        if not await self._move(run_id, **news):
            raise PreviewEnded
        await Timers(self.session).set(KIND, run_id, now + TURN)

    async def end(self, run_id: str, *, status: str, now: datetime, **news: Any) -> None:
        """End the run, unless it has ended."""
        await self._move(run_id, status=status, phase=None, finished_at=now, updated_at=now, **news)
        await Timers(self.session).clear(KIND, run_id)

    async def _move(self, run_id: str, **values: Any) -> bool:
        query = (
            update(Run)
            .where(Run.workspace_id == self.workspace, Run.id == run_id, Run.status.in_(OPEN))
            .values(**values)
            .returning(Run.id)
        )
        return (await self.session.scalars(query)).one_or_none() is not None


async def ask_for_preview(
    session: AsyncSession, connection: Connection, entity: str, patch: Json, *, now: datetime
) -> Run:
    """Queue a preview of a choice, if it could be made and Microsoft may be asked; refuse as PATCH would."""
    workspace = await _workspace(session)
    problem = out_of_reach(workspace, connection, entity, now=now)
    if problem is not None:
        raise blocked_by(problem)
    choice = await considered(session, connection, entity, patch, now=now)
    waiting = await Previews(session).open_with(connection.id, entity, patch)
    if waiting is not None:
        return waiting
    seen: Json = {"patch": patch, "before": _comparable(choice.before.settings)}
    run = Runs(session).add(
        connection_id=connection.id, collection_id="", entity=entity, trigger=KIND, direction="both",
        full=False, status="queued", preview=seen, now=now,
    )  # fmt: skip
    await session.flush()
    await Timers(session).set(KIND, run.id, now)
    ring(session, KIND, workspace=workspace.id, target=run.id, bulk=True)
    return run


async def planned(session: AsyncSession, run_id: str, *, now: datetime) -> Run:
    """Return a run whose plan can be read; that of a run which is no preview has no steps."""
    run = await Runs(session).get(run_id)
    if run is None:
        raise RunNotFound
    if run.trigger != KIND:
        return run
    if run.status != "succeeded" or run.finished_at is None:
        raise NoPlan(f"This preview is {run.status}.")
    if run.finished_at + KEPT <= now:
        raise NoPlan("It was kept for 7 days.")
    return run


async def require_previewed(
    session: AsyncSession, connection: Connection, entity: str, patch: Json, *, run_id: str, now: datetime
) -> Run:
    """Return the preview that showed what this patch will do. Raises PreviewOutdated."""
    run = await Runs(session).get(run_id)
    if run is None or run.trigger != KIND or (run.connection_id, run.entity) != (connection.id, entity):
        raise PreviewOutdated("`previewed` is not the run of a preview of these settings.")
    seen = run.preview or {}
    choice = await considered(session, connection, entity, patch, now=now)
    if run.status != "succeeded" or run.finished_at is None:
        raise PreviewOutdated(f"This preview is {run.status}: there is no plan to approve.")
    if run.finished_at + KEPT <= now:
        raise PreviewOutdated("Plans are kept for 7 days.")
    if seen["patch"] != patch:
        raise PreviewOutdated("Another choice was previewed than this one.")
    if seen["before"] != _comparable(choice.before.settings):
        raise PreviewOutdated("The settings have changed since the preview.")
    sends = Direction(choice.after.settings.direction).sends
    if sends and await PlanSteps(session).outgrown(
        run.id, connection_id=connection.id, user=connection.user, entity=entity,
        shows=choice.after.settings.shows, since=datetime.fromisoformat(seen["as_of"]),
    ):  # fmt: skip
        raise PreviewOutdated("Records that the plan does not name were written since.")
    return run


async def chosen_as_seen(
    session: AsyncSession,
    connection: Connection,
    entity: str,
    patch: Json,
    *,
    previewed: str | None,
    now: datetime,
) -> Shown:
    """Choose what the patch mentions; as many writes as its preview counted are approved."""
    if previewed is None:
        return await patched(session, connection, entity, patch, now=now)
    run = await require_previewed(session, connection, entity, patch, run_id=previewed, now=now)
    shown = await patched(session, connection, entity, patch, now=now)
    approved = {"run": run.id, "at": now.isoformat(), "counts": _shown(run)}
    await Collections(session).approve(connection.id, entity, approved)
    return shown


async def _workspace(session: AsyncSession) -> Workspace:
    workspace = await Workspaces(session).get(session.info["workspace"])
    assert workspace is not None  # noqa: S101  its key was just accepted
    return workspace


def _comparable(settings: SyncSettings) -> Json:
    """Return settings as JSON would give them back."""
    given: Json = orjson.loads(orjson.dumps(settings))
    return given


def _shown(run: Run) -> dict[str, Any]:
    """Return how many of each a preview has shown: as would happen, or as it said would be asked about.

    Quirk: the breaker counts a deletion before it finds that the item isn't there any more.
    """
    would = (run.approval or {}).get("would", {})
    ways = {
        way: {verb: max(number, would.get(way, {}).get(verb, 0)) for verb, number in run.counts[way].items()}
        for way in ("to_crm", "to_microsoft")
    }
    return {**run.counts, **ways}
