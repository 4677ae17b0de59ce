"""Offer a value again to a CRM that still shows an older one: three times, then it is left in peace.

``record.offers["again"]`` is {field: [times, due]}: how often it was offered again and when it will be; due
is null while we wait for the CRM to show what it holds.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.models import Record
from app.sync.revisions import History

DELAYS: Final = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
AGAIN: Final = "again"


def pending(record: Record) -> Mapping[str, list[Any]]:
    """Return, by field, how often it was offered again and when it will be."""
    found: Mapping[str, list[Any]] = record.offers.get(AGAIN, {})
    return found


def expect(record: Record, *, behind: Iterable[str], settled: Iterable[str], now: datetime) -> bool:
    """Note what a write of the CRM showed; say whether that changed what will be offered.

    ``behind`` are the fields it still shows an older value of, ``settled`` those that it knows or that moved.
    """
    before = pending(record)
    again = {name: entry for name, entry in before.items() if name not in set(settled)}
    for name in behind:
        times, due = again.get(name, [0, None])
        if due is None and times < len(DELAYS):
            due = (now + DELAYS[times]).isoformat()
        again[name] = [times, due]
    return _store(record, again, before=before)


def next_due(record: Record) -> datetime | None:
    """Return when the next offer is due."""
    moments = [datetime.fromisoformat(due) for _, due in pending(record).values() if due]
    return min(moments, default=None)


def take_due(record: Record, history: History, *, now: datetime) -> list[str]:
    """Return the fields to be offered again now, and count that offer.

    What wasn't delivered yet, or was acknowledged meanwhile, needs none.
    """
    before = pending(record)
    due = [name for name, (_, at) in before.items() if at and datetime.fromisoformat(at) <= now]
    offered = [name for name in due if _unheeded(name, record, history)]
    again = {
        name: [times + (name in offered), None if name in due else at]
        for name, (times, at) in before.items()
        if name not in due or name in offered
    }
    _store(record, again, before=before)
    return offered


def keeps_its_value(record: Record) -> list[str]:
    """Return the fields of which the CRM keeps an older value whatever it is offered."""
    return [name for name, (times, due) in pending(record).items() if times >= len(DELAYS) and due is None]


def _unheeded(name: str, record: Record, history: History) -> bool:
    last = next((told for told in reversed(history.steps) if name in told.step.patch), None)
    if last is None:
        return True
    return last.acked_at is None and last.step.number <= history.heard(record)


def _store(record: Record, again: Mapping[str, list[Any]], *, before: Mapping[str, list[Any]]) -> bool:
    if again == before:
        return False
    rest = {key: value for key, value in record.offers.items() if key != AGAIN}
    record.offers = {**rest, **({AGAIN: again} if again else {})}
    return True
