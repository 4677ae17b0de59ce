"""The API process: the only place that builds it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from arq.connections import ArqRedis
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app import clock, problems
from app.config import Settings
from app.db import Database
from app.follow import following
from app.jobs import Bell
from app.openapi import described
from app.routers import (
    assignments,
    changes,
    conflicts,
    connections,
    contacts,
    documentation,
    events,
    explain,
    health,
    keys,
    links,
    matches,
    microsoft_app,
    oauth,
    plans,
    records,
    run_events,
    runs,
    sessions,
    tasks,
    webhooks,
    workspace,
    workspaces,
)
from app.routers import (
    problems as catalogue,
)
from app.routers import (
    settings as entity_settings,
)
from app.routers.authentication import Authentication
from app.routers.cors import Cors, Preflights
from app.routers.edge import Edge
from app.routers.graph import GraphDoor
from app.routers.intake import Intake
from app.routers.repeats import Repeats
from app.sync.notifications import Notifications
from app.sync.resources import opened

ROUTERS: tuple[APIRouter, ...] = (
    workspaces.router,
    keys.router,
    workspace.router,
    entity_settings.router,
    plans.router,
    microsoft_app.router,
    sessions.router,
    connections.router,
    oauth.router,
    contacts.batch,
    events.batch,
    tasks.batch,
    explain.router,
    contacts.router,
    events.router,
    tasks.router,
    records.router,
    assignments.router,
    changes.router,
    webhooks.router,
    conflicts.router,
    links.router,
    matches.router,
    runs.router,
    run_events.router,
    catalogue.router,
    health.router,
    documentation.router,
)


def create_app(settings: Settings) -> FastAPI:
    """Return the API; what requests use is open while its lifespan runs."""
    app = FastAPI(
        title="Concord",
        lifespan=running(settings),
        middleware=[
            Middleware(Provided),
            Middleware(GraphDoor),
            Middleware(Cors),
            Middleware(Edge),
            Middleware(Preflights),
            Middleware(Authentication),
            Middleware(Intake),
            Middleware(Repeats),
        ],
        generate_unique_id_function=named,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app, routers=ROUTERS)
    for router in ROUTERS:
        app.include_router(router)
    app.router.routes.append(documentation.files())
    described(app, public_url=settings.public_url)
    return app


def running(settings: Settings) -> Any:
    """Return the lifespan that opens what requests use, and closes it when the last has been answered."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        redis = ArqRedis.from_url(settings.redis_url)  # connects when first used: we serve with Redis away
        sweeper = Database(settings.database_sweep_url, pool_size=2)
        bell = Bell(redis)
        try:
            async with opened(settings, doorbell=bell) as resources, following(settings, clock.follow):
                notifications = Notifications(sweeper, doorbell=bell, redis=resources.redis)
                app.state.provided = {"resources": resources, "notifications": notifications}
                yield
                await notifications.close()
        finally:
            await sweeper.close()
            await redis.aclose()

    return lifespan


class Provided:
    """ASGI: hands what the process has opened to each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["state"] = {**scope.get("state", {}), **scope["app"].state.provided}
        await self.app(scope, receive, send)


def named(route: APIRoute) -> str:
    """Refuse an operation without a name: clients are generated from the names."""
    raise ValueError(f"{route.path} has no operation_id")
