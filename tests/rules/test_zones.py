"""Names of time zones, and when clocks show what (graph/facts.md §5.1, engine.md §14)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from tzlocal.windows_tz import win_tz

from app.records.zones import NO_PLACES, iana_of, instant, is_zone, same_zone, wall, windows_of, worded

PLACES = sorted(available_timezones() - NO_PLACES)
WITHOUT_A_WINDOWS_ZONE = {"Antarctica/Troll"}

NAMES = [
    ("a zone's main place", "Europe/Berlin", "W. Europe Standard Time"),
    ("another place in it", "Europe/Vienna", "W. Europe Standard Time"),
    ("an older name of a place", "Asia/Calcutta", "India Standard Time"),
    ("its newer name", "Asia/Kolkata", "India Standard Time"),
    ("a country's name", "US/Pacific", "Pacific Standard Time"),
    ("a city that was renamed", "Europe/Kiev", "FLE Standard Time"),
    ("its new name", "Europe/Kyiv", "FLE Standard Time"),
    ("no place", "Etc/UTC", "UTC"),
    ("Greenwich without summer time", "GMT", "UTC"),
    ("the earliest", "Etc/GMT-14", "Line Islands Standard Time"),
    ("the latest", "Etc/GMT+12", "Dateline Standard Time"),
    ("small letters", "europe/berlin", "W. Europe Standard Time"),
    ("no Windows zone", "Antarctica/Troll", None),
    ("no name", "Europe/Atlantis", None),
    ("nothing", "", None),
]


@pytest.mark.parametrize(("iana", "windows"), [pytest.param(*row, id=rule) for rule, *row in NAMES])
def test_windows_name(iana, windows):
    assert windows_of(iana) == windows


READ = [
    ("Windows' name", "W. Europe Standard Time", "Europe/Berlin"),
    ("Windows' name in capitals", "PACIFIC STANDARD TIME", "America/Los_Angeles"),
    ("IANA's name stays", "Europe/Vienna", "Europe/Vienna"),
    ("an older name stays", "Asia/Calcutta", "Asia/Calcutta"),
    ("IANA's name in small letters", "america/new_york", "America/New_York"),
    ("both kinds' name", "UTC", "UTC"),
    ("Exchange's own name", "tzone://Microsoft/Utc", "UTC"),
    ("a zone of nobody else's", "tzone://Microsoft/Custom", None),
    ("one with a description", "(UTC+01:00) Amsterdam, Berlin", None),
    ("no name", "Mars Standard Time", None),
    ("nothing", "", None),
]


@pytest.mark.parametrize(("name", "iana"), [pytest.param(*row, id=rule) for rule, *row in READ])
def test_iana_name(name, iana):
    assert iana_of(name) == iana


def test_each_place_has_a_windows_zone_but_for_those_named():
    assert {place for place in PLACES if windows_of(place) is None} == WITHOUT_A_WINDOWS_ZONE


def test_each_windows_zone_comes_back_from_its_main_place():
    for name in win_tz:
        assert is_zone(iana_of(name))
        assert windows_of(iana_of(name)) == name


def test_what_exchange_is_told_is_read_as_the_same_zone():
    for place in PLACES:
        assert same_zone(worded(place), place)
        assert iana_of(worded(place)) is not None


def test_a_zone_that_windows_has_only_just_got_is_told_by_its_place():
    assert windows_of("America/Vancouver") == "British Columbia Standard Time"
    assert worded("America/Vancouver") == "America/Vancouver"
    assert worded("America/Los_Angeles") == "Pacific Standard Time"


SAME = [
    ("one name", "Europe/Berlin", "Europe/Berlin", True),
    ("two places", "Europe/Berlin", "Europe/Vienna", True),
    ("a place and its Windows zone", "Europe/Vienna", "W. Europe Standard Time", True),
    ("old and new name", "Asia/Calcutta", "Asia/Kolkata", True),
    ("Exchange's own name", "tzone://Microsoft/Utc", "Etc/UTC", True),
    ("the same hour, other rules", "Europe/Berlin", "Africa/Lagos", False),
    ("the same hour, another zone", "Europe/Berlin", "Europe/Paris", False),
    ("without a Windows zone", "Antarctica/Troll", "Antarctica/Troll", True),
    ("without a Windows zone and another", "Antarctica/Troll", "UTC", False),
    ("two that nobody knows", "Mars Standard Time", "Venus Standard Time", False),
    ("one that nobody knows", "Mars Standard Time", "mars standard time", True),
]


@pytest.mark.parametrize(("one", "other", "same"), [pytest.param(*row, id=rule) for rule, *row in SAME])
def test_same_zone(one, other, same):
    assert same_zone(one, other) is same
    assert same_zone(other, one) is same


KNOWN = [("Europe/Berlin", True), ("europe/berlin", False), ("W. Europe Standard Time", False), ("UTC", True),
         ("localtime", False), ("Factory", False), ("Europe", False), ("../etc/passwd", False), ("", False)]  # fmt: skip


@pytest.mark.parametrize(("name", "known"), KNOWN)
def test_a_zone_is_known_by_its_own_spelling(name, known):
    assert is_zone(name) is known


CLOCKS = [
    ("winter in the north", "Europe/Berlin", (2026, 1, 5, 9), (2026, 1, 5, 8)),
    ("summer in the north", "Europe/Berlin", (2026, 7, 5, 9), (2026, 7, 5, 7)),
    ("summer in the south", "Australia/Sydney", (2026, 1, 5, 9), (2026, 1, 4, 22)),
    ("skipped in spring", "Europe/Berlin", (2026, 3, 29, 2, 30), (2026, 3, 29, 1, 30)),
    ("twice in autumn", "Europe/Berlin", (2026, 10, 25, 2, 30), (2026, 10, 25, 0, 30)),
    ("skipped in the southern spring", "Australia/Sydney", (2026, 10, 4, 2, 30), (2026, 10, 3, 16, 30)),
    ("twice in the southern autumn", "Australia/Sydney", (2026, 4, 5, 2, 30), (2026, 4, 4, 15, 30)),
    ("twelve hours behind", "Etc/GMT+12", (2026, 1, 5, 9), (2026, 1, 5, 21)),
    ("fourteen hours ahead", "Pacific/Kiritimati", (2026, 1, 5, 9), (2026, 1, 4, 19)),
]


@pytest.mark.lesson(11)
@pytest.mark.parametrize(("zone", "shown", "at"), [pytest.param(*row, id=rule) for rule, *row in CLOCKS])
def test_when_clocks_show_it(zone, shown, at):
    assert instant(datetime(*shown), zone) == datetime(*at, tzinfo=UTC)  # noqa: DTZ001


def test_what_clocks_show_says_not_which_of_two_times_it_is():
    assert wall(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin").fold == 0


@pytest.mark.lesson(11)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_what_clocks_show_reads_back_but_in_the_hour_that_comes_twice(zone):
    start, hour = datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1)
    moments = [start + n * hour for n in range(366 * 24)]
    differing = [at - instant(wall(at, zone), zone) for at in moments if instant(wall(at, zone), zone) != at]

    assert len(differing) <= 1
    assert all(timedelta(0) < difference <= hour for difference in differing)
