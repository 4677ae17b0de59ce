"""create_app(): the only place that puts the demo CRM together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.crm import hook
from sandbox.crm.api import Api
from sandbox.crm.concord import Concord, ConcordRefusedError, ConcordSilentError
from sandbox.crm.desk import Desk
from sandbox.crm.hook import Hook
from sandbox.crm.pages import Pages
from sandbox.crm.sending import Sending
from sandbox.crm.store import Store

TRY_AGAIN_SECONDS = 1.0
UNAVAILABLE = 503


class Settled:
    """Whether Concord posts to us and we have read what we missed; and why not yet."""

    def __init__(self) -> None:
        self.event, self.trouble = asyncio.Event(), "It has only just started."

    async def settle(self, ours: Hook) -> None:
        """Try until Concord is there."""
        while not self.event.is_set():
            try:
                await ours.settle()
                await ours.catch_up()
                self.event.set()
            except (ConcordSilentError, ConcordRefusedError) as error:
                self.trouble = str(error)
                await asyncio.sleep(TRY_AGAIN_SECONDS)


def create_app(store: Store, concord: Concord, *, home: str) -> Starlette:
    """Return the CRM. ``home`` is its own address, for browsers and for Concord's deliveries."""
    sending, desk = Sending(store, concord), Desk(concord, home=home)
    ours, settled = Hook(store, concord, url=home), Settled()

    async def health(_request: Request) -> Response:
        """Answer 200 once this CRM and Concord know each other."""
        if settled.event.is_set():
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "waiting", "because": settled.trouble}, UNAVAILABLE)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.ensure_future(sending.run()), asyncio.ensure_future(settled.settle(ours))]
        async with concord:
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    pages = Pages(store, desk=desk, sending=sending, concord=concord)
    routes = [
        Route("/health", health),
        Route(hook.PATH, ours.receive, methods=["POST"]),
        *Api(store, sending).routes(),
        *pages.routes(),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
