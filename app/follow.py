"""In the development stack time is the sandbox's (``CONCORD_CLOCK_URL``): each move of it is heard at once.

The sandbox answers who says what it told them last as soon as there is news. A clock that knows nothing of
that is asked twice a second.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import httpx

from app.config import Settings

EVERY_SECONDS = 0.5
PATIENCE_SECONDS = 10
TOLD = "advanced_seconds"


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
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as http:
        told: dict[str, Any] = {}
        while True:
            try:
                told = (await http.get(url, params={TOLD: told[TOLD]} if TOLD in told else None)).json()
                follow(datetime.fromisoformat(told["now"]))
            except (httpx.HTTPError, ValueError, KeyError):  # the sandbox may be restarting
                told = {}
            if TOLD not in told:
                await asyncio.sleep(EVERY_SECONDS)
