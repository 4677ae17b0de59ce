"""What the CRM says of an event, held against its item: whether a mail had a reason."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app import clock
from tests.calendar.outbox import ABOUT, Shown
from tests.preview.preview_stage import Json

PARTS = (*ABOUT, "guests", "occurrences")
DAYS_OF = {"DAILY": 1, "WEEKLY": 7}


@dataclass(frozen=True)
class Known:
    """What the CRM said of an event when a calendar last came to rest.

    ``waits``: its item could not be written then, or wasn't there. ``kept_out``: the guests are not invited
    although they might be by now, since they might not when they were named. ``guests``: those of the item.
    """

    record: Json
    waits: bool
    kept_out: bool
    guests: frozenset[str] = frozenset()


def of_record(record: Json, part: str) -> Any:
    """Return what the CRM says of a part."""
    match part:
        case "guests":
            return frozenset(each["address"].lower() for each in record["attendees"])
        case "when":
            return _moment(record["start"])
        case "occurrences":
            rows = (record["recurrence"] or {}).get("exceptions") or []
            said = {_moment(row["original_start"])[:10]: _said_of(row) for row in rows}
            days = {day.isoformat() for day in _days(record)} if said else set()
            return {day: own for day, own in said.items() if day in days}
    return record[part] or ""


def of_item(item: Shown, part: str) -> Any:
    """Return what an item says of a part, in the same words."""
    match part:
        case "guests":
            return item.guests
        case "when":
            return item.says["when"][0]
        case "occurrences":
            changed = {day: own for day, own in item.changed.items() if any(own)}
            return changed | dict.fromkeys(item.cancelled, "cancelled")
    return item.says[part]


def differing(was: Shown | None, now: Shown) -> list[str]:
    """Return the parts in which an item became another one."""
    return [part for part in PARTS if was is None or _whole(was, part) != _whole(now, part)]


def has_cause(known: Known | None, record: Json, part: str, *, was: Shown) -> bool:
    """Say whether the CRM has said something since that lets this part be written.

    Whom a user invites in Outlook is a guest who is added: the others are invited, too. ``was``: the item before.
    """
    if known is None or known.waits or of_record(record, part) != of_record(known.record, part):
        return True
    moved = of_record(record, "when") != of_record(known.record, "when")
    if part == "guests":
        return moved or asks(known, record) or bool(was.guests - known.guests)
    return part == "occurrences" and moved


def asks(known: Known | None, record: Json) -> bool:
    """Say whether the CRM has named guests since, or asked for their invitation."""
    if known is None or of_record(record, "guests") != of_record(known.record, "guests"):
        return True
    return bool(record["invite"]) and not known.record["invite"]


def is_ahead(record: Json) -> bool:
    """Say whether an event, or the last of a counted series, is still to come."""
    start = datetime.fromisoformat(_moment(record["start"])).replace(tzinfo=UTC)
    if record["recurrence"] is None:
        return start > clock.now()
    return _days(record)[-1] >= clock.now().date()


def _days(record: Json) -> list[date]:
    """Return the days of a counted series."""
    rule = dict(part.split("=") for part in record["recurrence"]["rrule"].split(";"))
    first = date.fromisoformat(_moment(record["start"])[:10])
    every = timedelta(days=DAYS_OF[rule["FREQ"]] * int(rule.get("INTERVAL", 1)))
    return [first + every * number for number in range(int(rule["COUNT"]))]


def _whole(item: Shown, part: str) -> Any:
    return item.says["when"] if part == "when" else of_item(item, part)


def _said_of(row: Json) -> Any:
    if row.get("cancelled"):
        return "cancelled"
    start = row.get("start")
    return (row.get("title"), row.get("location"), _moment(start) if start else None)


def _moment(said: Json) -> str:
    return said.get("date_time") or f"{said['date']}T00:00:00"
