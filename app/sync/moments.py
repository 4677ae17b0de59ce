"""When there is something to do about a record: the one timer it has is set to the first of these."""

from datetime import datetime

from app.models import Record
from app.sync import holding, offers


def next_moment(record: Record) -> datetime | None:
    """Return when a wait for a name ends, a value is offered again, or what swung is looked at."""
    moments = (record.held_until, offers.next_due(record), holding.next_calm(record.held))
    return min((moment for moment in moments if moment is not None), default=None)
