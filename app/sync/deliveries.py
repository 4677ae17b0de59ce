"""SQL of deliveries: batches of changes on their way to an endpoint, and what became of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.ids import new_id
from app.models import Delivery
from app.sync.shown import Json, moment
from app.sync.webhooks import OPEN


class Deliveries:
    """The deliveries of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def get(self, delivery_id: str) -> Delivery | None:
        """Return a delivery as it is now."""
        return await self.session.get(Delivery, (self.workspace, delivery_id), populate_existing=True)

    async def open_of(self, webhook_id: str) -> Sequence[Delivery]:
        """Return what is still to be delivered, in order; of each lane only its head."""
        query = select(Delivery).where(
            Delivery.workspace_id == self.workspace,
            Delivery.webhook_id == webhook_id,
            Delivery.status.in_(("pending", "aside")),
        )
        await self.session.flush()  # what is read anew would otherwise undo what just moved
        rows = await self.session.scalars(
            query.order_by(Delivery.seqs), execution_options={"populate_existing": True}
        )
        return rows.all()

    async def page(self, webhook_id: str, *, before: str | None, limit: int) -> Sequence[Delivery]:
        """Return the deliveries of an endpoint, the newest first."""
        query = select(Delivery).where(
            Delivery.workspace_id == self.workspace, Delivery.webhook_id == webhook_id
        )
        if before is not None:
            query = query.where(Delivery.id < before)
        return (await self.session.scalars(query.order_by(Delivery.id.desc()).limit(limit))).all()

    def add(self, webhook_id: str, *, now: datetime, **values: Any) -> Delivery:
        """Add a delivery."""
        row = Delivery(
            workspace_id=self.workspace, id=new_id("dlv", now), webhook_id=webhook_id, attempts=0,
            created_at=now, updated_at=now, **values,
        )  # fmt: skip
        self.session.add(row)
        return row

    async def next_in_lane(self, webhook_id: str, lane: str) -> Delivery | None:
        """Return what waits longest behind the head of a lane."""
        query = select(Delivery).where(
            Delivery.workspace_id == self.workspace,
            Delivery.webhook_id == webhook_id,
            Delivery.lane == lane,
            Delivery.status == "behind",
        )
        return (await self.session.scalars(query.order_by(Delivery.seqs).limit(1))).one_or_none()

    async def give_up(self, webhook_id: str, *, now: datetime) -> None:
        """Take everything that is still open off the way: it is replaced by a replay."""
        query = update(Delivery).where(
            Delivery.workspace_id == self.workspace,
            Delivery.webhook_id == webhook_id,
            Delivery.status.in_(OPEN),
        )
        await self.session.execute(query.values(status="replaced", body=None, updated_at=now))

    async def unfrozen(self, webhook_id: str) -> Sequence[Delivery]:
        """Return batches that were never sent: what is in them may still move."""
        return [d for d in await self.open_of(webhook_id) if d.status == "pending" and d.attempts == 0]

    async def lanes_of(self, webhook_id: str) -> Collection[str]:
        """Return the records whose changes wait in lanes of their own."""
        query = select(func.distinct(Delivery.lane)).where(
            Delivery.workspace_id == self.workspace,
            Delivery.webhook_id == webhook_id,
            Delivery.status.in_(("aside", "behind")),
            Delivery.lane.is_not(None),
        )
        return {lane for lane in await self.session.scalars(query) if lane is not None}


def shown_delivery(delivery: Delivery) -> Json:
    """Return a delivery in the words of the API."""
    return {
        "id": delivery.id,
        "status": "pending" if delivery.status in OPEN else delivery.status,
        "changes": len(delivery.seqs),
        "attempts": delivery.attempts,
        "next_attempt_at": moment(delivery.next_attempt_at) if delivery.status in OPEN else None,
        "response_status": delivery.response_status,
        "error": delivery.error,
        "created_at": moment(delivery.created_at),
        "updated_at": moment(delivery.updated_at),
    }
