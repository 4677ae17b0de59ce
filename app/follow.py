"""In the development stack time is the sandbox's: ask it twice a second (``CONCORD_CLOCK_URL``)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import httpx

from app.config import Settings

EVERY_SECONDS = 0.5


@asynccontextmanager
async def following(settings: Settings, follow: Callable[[datetime], None]) -> AsyncIterator[None]:
    """Keep the clock with the sandbox's while inside; without a clock URL, do nothing."""
    if settings.clock_url is None:
        yield
        return
    task = asyncio.create_task(_follow(settings.clock_url, follow), name="clock")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _follow(url: str, follow: Callable[[datetime], None]) -> None:
    async with httpx.AsyncClient(timeout=2) as http:
        while True:
            with suppress(httpx.HTTPError, ValueError, KeyError):  # the sandbox may be restarting
                answer = await http.get(url)
                follow(datetime.fromisoformat(answer.json()["now"]))
            await asyncio.sleep(EVERY_SECONDS)
