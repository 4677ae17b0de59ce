"""create_app(): the only place that puts the local Microsoft together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from sandbox import control, entra, graph, pages
from sandbox.faults import ConnectionDroppedError
from sandbox.world import World

TRANSPORT = "sandbox.transport"


def create_app(world: World) -> Starlette:
    """Mount every part of Microsoft on this world, and open it.

    A part's ``mount(world)`` adds its state to the world and returns its routes.
    """
    routes = [*graph.mount(world), *entra.mount(world)]
    app = Starlette(
        routes=routes,
        lifespan=_backgrounds(world),
        exception_handlers={ConnectionDroppedError: _hang_up},
    )
    app.router.routes += [*control.mount(world, app), *pages.mount(world, app)]
    world.open()
    return app


def _backgrounds(world: World) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(_app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.ensure_future(background()) for background in world.backgrounds]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    return run


async def _hang_up(request: Request, error: Exception) -> Response:
    if TRANSPORT not in request.scope:
        raise error
    request.scope[TRANSPORT].abort()
    await asyncio.sleep(0)
    return Response()
