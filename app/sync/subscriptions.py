"""SQL of subscriptions: what Graph last told us of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Collection, Subscription
from app.sync.routes import Routes

ROUTE_KIND = "subscription"


class Subscriptions:
    """The subscriptions of the transaction's workspace, at most one for a collection."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def get(self, collection_id: str) -> Subscription | None:
        """Return what we know of a collection's subscription."""
        key = self.workspace, collection_id
        return await self.session.get(Subscription, key, populate_existing=True)

    async def locked(self, collection_id: str) -> Subscription | None:
        """Return it as it is now, and let nobody else change it before this transaction ends."""
        key = self.workspace, collection_id
        return await self.session.get(Subscription, key, populate_existing=True, with_for_update=True)

    async def of_connection(self, connection_id: str) -> Sequence[Subscription]:
        """Return every subscription of a connection."""
        query = select(Subscription).where(
            Subscription.workspace_id == self.workspace, Subscription.connection_id == connection_id
        )
        return (await self.session.scalars(query)).all()

    async def opened(self, collection: Collection, *, now: datetime) -> Subscription:
        """Return the collection's row, made now with a route of its own if need be."""
        found = await self.get(collection.id)
        if found is not None:
            return found
        routes = Routes(self.session)
        route = routes.open(ROUTE_KIND, collection.id, workspace=self.workspace, expires_at=None)
        row = {
            "workspace_id": self.workspace, "collection_id": collection.id,
            "connection_id": collection.connection_id, "route": route, "updated_at": now,
        }  # fmt: skip
        await self.session.execute(insert(Subscription).values(row))
        found = await self.get(collection.id)
        assert found is not None  # noqa: S101  inserted above
        return found

    async def move(self, collection_id: str, **values: Any) -> None:
        """Set columns of a row, if it is there."""
        await self.session.execute(update(Subscription).where(self._is(collection_id)).values(**values))

    async def drop(self, collection_id: str) -> None:
        """Forget a subscription and its route: what still comes by it leads nowhere."""
        await Routes(self.session).close(self.workspace, kinds=[ROUTE_KIND], target=collection_id)
        await self.session.execute(delete(Subscription).where(self._is(collection_id)))

    def _is(self, collection_id: str) -> ColumnElement[bool]:
        return and_(Subscription.workspace_id == self.workspace, Subscription.collection_id == collection_id)
