"""How far a run has come: counted in memory, stored together with what it counts."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.ids import new_id
from app.models import Collection, Effect, Run
from app.sync.breaker import Kind
from app.sync.runs import OPEN, Runs, no_counts, tell_end

SIDES = {"to_crm": "crm", "to_microsoft": "microsoft"}


@dataclass(slots=True)
class Progress:
    """One run as its worker sees it. ``run_id`` is None until there is something to tell.

    Counts move only inside the transaction that does what they count (``save``), so that they are true also
    after a kill.
    """

    collection: Collection
    trigger: str
    run_id: str | None = None
    direction: str = "both"
    full: bool = False
    phase: str | None = None
    done: int = 0
    total: int | None = None
    counts: dict[str, Any] = field(default_factory=no_counts)
    subject: str | None = None
    touched: bool = False
    effects: list[Effect] = field(default_factory=list)

    @classmethod
    def of(cls, run: Run, collection: Collection) -> "Progress":
        """Go on with a stored run."""
        return cls(
            collection, run.trigger, run.id, run.direction, run.full, run.phase, run.done, run.total,
            {**no_counts(), **run.counts}, run.subject,
        )  # fmt: skip

    @property
    def pulls(self) -> bool:
        return self.direction in {"both", "to_crm"}

    @property
    def pushes(self) -> bool:
        return self.direction in {"both", "to_microsoft"}

    def count(self, key: str, number: int = 1) -> None:
        """Count something: ``pulled`` or ``to_crm.created``."""
        if number:
            first, _, second = key.partition(".")
            place = self.counts[first] if second else self.counts
            place[second or first] += number
            self.touched = True

    def note(
        self, way: str, kind: Kind, *, record_id: str | None = None, approved: bool = False, number: int = 1
    ) -> None:
        """Note for the breaker what was just done ``to_crm`` or ``to_microsoft``."""
        self.touched = True
        last = self.effects[-1] if self.effects else None
        same = last is not None and (last.side, last.kind) == (SIDES[way], kind)
        if last is not None and same and record_id is None and last.record_id is None:
            last.number += number
            return
        effect = Effect(
            workspace_id=self.collection.workspace_id, collection_id=self.collection.id, side=SIDES[way],
            kind=kind.value, number=number, record_id=record_id, approved=approved,
        )  # fmt: skip
        self.effects.append(effect)

    def start_again(self, counts: dict[str, Any], *, done: int) -> None:
        """Forget what was counted in a transaction that was undone."""
        self.counts, self.done, self.effects = counts, done, []

    def advance(self, number: int = 1) -> None:
        """Move on by so many items."""
        self.done += number
        self.touched = self.touched or self.run_id is not None

    async def save(self, session: AsyncSession, *, now: datetime) -> None:
        """Store what was counted, in the transaction that did it. A run nobody asked for begins here."""
        if not self.touched:
            return
        if self.run_id is None:
            self.run_id = self._begun(session, now=now).id
            await session.flush()
        await self._store(session, phase=self.phase, updated_at=now)
        for effect in self.effects:
            effect.id, effect.run_id, effect.at = new_id("eff", now), self.run_id, now
            session.add(effect)
        if self.effects:
            await session.flush()
        self.effects, self.touched = [], False

    async def finish(
        self, session: AsyncSession, *, status: str, now: datetime, problem: dict[str, Any] | None = None
    ) -> None:
        """End the run, unless it was cancelled meanwhile."""
        await self.save(session, now=now)
        if self.run_id is None:
            return
        run = await self._store(
            session, phase=None, updated_at=now, finished_at=now, status=status, problem=problem
        )
        if run is not None:
            tell_end(session, run, now=now)

    async def _store(self, session: AsyncSession, **values: Any) -> Run | None:
        """Store how far the run is, and return it; None where it was cancelled meanwhile."""
        query = update(Run).where(
            Run.workspace_id == self.collection.workspace_id, Run.id == self.run_id, Run.status.in_(OPEN)
        )
        stored = await session.scalars(
            query.values(done=self.done, total=self.total, counts=self.counts, **values)
            .returning(Run)
            .execution_options(populate_existing=True, synchronize_session=False)
        )
        return stored.one_or_none()

    def _begun(self, session: AsyncSession, *, now: datetime) -> Run:
        return Runs(session).add(
            connection_id=self.collection.connection_id, collection_id=self.collection.id,
            entity=self.collection.entity, trigger=self.trigger, direction=self.direction, full=self.full,
            status="running", started_at=now, now=now,
        )  # fmt: skip
