"""Carrying notifications: coalesced, tried again as Microsoft does, by the sandbox's clock.

Delivered is any 2xx within 3 s; otherwise it is tried again for up to 4 h, with 10 s for each try.
https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx
import orjson

from sandbox.graph.alarm import Alarm
from sandbox.graph.endpoint import Endpoint
from sandbox.world import World

GATHERING_SECONDS = 0.02
IN_ONE_POST = 50
AT_A_TIME = 8
FIRST_TRY_SECONDS, NEXT_TRY_SECONDS = 3.0, 10.0
GIVE_UP_AFTER = timedelta(hours=4)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=10)

Fate = Literal["go", "hold", "drop"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One entry of a POST's ``value``."""

    subscription: str
    url: str
    document: dict[str, Any]
    born: datetime


@dataclass
class Courier:
    """``lost`` is told each notice that will never arrive, ``fate`` says what becomes of one now."""

    world: World
    alarm: Alarm
    fate: Callable[[Notice], Fate] = lambda _notice: "go"
    lost: Callable[[Notice], None] = lambda _notice: None
    fresh: list[Notice] = field(default_factory=list)
    paused: list[Notice] = field(default_factory=list)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    lanes: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(trust_env=False, follow_redirects=False)
    )

    def __post_init__(self) -> None:
        self._something = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None

    def send(self, notice: Notice, *, after: timedelta = timedelta()) -> None:
        """Take a notice to deliver soon, or after some of the sandbox's time."""
        if after and self._tasks:
            self._tasks.create_task(self._send_later(notice, notice.born + after))
        else:
            self.fresh.append(notice)
            self._something.set()

    def resume(self) -> None:
        """Look again at what was held back."""
        held, self.paused = self.paused, []
        for notice in held:
            self.send(notice)

    async def run(self) -> None:
        """Deliver for as long as the sandbox lives."""
        try:
            async with self.client, asyncio.TaskGroup() as self._tasks:
                while True:
                    await self._something.wait()
                    # What happens within a moment shares a POST, as with Microsoft.
                    await asyncio.sleep(GATHERING_SECONDS)
                    self._something.clear()
                    self._dispatch(self._tasks)
        finally:
            self._tasks = None

    def _dispatch(self, tasks: asyncio.TaskGroup) -> None:
        waiting, self.fresh = self.fresh, []
        by_url: dict[str, list[Notice]] = {}
        for notice in waiting:
            fate = self.fate(notice)
            if self.world.now() - notice.born > GIVE_UP_AFTER:
                self.lost(notice)
            elif fate == "go":
                by_url.setdefault(notice.url, []).append(notice)
            elif fate == "hold":
                self.paused.append(notice)
        for url, notices in by_url.items():
            for start in range(0, len(notices), IN_ONE_POST):
                tasks.create_task(self._carry(url, notices[start : start + IN_ONE_POST]))

    async def _send_later(self, notice: Notice, at: datetime) -> None:
        await self.alarm.sleep_until(at)
        self.send(notice)

    async def _carry(self, url: str, notices: list[Notice]) -> None:
        """Try one POST until it is taken or four hours have passed."""
        lane = self.lanes.setdefault(url, asyncio.Semaphore(AT_A_TIME))
        endpoint = self.endpoints.setdefault(url, Endpoint())
        begun = self.world.now()
        if endpoint.drops(begun):
            return self._lose(notices)
        if held_until := endpoint.held_until(begun):
            await self.alarm.sleep_until(held_until)
        body = orjson.dumps({"value": [notice.document for notice in notices]})
        wait, allowed = FIRST_WAIT, FIRST_TRY_SECONDS
        while True:
            async with lane:
                if await self._posted(url, body, endpoint, seconds=allowed):
                    return None
            if self.world.now() + wait > begun + GIVE_UP_AFTER:
                return self._lose(notices)
            await self.alarm.sleep_until(self.world.now() + wait)
            wait, allowed = min(wait * 2, LONGEST_WAIT), NEXT_TRY_SECONDS

    async def _posted(self, url: str, body: bytes, endpoint: Endpoint, *, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            headers = {"Content-Type": "application/json; charset=utf-8"}
            answer = await self.client.post(url, content=body, headers=headers, timeout=seconds)
        except httpx.TimeoutException:
            endpoint.answered(self.world.now(), seconds=loop.time() - begun)
            return False
        except httpx.HTTPError:
            return False
        endpoint.answered(self.world.now(), seconds=loop.time() - begun)
        return answer.is_success

    def _lose(self, notices: list[Notice]) -> None:
        for notice in notices:
            self.lost(notice)
