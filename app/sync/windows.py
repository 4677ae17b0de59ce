"""Windows: which days of a calendar sync, and what its rounds look at (``engine.md`` §14)."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from app.sync.collections import Collections
from app.sync.scope import Days
from app.sync.switch import restart_round
from app.sync.work import Work

BEFORE: Final = timedelta(days=30)
AFTER: Final = timedelta(days=90)
REOPENED: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=1825)
LATE: Final = timedelta(days=7)
"""How much later than its time comes an event at the far end of years is read, where Graph leaves no room."""


def opened(days: Days) -> dict[str, Any]:
    """Return the window of a round for these days: wider, so that it needn't be opened anew each day.

    Quirk: where the days leave less room than that, all of it is used. ``span``: for how many days it is.
    """
    span = days.end - days.begin
    room = LONGEST - span
    before = min(BEFORE, timedelta(days=room.days // 4))
    after = min(AFTER, room - before)
    return {"begin": _at(days.begin - before), "end": _at(days.end + after), "span": span.days}


def outgrown(window: dict[str, Any] | None, days: Days) -> bool:
    """Say whether a round with this window would soon miss days that sync, or does so already.

    A window that could be no wider may miss the last ones for a week: else it were opened anew each day.
    """
    if window is None:
        return True
    begin, end = (datetime.fromisoformat(window[side]).date() for side in ("begin", "end"))
    widest = end - begin >= LONGEST
    near = not widest and end - days.end <= REOPENED
    as_chosen = window.get("span") == (days.end - days.begin).days
    late = LATE if widest and as_chosen else timedelta()
    return days.begin < begin or end + late < days.end or near


def _at(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


async def open_window(work: Work) -> None:
    """Begin a full round where the calendar's window is outgrown: it can't be moved, only opened anew."""
    days = work.scope.days
    if days is None or not outgrown(work.collection.window, days):
        return
    async with work.transaction() as session:
        row = await Collections(session).get(work.collection.id)
        assert row is not None  # noqa: S101  its lease is ours
        await restart_round(session, row)
        await work.move(session, window=opened(days))
    row.window = opened(days)
    work.collection = row
