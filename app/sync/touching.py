"""Whether an event as we keep it touches certain days (``engine.md`` §14). Pure."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from app.records import Fields, event
from app.records.rrule import InvalidRule
from app.sync.event_window import Window, overlaps

DEFAULT: Final = timedelta(minutes=30)


def touches(doc: Fields, *, begin: date, end: date) -> bool:
    """Say whether any occurrence of an event lies in these days (half-open); one without a time does."""
    value = doc.get("when")
    if not value or not value["start"]:
        return True
    first, last = (datetime.combine(day, time(), UTC) for day in (begin, end))
    try:
        return overlaps(event.worded(doc), Window(first, last, "UTC"), default=DEFAULT)
    except InvalidRule:
        return True  # it is parked, whenever it takes place
