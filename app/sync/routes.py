"""SQL of routes: opaque words in URLs of ours that lead what comes in without a workspace to its own."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Route

ROUTE_BYTES = 24


class Routes:
    """The routes of every workspace: the table is global, a route is as good as unguessable."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    def open(self, kind: str, target: str, *, workspace: str, expires_at: datetime | None) -> str:
        """Make a route to something of a workspace and return it."""
        route = secrets.token_urlsafe(ROUTE_BYTES)
        row = Route(route=route, workspace_id=workspace, kind=kind, target=target, expires_at=expires_at)
        self.session.add(row)
        return route

    async def find(self, route: str, *, kinds: Iterable[str], now: datetime) -> Route | None:
        """Return where a route leads, if it is of one of these kinds and still good."""
        alive = or_(Route.expires_at.is_(None), Route.expires_at > now)
        query = select(Route).where(Route.route == route, Route.kind.in_(list(kinds)), alive)
        return (await self.session.scalars(query)).one_or_none()

    async def take(self, route: str, *, kind: str, target: str, now: datetime) -> str | None:
        """Take a route away and return the workspace it led to, if it was of this kind, to this, and good."""
        query = delete(Route).where(
            Route.route == route, Route.kind == kind, Route.target == target, Route.expires_at > now
        )
        return (await self.session.scalars(query.returning(Route.workspace_id))).one_or_none()

    async def good_among(self, routes: Iterable[str], *, now: datetime) -> set[str]:
        """Return those of these routes that still lead somewhere."""
        query = select(Route.route).where(Route.route.in_(list(routes)), Route.expires_at > now)
        return set(await self.session.scalars(query))

    async def close(self, workspace: str, *, kinds: Iterable[str], target: str) -> None:
        """Take away every route of these kinds to this target."""
        here = Route.workspace_id == workspace, Route.kind.in_(list(kinds)), Route.target == target
        await self.session.execute(delete(Route).where(*here))

    async def sweep_out(self, workspace: str, *, now: datetime) -> None:
        """Take away what has expired in a workspace."""
        await self.session.execute(
            delete(Route).where(Route.workspace_id == workspace, Route.expires_at < now)
        )
