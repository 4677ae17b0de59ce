"""Time zones by name: IANA's, which the hub speaks, and Windows', which Exchange speaks.

The mapping is Unicode CLDR's (``windowsZones``), in which many names of IANA share one of Windows.
https://learn.microsoft.com/graph/api/resources/datetimetimezone
"""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import tz_win, win_tz

# Quirk: Exchange has names of its own for UTC and for a zone that no table has.
OWN_NAMES = {"tzone://microsoft/utc": "UTC", "tzone://microsoft/custom": None}
# Older names of zones that CLDR lists under a newer one.
OLDER_NAMES = {
    "CST6CDT": "Central Standard Time",
    "EST5EDT": "Eastern Standard Time",
    "Europe/Uzhgorod": "FLE Standard Time",
    "Europe/Zaporozhye": "FLE Standard Time",
    "GMT": "UTC",
    "MST7MDT": "Mountain Standard Time",
    "PST8PDT": "Pacific Standard Time",
    "US/East-Indiana": "US Eastern Standard Time",
}
# Quirk: Windows has these only since 2026. An Exchange that lags behind refuses them, but knows IANA's names.
TOO_NEW = frozenset({"Alberta Standard Time", "British Columbia Standard Time", "Manitoba Standard Time"})
# Names that the time zone database ships for other ends than telling the time somewhere.
NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})


@cache
def _iana() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones() - NO_PLACES}


@cache
def _windows() -> dict[str, str]:
    return {name.lower(): name for name in win_tz}


def is_zone(name: str) -> bool:
    """Return whether this is a name of IANA's, in its own spelling."""
    return _iana().get(name.lower()) == name


def windows_of(iana: str) -> str | None:
    """Return Windows' name for one of IANA's; Antarctica/Troll alone has none."""
    named = _iana().get(iana.lower())
    return None if named is None else OLDER_NAMES.get(named, tz_win.get(named))


def iana_of(name: str) -> str | None:
    """Return IANA's name for a name of either kind, for one of Windows' that of its main place."""
    low = name.lower()
    if low in OWN_NAMES:
        return OWN_NAMES[low]
    windows = _windows().get(low)
    return _iana().get(low) or (None if windows is None else win_tz[windows])


def worded(iana: str) -> str:
    """Return the name by which Exchange is told this zone."""
    windows = windows_of(iana)
    return iana if windows is None or windows in TOO_NEW else windows


def same_zone(one: str, other: str) -> bool:
    """Return whether two names, of either kind, come to one zone of Windows."""
    return one == other or _sort(one) == _sort(other)


def _sort(name: str) -> str:
    iana = iana_of(name)
    return name.lower() if iana is None else windows_of(iana) or iana


def instant(wall: datetime, zone: str) -> datetime:
    """Return when the clocks of a zone show this.

    A time that is skipped in spring is read as if clocks had not been changed yet (02:30 becomes 03:30), of
    one that comes twice in autumn the first counts (RFC 5545 §3.3.5).
    """
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def wall(at: datetime, zone: str) -> datetime:
    """Return what the clocks of a zone show at this moment."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
