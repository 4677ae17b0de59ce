"""Series: patterns and ranges, occurrences, exceptions, cancellations, and what an edit of the master does."""

from datetime import date, datetime, timedelta

import pytest
from calendar_stage import IN_JULY, at, event, starts, weekly
from dateutil.rrule import rrulestr
from graph_stage import MARK, Outlook, error_of

from sandbox.errors import GraphError
from sandbox.graph import recurrence

pytestmark = pytest.mark.feature("F8")

FIRST = datetime.fromisoformat("2026-01-01")
YEARS = "startDateTime=2026-01-01&endDateTime=2029-01-01"


async def instances(outlook: Outlook, master: dict, window: str = YEARS, **headers: str) -> list[dict]:
    return (await outlook.read(f"me/events/{master['id']}/instances?$top=200&{window}", **headers))["value"]


def monthly(kind: str, *, start: str = "2026-01-01", **pattern: object) -> dict:
    return {
        "pattern": {"type": kind, "interval": 1, **pattern},
        "range": {"type": "noEnd", "startDate": start},
    }


# Each pattern beside the same rule of RFC 5545, as dateutil reads it.
PATTERNS = [
    pytest.param({"type": "daily", "interval": 3}, "FREQ=DAILY;INTERVAL=3", id="every third day"),
    pytest.param({"type": "weekly", "interval": 1, "daysOfWeek": ["monday", "thursday"]}, "FREQ=WEEKLY;WKST=SU;BYDAY=MO,TH", id="twice a week"),
    pytest.param({"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "tuesday"], "firstDayOfWeek": "monday"}, "FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=SU,TU", id="every other week, from monday"),
    pytest.param({"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "tuesday"]}, "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,TU", id="every other week, from sunday"),
    pytest.param({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 15}, "FREQ=MONTHLY;BYMONTHDAY=15", id="the 15th"),
    pytest.param({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}, "FREQ=MONTHLY;BYMONTHDAY=-1", id="the 31st is the last"),
    pytest.param({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "last"}, "FREQ=MONTHLY;BYDAY=-1FR", id="the last friday"),
    pytest.param({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["tuesday"]}, "FREQ=MONTHLY;BYDAY=1TU", id="the first tuesday by default"),
    pytest.param({"type": "relativeMonthly", "interval": 2, "daysOfWeek": ["saturday", "sunday"], "index": "second"}, "FREQ=MONTHLY;INTERVAL=2;BYDAY=SA,SU;BYSETPOS=2", id="the second day of a weekend"),
    pytest.param({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 12, "month": 3}, "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=12", id="a birthday"),
    pytest.param({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 29, "month": 2}, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", id="a leap day"),
    pytest.param({"type": "relativeYearly", "interval": 1, "daysOfWeek": ["thursday"], "month": 11, "index": "fourth"}, "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", id="thanksgiving"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "rule"), PATTERNS)
def test_a_pattern_has_the_days_of_the_rule_it_stands_for(pattern, rule):
    first = rrulestr(rule, dtstart=FIRST)[0].date()
    said = {
        "pattern": pattern,
        "range": {"type": "numbered", "startDate": first.isoformat(), "numberOfOccurrences": 30},
    }
    kept = recurrence.read("recurrence", said, start={"dateTime": f"{first}T09:00:00", "timeZone": "UTC"})

    expected = rrulestr(f"{rule};COUNT=30", dtstart=FIRST)
    assert list(recurrence.days(kept)) == [day.date() for day in expected]


def test_the_31st_is_the_last_day_of_a_shorter_month_and_the_30th_of_february_only():
    kept = {"pattern": recurrence.UNUSED | {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 30},
            "range": {"type": "numbered", "startDate": "2026-01-30", "numberOfOccurrences": 4}}  # fmt: skip

    assert [day.isoformat() for day in recurrence.days(kept)] == [
        "2026-01-30",
        "2026-02-28",
        "2026-03-30",
        "2026-04-30",
    ]


WRONG = [
    pytest.param({"pattern": {"type": "hourly"}}, "RequestBodyRead", id="no such type"),
    pytest.param({"pattern": {"interval": 0}}, "ErrorInvalidRecurrence", id="no interval"),
    pytest.param({"pattern": {"daysOfWeek": []}}, "ErrorInvalidRecurrence", id="no day"),
    pytest.param({"pattern": {"daysOfWeek": ["mo"]}}, "RequestBodyRead", id="no such day"),
    pytest.param({"pattern": {"dayOfMonth": 6}}, "ErrorInvalidRecurrence", id="a day of the month in a weekly one"),
    pytest.param({"pattern": {"type": "absoluteMonthly", "daysOfWeek": ["monday"], "dayOfMonth": 6}}, "ErrorInvalidRecurrence", id="a weekday in a monthly one"),
    pytest.param({"pattern": {"type": "relativeMonthly", "index": "fifth"}}, "RequestBodyRead", id="the fifth"),
    pytest.param({"pattern": {"type": "absoluteYearly", "dayOfMonth": 6, "daysOfWeek": []}}, "ErrorInvalidRecurrence", id="a year without a month"),
    pytest.param({"range": {"startDate": "2026-07-07"}}, "ErrorInvalidRecurrence", id="another start than the event's"),
    pytest.param({"range": {"numberOfOccurrences": 0}}, "ErrorInvalidRecurrence", id="no occurrence"),
    pytest.param({"range": {"type": "endDate"}}, "RequestBodyRead", id="an end that is not said"),
    pytest.param({"range": {"type": "endDate", "endDate": "2026-07-01"}}, "ErrorRecurrenceEndDateTooBig", id="an end before the start"),
    pytest.param({"range": {"recurrenceTimeZone": "Mars"}}, "TimeZoneNotSupportedException", id="an unknown zone"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code"), WRONG)
async def test_a_recurrence_that_does_not_fit_is_refused(adele: Outlook, change, code):
    said = {part: whole | change.get(part, {}) for part, whole in weekly().items()}

    assert error_of(await adele.post("me/events", json=event(recurrence=said))) == (400, code)


def test_a_series_that_never_occurs_is_refused():
    said = {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["sunday"]},
            "range": {"type": "endDate", "startDate": "2026-07-06", "endDate": "2026-07-10"}}  # fmt: skip

    with pytest.raises(GraphError) as refused:
        recurrence.read("recurrence", said, start=at("2026-07-06T09:00"))
    assert refused.value.code == "ErrorRecurrenceHasNoOccurrence"


async def test_unused_fields_are_filled_in_and_may_be_sent_back(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly(type="noEnd")))
    pattern, span = made["recurrence"]["pattern"], made["recurrence"]["range"]

    assert (made["type"], made["seriesMasterId"]) == ("seriesMaster", None)
    assert (pattern["month"], pattern["dayOfMonth"], pattern["index"], pattern["firstDayOfWeek"]) == (
        0,
        0,
        "first",
        "sunday",
    )
    assert (span["endDate"], span["numberOfOccurrences"], span["recurrenceTimeZone"]) == (
        "0001-01-01",
        0,
        "UTC",
    )
    again = await adele.patch(f"me/events/{made['id']}", json={"recurrence": made["recurrence"]})
    assert again.json()["recurrence"] == made["recurrence"]


@pytest.mark.lesson(11)
async def test_a_series_keeps_its_wall_clock_when_the_clocks_change(adele: Outlook):
    made = await adele.made(
        "me/events",
        **event(
            start="2026-10-19T09:00",
            end="2026-10-19T10:00",
            zone="Europe/Berlin",
            recurrence=weekly(start="2026-10-19"),
        ),
    )
    found = await instances(adele, made)
    berlin = await instances(adele, made, Prefer='outlook.timezone="Europe/Berlin"')

    assert starts(found)[:2] == ["2026-10-19T07:00", "2026-10-26T08:00"]
    assert {row["start"]["dateTime"][11:16] for row in berlin} == {"09:00"}


async def test_a_series_recurs_in_the_zone_of_its_range(adele: Outlook):
    made = await adele.made(
        "me/events",
        **event(
            start="2026-10-19T07:00",
            end="2026-10-19T08:00",
            recurrence=weekly(
                start="2026-10-19", type="numbered", numberOfOccurrences=2, recurrenceTimeZone="Europe/Berlin"
            ),
        ),
    )

    assert starts(await instances(adele, made)) == ["2026-10-19T07:00", "2026-10-26T08:00"]


async def test_a_series_starts_on_its_first_occurrence(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly(["thursday"])))

    assert (made["start"]["dateTime"][:10], made["recurrence"]["range"]["startDate"]) == (
        "2026-07-09",
        "2026-07-09",
    )


async def test_a_list_has_masters_and_a_view_occurrences(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    listed = (await adele.read("me/events"))["value"]
    viewed = (await adele.read(f"me/calendarView?{IN_JULY}"))["value"]

    assert [(row["type"], row["id"]) for row in listed] == [("seriesMaster", made["id"])]
    assert [row["type"] for row in viewed] == ["occurrence"] * 4
    assert {row["seriesMasterId"] for row in viewed} == {made["id"]}
    assert all(row["subject"] == "Inspection" and row["recurrence"] is None for row in viewed)
    assert len({row["iCalUId"] for row in [made, *viewed]}) == 5
    one = await adele.read(f"me/events/{viewed[1]['id']}")
    assert (one["type"], one["start"]) == ("occurrence", viewed[1]["start"])


async def test_instances_need_a_window_and_have_an_original_start_on_request(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    first, *_ = await instances(adele, made, f"{IN_JULY}&$select=originalStart,subject")

    assert error_of(await adele.get(f"me/events/{made['id']}/instances")) == (400, "ErrorInvalidParameter")
    assert first["originalStart"] == "2026-07-06T09:00:00Z"
    assert "originalStart" not in (await instances(adele, made))[0]


async def test_a_changed_occurrence_is_an_exception_and_keeps_its_id_and_original_start(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    second = (await instances(adele, made))[1]
    answer = await adele.patch(
        f"me/events/{second['id']}",
        json={"start": at("2026-07-14T11:00"), "end": at("2026-07-14T12:00"), "subject": "Late"},
    )

    exception = answer.json()
    assert (exception["type"], exception["id"], exception["subject"]) == ("exception", second["id"], "Late")
    found = await instances(adele, made, f"{IN_JULY}&$select=originalStart,start,type")
    assert starts(found) == ["2026-07-06T09:00", "2026-07-14T11:00", "2026-07-20T09:00", "2026-07-27T09:00"]
    assert found[1]["originalStart"] == "2026-07-13T09:00:00Z"
    master = await adele.read(
        f"me/events/{made['id']}?$select=subject,exceptionOccurrences&$expand=exceptionOccurrences"
    )
    assert [row["id"] for row in master["exceptionOccurrences"]] == [second["id"]]
    assert master["subject"] == "Inspection"


CROSSINGS = [
    pytest.param("2026-07-06", True, id="to the day before's"),
    pytest.param("2026-07-05", True, id="before the one before"),
    pytest.param("2026-07-20", True, id="to the next one's"),
    pytest.param("2026-07-07", False, id="just after the one before"),
    pytest.param("2026-07-19", False, id="just before the next one"),
]


@pytest.mark.parametrize(("day", "refused"), CROSSINGS)
async def test_an_occurrence_stays_between_its_neighbours(adele: Outlook, day, refused):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    second = (await instances(adele, made))[1]
    answer = await adele.patch(
        f"me/events/{second['id']}", json={"start": at(f"{day}T11:00"), "end": at(f"{day}T12:00")}
    )

    if refused:
        assert error_of(answer) == (400, "ErrorOccurrenceCrossingBoundary")
    else:
        assert answer.status_code == 200


async def test_a_deleted_occurrence_is_cancelled_and_stands_in_its_master_on_request(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    second = (await instances(adele, made))[1]

    assert (await adele.delete(f"me/events/{second['id']}")).status_code == 204
    assert error_of(await adele.get(f"me/events/{second['id']}")) == (404, "ErrorItemNotFound")
    assert starts(await instances(adele, made, IN_JULY)) == [
        "2026-07-06T09:00",
        "2026-07-20T09:00",
        "2026-07-27T09:00",
    ]
    assert "cancelledOccurrences" not in await adele.read(f"me/events/{made['id']}")
    master = await adele.read(f"me/events/{made['id']}?$select=cancelledOccurrences")
    assert master["cancelledOccurrences"] == [f"OID.{made['id']}.2026-07-13"]


@pytest.mark.lesson(7)
async def test_a_new_time_of_the_series_drops_exceptions_and_makes_new_occurrence_ids(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    first, second, third, *_ = await instances(adele, made)
    await adele.patch(f"me/events/{second['id']}", json={"subject": "Late"})
    await adele.delete(f"me/events/{third['id']}")

    moved = await adele.patch(
        f"me/events/{made['id']}", json={"start": at("2026-07-06T11:00"), "end": at("2026-07-06T12:00")}
    )

    assert moved.json()["id"] == made["id"]
    found = await instances(adele, made, IN_JULY)
    assert [row["type"] for row in found] == ["occurrence"] * 4
    assert not {row["id"] for row in found} & {first["id"], second["id"], third["id"]}
    assert error_of(await adele.get(f"me/events/{first['id']}")) == (404, "ErrorItemNotFound")


async def test_a_series_may_be_moved_to_another_day_by_its_start_alone(adele: Outlook):
    daily = {"pattern": {"type": "daily", "interval": 7}, "range": weekly()["range"]}
    made = await adele.made("me/events", **event(recurrence=daily))
    moved = await adele.patch(
        f"me/events/{made['id']}", json={"start": at("2026-07-08T09:00"), "end": at("2026-07-08T10:00")}
    )

    assert moved.json()["recurrence"]["range"]["startDate"] == "2026-07-08"
    assert starts(await instances(adele, made, IN_JULY))[:2] == ["2026-07-08T09:00", "2026-07-15T09:00"]


async def test_another_subject_of_the_series_leaves_exceptions_their_own(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    first, second, third, *_ = await instances(adele, made)
    await adele.patch(f"me/events/{second['id']}", json={"subject": "Late"})
    await adele.patch(f"me/events/{third['id']}", json={"showAs": "free"})
    await adele.patch(f"me/events/{made['id']}", json={"subject": "Viewing"})

    found = await instances(adele, made, IN_JULY)
    assert [row["subject"] for row in found] == ["Viewing", "Late", "Viewing", "Viewing"]
    assert [row["id"] for row in found[:2]] == [first["id"], second["id"]]


@pytest.mark.lesson(7)
async def test_a_single_event_becomes_a_series_and_a_series_a_single_event_in_place(adele: Outlook):
    made = await adele.made("me/events", **event())
    series = await adele.patch(f"me/events/{made['id']}", json={"recurrence": weekly()})
    single = await adele.patch(f"me/events/{made['id']}", json={"recurrence": None})

    assert (series.json()["type"], series.json()["id"], series.json()["iCalUId"]) == (
        "seriesMaster",
        made["id"],
        made["iCalUId"],
    )
    assert (single.json()["type"], single.json()["recurrence"]) == ("singleInstance", None)


async def test_an_occurrence_does_not_recur(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    second = (await instances(adele, made))[1]

    assert error_of(await adele.patch(f"me/events/{second['id']}", json={"recurrence": weekly()})) == (
        400,
        "ErrorRecurringMasterNotAllowed",
    )
    assert await instances(adele, second, IN_JULY) == []


async def test_an_occurrence_has_the_series_properties_until_it_has_its_own(adele: Outlook):
    made = await adele.made(
        "me/events",
        **event(recurrence=weekly(), singleValueExtendedProperties=[{"id": MARK, "value": "all"}]),
    )
    first, second, *_ = await instances(adele, made)
    await adele.patch(
        f"me/events/{second['id']}", json={"singleValueExtendedProperties": [{"id": MARK, "value": "one"}]}
    )
    expand = f"?$expand=singleValueExtendedProperties($filter=id eq '{MARK}')"

    shown = [
        (await adele.read(f"me/events/{row['id']}{expand}"))["singleValueExtendedProperties"][0]["value"]
        for row in (first, second, made)
    ]
    assert shown == ["all", "one", "all"]


def test_an_endless_series_is_read_as_far_as_it_is_asked_for():
    kept = {
        "pattern": recurrence.UNUSED | {"type": "daily", "interval": 1},
        "range": {"type": "noEnd", "startDate": "2026-07-06"},
    }
    found = recurrence.days(kept, until=date(2026, 7, 6) + timedelta(days=3))

    assert len(list(found)) == 4
