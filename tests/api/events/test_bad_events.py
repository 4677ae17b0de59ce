"""What is refused of an event: where it is wrong, and how to put it right."""

import pytest

from tests.api.events.conftest import clock

NINE, EIGHT = clock("2026-12-07T09:00:00"), clock("2026-12-07T08:00:00")
DAILY = {"rrule": "FREQ=DAILY"}
NO_OFFSET = "A clock on the wall has no offset: leave it out, and name the zone in time_zone."
NO_CLOCK = "This must be a time on the wall as in 2026-03-02T09:00:00."
NO_DAY = "This must be a day as in 2026-03-02."
NO_ZONE = "This must be a time zone by IANA's name, such as Europe/Berlin or UTC."
ONE_FORM = "Give either date_time and time_zone, or date."
ORDER = "An event ends after it begins; of days this is the first that is over."
ONE_KIND = "An event begins and ends with a clock, or with a day: not one of each."
BOUNDS = "A calendar has the days from 1601-01-01 to 4500-08-31."
ONCE = "An occurrence can differ once: this names one twice."


def differs(**said):
    """Return a daily event with an occurrence that differs so."""
    return {"start": NINE, "recurrence": {**DAILY, "exceptions": [{"original_start": NINE, **said}]}}


TABLE = [
    ("an offset", {"start": clock("2026-12-07T09:00:00+01:00")}, "/start/date_time", NO_OFFSET),
    ("an offset without colon", {"start": clock("2026-12-07T09:00:00+0100")}, "/start/date_time", NO_OFFSET),
    ("UTC by a letter", {"start": clock("2026-12-07T09:00:00Z")}, "/start/date_time", NO_OFFSET),
    ("a day that isn't, with a clock", {"start": clock("2026-02-30T09:00:00")}, "/start/date_time", NO_CLOCK),
    ("the hour 24", {"start": clock("2026-02-20T24:00:00")}, "/start/date_time", NO_CLOCK),
    ("a leap second", {"start": clock("2026-02-20T23:59:60")}, "/start/date_time", NO_CLOCK),
    ("a date for a clock", {"start": clock("2026-02-20")}, "/start/date_time", NO_CLOCK),
    ("a line too many", {"start": clock("2026-12-07T09:00:00\n")}, "/start/date_time", NO_CLOCK),
    ("a day that isn't", {"start": {"date": "2026-02-30"}}, "/start/date", NO_DAY),
    ("a clock for a date", {"start": {"date": "2026-02-20T09:00:00"}}, "/start/date", NO_DAY),
    ("a date of another calendar", {"start": {"date": "2026-W08-1"}}, "/start/date", NO_DAY),
    ("an unknown zone", {"start": clock("2026-12-07T09:00:00", "Mars/Base")}, "/start/time_zone", NO_ZONE),
    (
        "a zone of Windows'",
        {"start": clock("2026-12-07T09:00:00", "W. Europe Standard Time")},
        "/start/time_zone",
        NO_ZONE,
    ),
    ("an offset for a zone", {"start": clock("2026-12-07T09:00:00", "+01:00")}, "/start/time_zone", NO_ZONE),
    ("both forms", {"start": {**NINE, "date": "2026-12-07"}}, "/start", ONE_FORM),
    ("half a form", {"start": {"date_time": "2026-12-07T09:00:00"}}, "/start", ONE_FORM),
    ("a day with a zone", {"start": {"date": "2026-12-07", "time_zone": "UTC"}}, "/start", ONE_FORM),
    ("neither form", {"start": {}}, "/start", ONE_FORM),
    ("an end before the start", {"start": NINE, "end": EIGHT}, "/end", ORDER),
    (
        "an end before the start in another zone",
        {"start": NINE, "end": clock("2026-12-07T10:00:00", "Asia/Tokyo")},
        "/end",
        ORDER,
    ),
    ("a day without length", {"start": {"date": "2026-12-07"}, "end": {"date": "2026-12-07"}}, "/end", ORDER),
    ("a day with a clock's end", {"start": {"date": "2026-12-07"}, "end": NINE}, "/end", ONE_KIND),
    ("a clock with a day's end", {"start": NINE, "end": {"date": "2026-12-08"}}, "/end", ONE_KIND),
    ("before calendars begin", {"start": {"date": "1600-12-31"}}, "/start/date", BOUNDS),
    ("after they end", {"start": clock("4500-09-01T00:00:00")}, "/start/date_time", BOUNDS),
    (
        "the first moment there is",
        {"start": clock("0001-01-01T00:00:00", "Asia/Tokyo")},
        "/start/date_time",
        BOUNDS,
    ),
    ("the last day there is", {"start": {"date": "9999-12-31"}}, "/start/date", BOUNDS),
    (
        "two kinds of ends",
        {"start": {"date": "2026-12-07"}, "recurrence": {"rrule": "FREQ=DAILY;COUNT=3;UNTIL=20260331"}},
        "/recurrence/rrule",
        "A series ends by UNTIL or by COUNT, not by both.",
    ),
    (
        "the name of the property",
        {"start": NINE, "recurrence": {"rrule": "RRULE:FREQ=DAILY"}},
        "/recurrence/rrule",
        "Give the rule alone, without 'RRULE:' before it.",
    ),
    (
        "an occurrence that ends before it begins",
        differs(start=NINE, end=EIGHT),
        "/recurrence/exceptions/0/end",
        ORDER,
    ),
    (
        "an occurrence that ends before it would have begun",
        differs(end=EIGHT),
        "/recurrence/exceptions/0/end",
        ORDER,
    ),
    (
        "an occurrence that was at no time",
        {"start": NINE, "recurrence": {**DAILY, "exceptions": [{"original_start": {}}]}},
        "/recurrence/exceptions/0/original_start",
        ONE_FORM,
    ),
    (
        "one occurrence twice",
        {"start": NINE, "recurrence": {**DAILY, "exceptions": [{"original_start": NINE}] * 2}},
        "/recurrence/exceptions",
        ONCE,
    ),
    (
        "too many guests",
        {"attendees": [{"address": f"a{number}@example.org"} for number in range(501)]},
        "/attendees",
        "List should have at most 500 items after validation, not 501",
    ),
    ("a word of Graph's", {"subject": "Visit"}, "/subject", "This field is not known here."),
]


