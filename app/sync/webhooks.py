"""SQL of webhooks: the CRM's endpoints, how far each has come, and who works on one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import WebhookNotFound
from app.models import Change, Delivery, Webhook
from app.sync.shown import Json, moment

LEASE: Final = timedelta(seconds=30)
OPEN: Final = ("pending", "aside", "behind")


class Webhooks:
    """The webhooks of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def get(self, webhook_id: str) -> Webhook:
        """Return an endpoint. Raises WebhookNotFound."""
        webhook = await self.session.get(Webhook, (self.workspace, webhook_id))
        if webhook is None:
            raise WebhookNotFound(f"There is no webhook {webhook_id}.")
        return webhook

    async def locked(self, webhook_id: str) -> Webhook:
        """Return an endpoint, locked. Raises WebhookNotFound."""
        query = select(Webhook).where(Webhook.workspace_id == self.workspace, Webhook.id == webhook_id)
        query = query.with_for_update().execution_options(populate_existing=True)
        webhook = (await self.session.scalars(query)).one_or_none()
        if webhook is None:
            raise WebhookNotFound(f"There is no webhook {webhook_id}.")
        return webhook

    async def page(self, *, after: str, limit: int) -> Sequence[Webhook]:
        """Return endpoints in the order they were made."""
        query = select(Webhook).where(Webhook.workspace_id == self.workspace, Webhook.id > after)
        return (await self.session.scalars(query.order_by(Webhook.id).limit(limit))).all()

    async def acknowledging(self) -> Sequence[Webhook]:
        """Return the endpoints whose answers acknowledge, locked so that no two become it at once."""
        query = select(Webhook).where(Webhook.workspace_id == self.workspace, Webhook.acknowledges)
        return (await self.session.scalars(query.order_by(Webhook.id).with_for_update())).all()

    def add(self, *, now: datetime, **values: Any) -> Webhook:
        """Add an endpoint."""
        webhook = Webhook(
            workspace_id=self.workspace, status="active", problem=None,
            created_at=now, updated_at=now, **values,
        )  # fmt: skip
        self.session.add(webhook)
        return webhook

    async def drop(self, webhook: Webhook) -> None:
        """Forget an endpoint and its deliveries."""
        await self.session.execute(
            delete(Delivery).where(Delivery.workspace_id == self.workspace, Delivery.webhook_id == webhook.id)
        )
        await self.session.delete(webhook)

    async def claim(self, webhook_id: str, *, now: datetime) -> Webhook | None:
        """Take the endpoint for one attempt, if nobody else has it."""
        query = (
            update(Webhook)
            .where(
                Webhook.workspace_id == self.workspace,
                Webhook.id == webhook_id,
                Webhook.status != "disabled",
                or_(Webhook.lease_until.is_(None), Webhook.lease_until <= now),
            )
            .values(lease_until=now + LEASE)
            .returning(Webhook)
        )
        return (await self.session.scalars(query)).one_or_none()

    async def oldest_undelivered(self, ids: Sequence[str]) -> dict[str, datetime]:
        """Return, for each endpoint that is behind, when the oldest change it lacks happened."""
        waiting = (
            select(Delivery.webhook_id, Change.at)
            .join(
                Change,
                (Change.workspace_id == self.workspace) & (Change.seq == Delivery.seqs[1]),
            )
            .where(
                Delivery.workspace_id == self.workspace,
                Delivery.webhook_id.in_(list(ids)),
                Delivery.status.in_(OPEN),
            )
        )
        oldest: dict[str, datetime] = {}
        for webhook_id, at in await self.session.execute(waiting):
            oldest[webhook_id] = min(at, oldest.get(webhook_id, at))
        return oldest


def shown_webhook(webhook: Webhook, *, oldest_undelivered_at: datetime | None = None) -> Json:
    """Return an endpoint in the words of the API, without its secret."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "types": webhook.types,
        "acknowledges": webhook.acknowledges,
        "status": webhook.status,
        "problem": webhook.problem,
        "oldest_undelivered_at": moment(oldest_undelivered_at),
        "created_at": moment(webhook.created_at),
        "updated_at": moment(webhook.updated_at),
    }
