"""Time in the sandbox: the machine's, moved forward by whoever controls it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sandbox.log import Body, Command


class Clock:
    def __init__(self) -> None:
        self.offset = timedelta()
        self.appliers = {"clock.advanced": self._advanced}

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def clear(self) -> None:
        """Leave time alone: nobody's tokens or subscriptions ever see it run backwards."""

    def snapshot(self) -> Iterator[Command]:
        yield "clock.advanced", {"seconds": self.offset.total_seconds()}

    def _advanced(self, body: Body) -> None:
        self.offset += timedelta(seconds=body["seconds"])
