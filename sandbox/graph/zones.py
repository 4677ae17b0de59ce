"""Time zones as Exchange knows them: Windows' names and IANA's, and times written with one.

A time has a wall clock and a zone's name, never an offset.
https://learn.microsoft.com/graph/api/resources/datetimetimezone
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from sandbox.errors import GraphError
from sandbox.graph.errors import bad_request
from sandbox.graph.values import an_object, text, wrong_type

Fields = dict[str, Any]

NAMES = ("dateTime", "timeZone")
KIND = "dateTimeTimeZone"
WALL = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.(\d{1,12}))?)?)?")
FIRST, LAST = datetime(1601, 1, 2), datetime(4500, 8, 31)  # noqa: DTZ001 — wall clocks


@cache
def _names() -> dict[str, str]:
    """Return IANA's name for every name in lower case; ``tzone://Microsoft/Utc`` is Exchange's own."""
    known = {name.lower(): name for name in available_timezones()}
    known |= {name.lower(): iana for name, iana in WINDOWS_TO_OLSON.items()}
    return known | {"tzone://microsoft/utc": "UTC"}


@cache
def zone(name: str) -> tzinfo:
    """Return the zone of that name, or raise Graph's 400."""
    iana = _names().get(name.lower())
    if iana is None:
        raise unknown_zone(name)
    return UTC if iana in {"UTC", "Etc/UTC"} else ZoneInfo(iana)


def unknown_zone(name: str) -> GraphError:
    return bad_request(
        f"A valid TimeZone value must be specified. The following TimeZone value is not supported: "
        f"'{name[:80]}'.",
        code="TimeZoneNotSupportedException",
    )


def read(name: str, value: Any) -> Fields | None:
    """Read a dateTimeTimeZone: a wall clock to the second, the zone as it was written."""
    if value is None:
        return None
    said = an_object(name, value, names=NAMES, kind=KIND)
    wall = text()(f"{name}.dateTime", said.get("dateTime"))
    named = text()(f"{name}.timeZone", said.get("timeZone")) or "UTC"
    zone(named)
    return {"dateTime": parsed(f"{name}.dateTime", wall).isoformat(), "timeZone": named}


def parsed(name: str, said: str | None) -> datetime:
    """Read a wall clock. Quirk: it has no offset, the zone stands beside it."""
    matched = WALL.fullmatch(said or "")
    if matched is None or said is None:
        raise wrong_type(name, said, expected="Edm.DateTime")
    try:
        at = datetime.fromisoformat(said.partition(".")[0])
    except ValueError as error:
        raise wrong_type(name, said, expected="Edm.DateTime") from error
    if not FIRST <= at <= LAST:
        raise bad_request(f"The value of '{name}' is out of range.", code="ErrorInvalidArgument")
    return at


def moment(at: Fields) -> datetime:
    """Return when a time is, in UTC."""
    return fixed(datetime.fromisoformat(at["dateTime"]), zone(at["timeZone"]))


def fixed(wall: datetime, where: tzinfo) -> datetime:
    """Return when a wall clock shows that; a time that is skipped in spring is an hour later."""
    return wall.replace(tzinfo=where).astimezone(UTC)


def wall(at: Fields) -> datetime:
    return datetime.fromisoformat(at["dateTime"])


def shown(at: datetime, name: str) -> Fields:
    """Return a time as Graph shows it in a zone: seven digits of a second."""
    local = at.astimezone(zone(name)).replace(tzinfo=None)
    return {"dateTime": f"{local.isoformat(timespec='seconds')}.0000000", "timeZone": name}


def written(at: datetime, name: str) -> Fields:
    """Return a time in the wording it is kept in."""
    return {"dateTime": at.astimezone(zone(name)).replace(tzinfo=None).isoformat(), "timeZone": name}


def is_midnight(at: Fields) -> bool:
    return wall(at).time() == datetime.min.time()


def window_bound(name: str, said: str | None) -> datetime:
    """Read startDateTime or endDateTime: ISO 8601, its own offset decides, UTC where it has none."""
    if said is None:
        raise bad_request(
            f"This request requires a time window specified by the query string parameters StartDateTime and "
            f"EndDateTime; {name} is missing.",
            code="ErrorInvalidParameter",
        )
    try:
        # Quirk: a plus that nobody encoded arrives as a space.
        at = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", re.sub(r" (\d\d:\d\d)$", r"+\1", said)))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_request(
            f"The value '{said[:60]}' of '{name}' is not a date.", code="ErrorInvalidParameter"
        ) from None


def days(count: float) -> timedelta:
    return timedelta(days=count)
