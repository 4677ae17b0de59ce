"""What becomes of a subscription, as Microsoft tells it.

https://learn.microsoft.com/en-us/graph/change-notifications-lifecycle-events
"""

import asyncio
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import ring
from app.errors import Unavailable
from app.sync.collections import Collections
from app.sync.renew import KIND
from app.sync.resources import Resources
from app.sync.routes import Routes
from app.sync.subscriptions import ROUTE_KIND, Subscriptions
from app.sync.timers import Timers

STORE_SECONDS = 2.0


async def follow_lifecycle(resources: Resources, route: str, events: Iterable[tuple[str, str]]) -> None:
    """Note (subscription id, event) pairs of a route, and ring for what they ask. Raises Unavailable."""
    now = clock.now()
    try:
        async with asyncio.timeout(STORE_SECONDS):
            await _store(resources, route, events, now=now)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        raise Unavailable("The lifecycle event could not be stored.") from error


async def _store(
    resources: Resources, route: str, events: Iterable[tuple[str, str]], *, now: datetime
) -> None:
    async with resources.db.transaction(None) as session:
        found = await Routes(session).find(route, kinds=[ROUTE_KIND], now=now)
    if found is None:
        return
    async with resources.db.transaction(found.workspace_id) as session:
        known = await Subscriptions(session).locked(found.target)
        # What is told of an earlier subscription is no news of this one.
        told = {event for graph_id, event in events if known is not None and known.graph_id == graph_id}
        await _follow(session, found.target, told, now=now)


async def _follow(
    session: AsyncSession, collection_id: str, events: AbstractSet[str], *, now: datetime
) -> None:
    subscriptions = Subscriptions(session)
    if "missed" in events:
        Collections(session).ring([collection_id], now=now, pull=True)
    if "reauthorizationRequired" in events:
        # Renewing does both. What changed while nothing was delivered is pulled after it.
        await subscriptions.move(collection_id, renew_at=now)
    if "subscriptionRemoved" in events:
        await subscriptions.move(collection_id, graph_id=None)
    if events & {"reauthorizationRequired", "subscriptionRemoved"}:
        await Timers(session).set(KIND, collection_id, now)
        ring(session, KIND, workspace=subscriptions.workspace, target=collection_id)
