"""Waiting by the sandbox's clock, which a test may move."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime


class Alarm:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake everybody who waits, to look at the clock again."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, until: datetime | None) -> None:
        """Return at that time, or earlier when the alarm rings."""
        left = None if until is None else (until - self._now()).total_seconds()
        if left is None or left > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._rung.wait()

    async def sleep_until(self, at: datetime) -> None:
        """Return at that time and not before."""
        while self._now() < at:
            await self.wait(at)
