"""Words for events, as the tests of calendars use them."""

from typing import Any

JULY = {"startDateTime": "2026-07-01T00:00:00Z", "endDateTime": "2026-08-01T00:00:00Z"}
IN_JULY = "startDateTime=2026-07-01T00:00:00Z&endDateTime=2026-08-01T00:00:00Z"


def at(clock: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": f"{clock}:00", "timeZone": zone}


def event(
    subject: str = "Inspection", start: str = "2026-07-06T09:00", end: str = "2026-07-06T10:00", **more: Any
) -> dict[str, Any]:
    """Return a create's body; ``zone`` is that of both ends."""
    zone = more.pop("zone", "UTC")
    return {"subject": subject, "start": at(start, zone), "end": at(end, zone), **more}


def weekly(days: list[str] | None = None, *, start: str = "2026-07-06", **span: Any) -> dict[str, Any]:
    """Return a recurrence on some days of each week; without a range it has ten occurrences."""
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": days or ["monday"]}
    return {
        "pattern": pattern,
        "range": {"startDate": start, **(span or {"type": "numbered", "numberOfOccurrences": 10})},
    }


def starts(rows: list[dict[str, Any]]) -> list[str]:
    return [row["start"]["dateTime"][:16] for row in rows]
