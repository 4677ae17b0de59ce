"""Runs: what one sync has done so far, counted as it happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.ids import new_id
from app.models import Run
from app.sync.feed import News, announce
from app.sync.ownership import of_user

COUNTS: Final[Mapping[str, Any]] = {
    "pulled": 0,
    "linked": 0,
    "to_crm": {"created": 0, "updated": 0, "deleted": 0},
    "to_microsoft": {"created": 0, "updated": 0, "deleted": 0},
    "invitations": 0,
    "conflicts": 0,
    "in_review": 0,
    "parked": 0,
}
OPEN = ("queued", "running")
AWAITING = "awaiting_approval"
ASKED_FOR = frozenset({"manual", "initial", "settings", "reconnect", "restore", "retry"})


def no_counts() -> dict[str, Any]:
    """Return fresh counts, all zero."""
    return {key: dict(value) if isinstance(value, dict) else value for key, value in COUNTS.items()}


def covers(run: Run, *, direction: str, full: bool) -> bool:
    """Say whether a run that has not begun will do all that another would."""
    ordinary = run.approval is None and run.subject is None
    return (
        ordinary
        and run.status == "queued"
        and run.direction in (direction, "both")
        and (run.full or not full)
    )


def shown(run: Run, *, now: datetime) -> dict[str, Any]:
    """Return the run as the API shows it (``api.md`` §7)."""
    began = run.started_at
    seconds = ((run.finished_at or now) - began).total_seconds() if began else 0.0
    rate = run.done / seconds if seconds > 0 and run.done else None
    left = (run.total - run.done) / rate if rate and run.total is not None and not run.finished_at else None
    return {
        "id": run.id,
        "connection": run.connection_id,
        "entity": run.entity,
        "trigger": run.trigger,
        "direction": run.direction,
        "full": run.full,
        "status": run.status,
        "phase": run.phase,
        "progress": {
            "done": run.done,
            "total": run.total,
            "rate_per_second": None if rate is None else round(rate, 1),
            "seconds_left": None if left is None else max(0, round(left)),
        },
        "counts": run.counts,
        "approval": run.approval,
        "problem": run.problem,
        "created_at": _moment(run.created_at),
        "started_at": _moment(run.started_at),
        "finished_at": _moment(run.finished_at),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs a list is to show; None: whatever they are."""

    connection: str | None = None
    entity: str | None = None
    status: str | None = None
    trigger: str | None = None
    since: datetime | None = None
    only_user: str | None = None


class Runs:
    """The runs of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def get(self, run_id: str) -> Run | None:
        """Return a run as it is now."""
        return await self.session.get(Run, (self.workspace, run_id), populate_existing=True)

    async def open_of(self, collection_id: str) -> Sequence[Run]:
        """Return runs that have not ended, the oldest first."""
        query = select(Run).where(
            Run.workspace_id == self.workspace, Run.collection_id == collection_id, Run.status.in_(OPEN)
        )
        return (await self.session.scalars(query.order_by(Run.id))).all()

    async def queue(
        self, *, connection_id: str, collection_id: str, entity: str, trigger: str, now: datetime,
        direction: str = "both", full: bool = False,
    ) -> Run:  # fmt: skip
        """Queue a run, or return the queued one that will do all of it."""
        for run in await self.open_of(collection_id):
            if covers(run, direction=direction, full=full):
                return run
        return self.add(
            connection_id=connection_id, collection_id=collection_id, entity=entity, trigger=trigger,
            direction=direction, full=full, status="queued", now=now,
        )  # fmt: skip

    async def restoring(self, run_id: str) -> Run | None:
        """Return the run under way that brings back what another one deleted."""
        query = select(Run).where(
            Run.workspace_id == self.workspace, Run.subject == run_id, Run.status.in_(OPEN)
        )
        return (await self.session.scalars(query.limit(1))).first()

    def add(self, *, now: datetime, **values: Any) -> Run:
        """Add a run in any status."""
        run = Run(
            workspace_id=self.workspace, id=new_id("run", now), counts=no_counts(), done=0,
            created_at=now, updated_at=now, **values,
        )  # fmt: skip
        self.session.add(run)
        return run

    async def take(self, collection_id: str, *, now: datetime) -> Run | None:
        """Begin the oldest open run, or go on with one whose worker died."""
        runs = await self.open_of(collection_id)
        for run in sorted(runs, key=lambda run: run.status != "running"):
            begun = run if run.status == "running" else await self.begin(run.id, started_at=now, now=now)
            if begun is not None:
                return begun
        return None

    async def begin(self, run_id: str, *, now: datetime, **values: Any) -> Run | None:
        """Let a run be under way; None where it has ended, though it may be cancelled at this very moment."""
        query = update(Run).where(Run.workspace_id == self.workspace, Run.id == run_id, Run.status.in_(OPEN))
        begun = await self.session.scalars(
            query.values(status="running", updated_at=now, **values)
            .returning(Run)
            .execution_options(populate_existing=True, synchronize_session=False)
        )
        return begun.one_or_none()

    async def page(self, wanted: Filter, *, before: str | None, limit: int) -> Sequence[Run]:
        """Return the next runs of a list, the newest first."""
        query = select(Run).where(Run.workspace_id == self.workspace)
        named = {
            Run.connection_id: wanted.connection, Run.entity: wanted.entity, Run.status: wanted.status,
            Run.trigger: wanted.trigger,
        }  # fmt: skip
        for column, value in named.items():
            if value is not None:
                query = query.where(column == value)
        if wanted.since is not None:
            query = query.where(Run.created_at >= wanted.since)
        if wanted.only_user is not None:
            query = query.where(of_user(Run.connection_id, user=wanted.only_user, workspace=self.workspace))
        if before is not None:
            query = query.where(Run.id < before)
        return (await self.session.scalars(query.order_by(Run.id.desc()).limit(limit))).all()

    async def cancel(self, run: Run, *, now: datetime) -> bool:
        """Cancel a run that has not ended; say whether it hadn't."""
        return bool(await self.cancel_all(Run.id == run.id, now=now))

    async def cancel_all(self, *which: ColumnElement[bool], now: datetime) -> Sequence[Run]:
        """Cancel whichever of these runs have not ended; return them."""
        query = update(Run).where(
            Run.workspace_id == self.workspace, Run.status.in_((*OPEN, AWAITING)), *which
        )
        ended = await self.session.scalars(
            query.values(status="cancelled", phase=None, problem=None, finished_at=now, updated_at=now)
            .returning(Run)
            .execution_options(populate_existing=True, synchronize_session=False)
        )
        runs = sorted(ended, key=lambda run: run.id)
        for run in runs:
            tell_end(self.session, run, now=now)
        return runs


def tell_end(session: AsyncSession, run: Run, *, now: datetime) -> None:
    """Tell the CRM that a run ended, however it did, if somebody waits for it or was asked about it."""
    if run.trigger not in ASKED_FOR and run.approval is None:
        return
    announce(
        session,
        News(
            type="run.finished", subject=run.id, at=now, origin="concord",
            connection_id=run.connection_id, snapshot=shown(run, now=now),
        ),
    )  # fmt: skip