@pytest.mark.parametrize(
    ("fields", "pointer", "detail"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
async def test_what_is_wrong_is_pointed_at_with_the_cure(crm, fields, pointer, detail):
    assert await crm.refused(**fields) == {pointer: detail}
    await crm.call("GET", "/v1/events/e-1", status=404)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(
            {"start": {"date": "1601-01-01"}, "end": {"date": "4500-08-31"}}, id="all days there are"
        ),
        pytest.param({"start": clock("1601-01-01T00:00:00", "Asia/Tokyo")}, id="the first moment"),
        pytest.param({"start": clock("4500-08-31T23:59:59", "America/New_York")}, id="the last moment"),
        pytest.param({"start": NINE, "end": NINE}, id="no length"),
        pytest.param({"start": clock("2026-12-07T09:00")}, id="no seconds"),
        pytest.param({"start": clock("2026-12-07T09:00:00.1234567")}, id="Graph's fractions"),
        pytest.param(
            {"start": NINE, "recurrence": {"rrule": "FREQ=HOURLY"}}, id="a rule that Outlook can't hold"
        ),
        pytest.param({"attendees": [{"address": f"a{n}@example.org"} for n in range(500)]}, id="500 guests"),
    ],
)
async def test_the_edge_of_what_is_taken(crm, fields):
    await crm.puts(status=201, **fields)


@pytest.mark.parametrize(
    ("part", "detail"),
    [
        pytest.param({"end": EIGHT}, ORDER, id="an end before the start that is known"),
        pytest.param(
            {"start": clock("2026-12-07T11:00:00")}, ORDER, id="a start after the end that is known"
        ),
        pytest.param({"end": {"date": "2026-12-08"}}, ONE_KIND, id="a day for the end of a clock"),
    ],
)
@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
async def test_a_part_that_comes_to_no_time_is_refused_whole(crm, visit, verb, part, detail):
    told = await crm.call(verb, "/v1/events/e-1", {"title": "Other", **part}, status=422)

    assert told["errors"] == [{"pointer": "/end", "detail": detail}]
    assert await crm.gets() == visit


async def test_in_a_batch_what_is_wrong_with_one_event_doesnt_stop_the_others(crm, visit):
    upserts = [
        {"crm_id": "e-1", "end": EIGHT},
        {"crm_id": "e-2", "start": {"date": "9999-12-31"}},
        {"crm_id": "e-3", "start": NINE},
        {"crm_id": "e-4", "title": "A"},
        {"crm_id": "e-4", "title": "B"},
    ]
    told = await crm.call("POST", "/v1/events/batch", {"upserts": upserts, "deletes": ["e-5"]})

    assert [each["status"] for each in told["results"]] == [422, 422, 201, 422, 422, 204]
    problems = [each.get("problem", {}) for each in told["results"]]
    assert [problem.get("errors", [{}])[0].get("pointer") for problem in problems[:2]] == [
        "/end",
        "/start/date",
    ]
    assert problems[3]["type"] == "/problems/duplicate-in-batch"
    assert await crm.gets() == visit
