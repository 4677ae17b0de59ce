"""The clock's controls: whoever moves it is answered when those who follow it have heard."""

import asyncio
import contextlib

from starlette.datastructures import Address
from starlette.requests import Request
from starlette.responses import Response

from sandbox.control.bodies import AdvanceClock
from sandbox.control.door import answer, read, shown
from sandbox.world import World

NEWS_WITHIN_SECONDS = 5
HEARD_WITHIN_SECONDS = 1


class ClockControls:
    def __init__(self, world: World) -> None:
        self.world = world
        self._known: dict[Address | None, float] = {}  # by connection: what each follower was told last
        self._news = asyncio.Event()

    async def show(self, request: Request) -> Response:
        """Tell the time. A follower says what it was told the last time, and waits a while for news."""
        told = request.query_params.get("advanced_seconds")
        if told is not None:
            await self._follow(request, float(told))
        return self._told()

    async def advance(self, request: Request) -> Response:
        wish = await read(request, AdvanceClock)
        self.world.commit("clock.advanced", {"seconds": wish.advance_seconds})
        for tell in self.world.clock_moved:
            tell()
        self._ring()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARD_WITHIN_SECONDS):
                while any(known != self._advanced for known in self._known.values()):
                    await self._news.wait()
        # Whoever was frozen, or killed between two questions, is waited for once only.
        self._known = {who: known for who, known in self._known.items() if known == self._advanced}
        return self._told()

    @property
    def _advanced(self) -> float:
        return self.world.clock.offset.total_seconds()

    def _told(self) -> Response:
        return answer({"now": shown(self.world.now()), "advanced_seconds": self._advanced})

    async def _follow(self, request: Request, told: float) -> None:
        """Return when there is news, after a while without, or when the follower has hung up."""
        self._known[request.client] = told
        self._ring()
        listening = asyncio.create_task(self._forget_at_the_end(request))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NEWS_WITHIN_SECONDS):
                while self._known.get(request.client) == self._advanced:
                    await self._news.wait()
        listening.cancel()

    async def _forget_at_the_end(self, request: Request) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self._known.pop(request.client, None)
        self._ring()

    def _ring(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
