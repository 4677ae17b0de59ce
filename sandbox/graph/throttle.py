"""Microsoft's limits for one application in one mailbox, and for an application's subscriptions.

https://learn.microsoft.com/graph/throttling-limits
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.graph.errors import over_concurrency, too_many_requests

CONCURRENT = 4


@dataclass(frozen=True, slots=True)
class Limit:
    most: int
    seconds: int


REQUESTS = Limit(10_000, 600)
UPLOADED_BYTES = Limit(150 * 1024 * 1024, 300)
SUBSCRIPTION_WRITES = Limit(500, 20)
SUBSCRIPTION_READS = Limit(500, 20)
SUBSCRIPTION_LISTS = Limit(25, 20)
REAUTHORIZATIONS = Limit(1_000, 20)


@dataclass(slots=True)
class Window:
    """How much was used in the last so many seconds, counted by the second."""

    limit: Limit
    used: int = 0
    seconds: deque[tuple[int, int]] = field(default_factory=deque)

    def use(self, amount: int, *, now: int) -> int:
        """Count an amount, refused or not, and return 0 or the seconds to wait."""
        while self.seconds and self.seconds[0][0] <= now - self.limit.seconds:
            self.used -= self.seconds.popleft()[1]
        self.used += amount
        if self.seconds and self.seconds[-1][0] == now:
            self.seconds[-1] = (now, self.seconds[-1][1] + amount)
        else:
            self.seconds.append((now, amount))
        return 0 if self.used <= self.limit.most else self._wait(now)

    def _wait(self, now: int) -> int:
        """Return when enough will have left the window for one more request."""
        excess = self.used - self.limit.most
        for second, amount in self.seconds:
            excess -= amount
            if excess < 0:
                return second + self.limit.seconds - now
        return self.limit.seconds


@dataclass
class Throttle:
    now: Callable[[], datetime]
    on: Callable[[], bool]
    windows: dict[tuple[str, ...], Window] = field(default_factory=dict)
    in_flight: dict[tuple[str, str], int] = field(default_factory=dict)

    @contextmanager
    def slot(self, app_id: str, mailbox: str, *, uploaded: int) -> Iterator[None]:
        """Hold one of the four places of an application in a mailbox, or raise 429.

        Throttled requests count as well.
        """
        key = (app_id, mailbox)
        if self.on():
            self.count("requests", key, REQUESTS)
            if uploaded:
                self.count("bytes", key, UPLOADED_BYTES, amount=uploaded)
            if self.in_flight.get(key, 0) >= CONCURRENT:
                raise over_concurrency()
        self.in_flight[key] = self.in_flight.get(key, 0) + 1
        try:
            yield
        finally:
            self.in_flight[key] -= 1

    def count(self, what: str, key: tuple[str, str], limit: Limit, *, amount: int = 1) -> None:
        """Use up some of a limit, or raise 429 with the seconds to wait."""
        if not self.on():
            return
        window = self.windows.setdefault((what, *key), Window(limit))
        if wait := window.use(amount, now=int(self.now().timestamp())):
            raise too_many_requests(wait)

    def clear(self) -> None:
        self.windows.clear()
