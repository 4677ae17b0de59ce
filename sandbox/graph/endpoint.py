"""What Microsoft thinks of a notification endpoint that answers slowly.

Quirk: over 10 % of answers later than 3 s, and everything new waits 10 minutes; over 15 % later than 10 s,
and everything new is dropped for 10 minutes. https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PERIOD = timedelta(minutes=10)
SLOW_SECONDS, DEAD_SECONDS = 3.0, 10.0
SLOW_SHARE, DEAD_SHARE = 0.10, 0.15
# Older documentation measures after a hundred answers: one late answer of one is no habit.
ANSWERS_TO_JUDGE = 100


@dataclass(slots=True)
class Endpoint:
    answers: deque[tuple[datetime, float]] = field(default_factory=deque)
    slow_until: datetime | None = None
    dropped_until: datetime | None = None

    def answered(self, now: datetime, *, seconds: float) -> None:
        """Note how long an answer took, and judge."""
        self.answers.append((now, seconds))
        while self.answers[0][0] <= now - PERIOD:
            self.answers.popleft()
        if len(self.answers) < ANSWERS_TO_JUDGE:
            return
        if self._share(DEAD_SECONDS) > DEAD_SHARE:
            self.dropped_until = now + PERIOD
        elif self._share(SLOW_SECONDS) > SLOW_SHARE:
            self.slow_until = now + PERIOD

    def drops(self, now: datetime) -> bool:
        return self.dropped_until is not None and now < self.dropped_until

    def held_until(self, now: datetime) -> datetime | None:
        """Return when something new may go out, if not at once."""
        return now + PERIOD if self.slow_until is not None and now < self.slow_until else None

    def _share(self, limit: float) -> float:
        return sum(seconds >= limit for _, seconds in self.answers) / len(self.answers)
