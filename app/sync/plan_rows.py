"""SQL of plan steps: the pages of a preview's plan."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Link, Owner, PlanStep, Record
from app.sync.bulk import insert_many
from app.sync.plan import Step

KEPT: Final = timedelta(days=7)


class PlanSteps:
    """The plan steps of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def add(self, run_id: str, steps: Sequence[Step], *, first: int, now: datetime) -> None:
        """Add steps to a plan, in this order, from this place on."""
        rows = [
            {
                "workspace_id": self.workspace, "run_id": run_id, "place": first + number,
                "step": step.step, "side": step.side, "record_id": step.record_id, "crm_id": step.crm_id,
                "title": step.title, "fields": step.fields, "because": step.because, "mails": step.mails,
                "at": now,
            }
            for number, step in enumerate(steps)
        ]  # fmt: skip
        await insert_many(self.session, PlanStep, rows)

    async def forget(self, run_id: str) -> None:
        """Delete a plan that is begun anew."""
        await self.session.execute(
            delete(PlanStep).where(PlanStep.workspace_id == self.workspace, PlanStep.run_id == run_id)
        )

    async def page(
        self, run_id: str, *, step: str | None, side: str | None, after: int, limit: int
    ) -> Sequence[PlanStep]:
        """Return the next steps of a plan, in their order."""
        query = select(PlanStep).where(
            PlanStep.workspace_id == self.workspace, PlanStep.run_id == run_id, PlanStep.place > after
        )
        for column, value in ((PlanStep.step, step), (PlanStep.side, side)):
            if value is not None:
                query = query.where(column == value)
        return (await self.session.scalars(query.order_by(PlanStep.place).limit(limit))).all()

    async def totals(self, run_id: str) -> Sequence[Row[str, str, str, int]]:
        """Return how many steps of a kind a plan has on a side for one reason, the most first."""
        kind = (PlanStep.step, PlanStep.side, PlanStep.because)
        number = func.count()
        query = (
            select(*kind, number.label("steps"))
            .where(PlanStep.workspace_id == self.workspace, PlanStep.run_id == run_id)
            .group_by(*kind)
            .order_by(number.desc(), *kind)
        )
        return (await self.session.execute(query)).all()

    async def outgrown(
        self,
        run_id: str,
        *,
        connection_id: str,
        user: str,
        entity: str,
        shows: Sequence[str],
        since: datetime,
    ) -> bool:
        """Say whether a record that the plan doesn't name was written since and may be owed here.

        ``shows``: the other entities whose records are shown here, too.
        """
        here: list[Any] = [
            Link.workspace_id == self.workspace,
            Link.connection_id == connection_id,
            Link.entity == entity,
            Link.record_id == Record.record_id,
        ]
        named = exists().where(
            PlanStep.workspace_id == self.workspace,
            PlanStep.run_id == run_id,
            PlanStep.record_id == Record.record_id,
        )
        owned = exists().where(
            Owner.workspace_id == self.workspace, Owner.user == user, Owner.record_id == Record.record_id
        )
        query = select(Record.record_id).where(
            Record.workspace_id == self.workspace,
            Record.entity.in_([entity, *shows]),
            Record.last_at > since,
            or_(exists().where(*here, Link.due_at.is_not(None)), owned & ~exists().where(*here)),
            ~named,
        )
        return (await self.session.scalars(query.limit(1))).first() is not None
