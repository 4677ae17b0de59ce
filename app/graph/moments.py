"""Moments as Graph tells them and is told them.

https://learn.microsoft.com/graph/api/resources/datetimetimezone
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.records import Fields, zones

CLOCK = "%Y-%m-%dT%H:%M:%S"
NOON = timedelta(hours=12)


def moment(raw: Mapping[str, str], original: str | None, *, whole_day: bool) -> Fields:
    """Return a moment in the zone it was made in."""
    zone = zones.iana_of(original or "") or zones.iana_of(raw["timeZone"]) or "UTC"
    return told(clock(raw, zone, whole_day=whole_day), zone, whole_day=whole_day)


def told(at: datetime, zone: str, *, whole_day: bool) -> Fields:
    """Return what clocks show as a moment of ours."""
    if whole_day:
        return {"date": at.date().isoformat()}
    return {"date_time": at.strftime(CLOCK), "time_zone": zone}


def clock(raw: Mapping[str, str], zone: str, *, whole_day: bool) -> datetime:
    """Return what the clocks of a zone show at a moment; of a whole day its midnight."""
    at = datetime.fromisoformat(raw["dateTime"][:19])
    known = zones.iana_of(raw["timeZone"]) or "UTC"
    if whole_day:
        return datetime.combine(day(at.replace(tzinfo=ZoneInfo(known)), zone), time())
    return zones.wall(zones.instant(at, known), zone)


def day(at: datetime, zone: str) -> date:
    """Return the day that a midnight stands for.

    Quirk: Graph tells all times in UTC, and of a whole day the midnight there or, of one that was made in
    another zone, the UTC time of the midnight there; this may be a time that clocks skip.
    """
    if at.time() == time():
        return at.date()
    return (zones.wall(at, zone) + NOON).date()


def original_day(at: str, zone: str, *, whole_day: bool) -> date:
    """Return the day of an ``originalStart`` in the zone of its series."""
    original = datetime.fromisoformat(at)
    return day(original, zone) if whole_day else zones.wall(original, zone).date()


def worded(at: Fields) -> Fields:
    """Return a moment as Graph is told it: Exchange knows all of Windows' names of zones, and some others."""
    if at.get("date") is not None:
        return {"dateTime": f"{at['date']}T00:00:00", "timeZone": "UTC"}
    return {"dateTime": at["date_time"], "timeZone": zones.worded(at["time_zone"])}
