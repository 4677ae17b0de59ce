"""Conflicts over events are told, and decided, in the fields that the API has (``api.md`` §§5, 8)."""

import pytest

from tests.calendar.diary import at, clock_of, graph

FIRST = {"start": at(1), "end": at(1, "10:00")}
THIRD = at(3)
RULE = "FREQ=DAILY;COUNT=10"
OURS = {"start": at(2, "10:00"), "end": at(2, "11:00")}
THEIRS = {"start": at(2, "14:00"), "end": at(2, "15:00")}
MINE = {"original_start": THIRD, "start": at(3, "10:00"), "end": at(3, "10:15")}
ITS = {"original_start": THIRD, "start": at(3, "14:00"), "end": at(3, "14:15")}


@pytest.fixture
async def asking(ada):
    """Somebody who is asked about every conflict."""
    await ada.chooses(conflict_resolution="ask")
    return ada


async def in_question(asking):
    """Return the one open conflict, which a list and a read tell alike."""
    (conflict,) = (await asking.crm("GET", "/v1/conflicts?status=open&entity=calendar"))["data"]
    assert await asking.crm("GET", f"/v1/conflicts/{conflict['id']}") == conflict
    return conflict


async def resolves(asking, conflict, *, status=None, **decision):
    path = f"/v1/conflicts/{conflict['id']}/resolve"
    told = await asking.crm("POST", path, decision, status=status)
    await asking.settles()
    return told


async def moved_by_both(asking):
    item = await asking.has("Visit", **FIRST)
    await asking.news()
    await asking.edits(item, **{side: graph(moment) for side, moment in THEIRS.items()})
    await asking.patches("Visit", **OURS)
    await asking.syncs()
    return item


async def occurrence_moved_by_both(asking):
    item = await asking.has("Daily", **FIRST, recurrence={"rrule": RULE})
    (third,) = [each for each in await asking.occurrences(item) if clock_of(each) == THIRD["date_time"][:16]]
    await asking.edits(third, **{side: graph(ITS[side]) for side in ("start", "end")})
    await asking.patches("Daily", recurrence={"rrule": RULE, "exceptions": [MINE]})
    await asking.syncs()
    return item


@pytest.mark.feature("F4")
async def test_two_times_of_an_event_are_one_conflict_over_its_start_end_and_recurrence(asking):
    await moved_by_both(asking)
    conflict = await in_question(asking)

    assert (conflict["field"], conflict["fields"]) == ("start", ["start", "end", "recurrence"])
    assert conflict["base"] == {**FIRST, "recurrence": None}
    assert conflict["crm"] == {**OURS, "recurrence": None}
    assert conflict["microsoft"] == {**THEIRS, "recurrence": None}
    told = await asking.explains("Visit")
    assert (told["state"], told["reason"]) == ("conflict", "conflict_open")
    assert {word: told["microsoft_had"][word] for word in THEIRS} == THEIRS
    assert {word: told["crm_had"][word] for word in OURS} == OURS
    assert set(told["crm_had"]) == {"title", "start", "end"}


@pytest.mark.feature("F4")
@pytest.mark.parametrize(
    ("decision", "stands"),
    [
        ({"take": "crm"}, OURS),
        ({"take": "microsoft"}, THEIRS),
        ({"value": {"start": at(2, "10:30")}}, {"start": at(2, "10:30"), "end": at(2, "11:00")}),
        ({"value": {**THEIRS, "recurrence": None}}, THEIRS),
    ],
    ids=["crm", "microsoft", "a value of part of it", "a value of all of it"],
)
async def test_the_time_that_is_decided_on_stands_on_both_sides(asking, decision, stands):
    item = await moved_by_both(asking)

    told = await resolves(asking, await in_question(asking), **decision)

    assert (told["status"], told["kept"]) == ("resolved", decision.get("take", "neither"))
    record, there = await asking.record("Visit"), await asking.outlook("GET", f"events/{item['id']}")
    assert {side: record[side] for side in stands} == stands
    assert clock_of(there) == stands["start"]["date_time"][:16]
    assert there["end"]["dateTime"][:16] == stands["end"]["date_time"][:16]
    assert (await asking.explains("Visit"))["state"] == "synced"


@pytest.mark.feature("F4")
async def test_the_feed_names_the_fields_of_a_conflict_as_the_api_has_them(asking):
    await moved_by_both(asking)
    changes = (await asking.crm("GET", "/v1/changes?types=conflict.*&limit=1000"))["changes"]
    opened = next(each for each in changes if each["type"] == "conflict.opened")

    assert opened["changed"] == ["start", "end", "recurrence"]
    assert opened["record"] == await in_question(asking)


@pytest.mark.feature("F4")
@pytest.mark.feature("F6")
@pytest.mark.parametrize(
    ("decision", "exceptions"),
    [
        ({"take": "crm"}, [MINE]),
        ({"take": "microsoft"}, [ITS]),
        ({"value": {"exceptions": [{"original_start": THIRD, "cancelled": True}]}}, None),
        ({"value": {"rrule": RULE, "exceptions": []}}, []),
    ],
    ids=["crm", "microsoft", "cancelled", "like the others"],
)
async def test_what_differs_of_a_series_may_be_decided_by_a_side_or_by_value(asking, decision, exceptions):
    item = await occurrence_moved_by_both(asking)
    conflict = await in_question(asking)
    assert (conflict["field"], conflict["fields"]) == ("recurrence", ["recurrence"])
    assert conflict["crm"] == {"rrule": RULE, "exceptions": [MINE]}
    assert conflict["microsoft"] == {"rrule": RULE, "exceptions": [ITS]}
    assert conflict["base"] == {"rrule": RULE, "exceptions": []}

    await resolves(asking, conflict, **decision)

    wanted = decision["value"]["exceptions"] if exceptions is None else exceptions
    assert (await asking.record("Daily"))["recurrence"] == {"rrule": RULE, "exceptions": wanted}
    clocks = [clock_of(each) for each in await asking.occurrences(item)]
    expected = [each["start"]["date_time"][:16] for each in wanted if "start" in each]
    assert [each for each in clocks if not each.endswith("09:00")] == expected
    assert len(clocks) == (9 if exceptions is None else 10)
    assert (await asking.explains("Daily"))["state"] == "synced"


@pytest.mark.feature("F4")
@pytest.mark.parametrize(
    ("decision", "stands"), [({"take": "crm"}, 30), ({"take": "microsoft"}, 45), ({"value": 60}, 60)]
)
async def test_a_reminder_is_in_question_as_minutes(asking, decision, stands):
    item = await asking.has("Visit", **FIRST, reminder_minutes=15)
    await asking.edits(item, reminderMinutesBeforeStart=45)
    await asking.patches("Visit", reminder_minutes=30)
    await asking.syncs()
    conflict = await in_question(asking)
    assert [conflict[name] for name in ("field", "base", "crm", "microsoft")] == [
        "reminder_minutes",
        15,
        30,
        45,
    ]

    await resolves(asking, conflict, **decision)

    assert (await asking.record("Visit"))["reminder_minutes"] == stands
    there = await asking.outlook("GET", f"events/{item['id']}")
    assert there["reminderMinutesBeforeStart"] == stands


@pytest.mark.feature("F4")
@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (None, "/value"),
        (FIRST["start"], "/value"),
        ({}, "/value"),
        ({"title": "Else"}, "/value"),
        ({"start": {"date_time": "2026-03-02T09:00:00Z", "time_zone": "UTC"}}, "/value/start/date_time"),
        ({"end": FIRST["start"]}, "/value/end"),
        ({"recurrence": {"rrule": "FREQ=DAILY;INTERVAL=0"}}, "/value/recurrence/rrule"),
        ({"recurrence": {"rrule": RULE, "exceptions": []}}, "/value/recurrence/exceptions"),
    ],
)
async def test_a_time_that_no_event_can_have_decides_nothing(asking, value, pointer):
    await moved_by_both(asking)
    conflict = await in_question(asking)

    told = await resolves(asking, conflict, value=value, status=422)

    assert [error["pointer"] for error in told["errors"]] == [pointer]
    assert await in_question(asking) == conflict


@pytest.mark.feature("F6")
@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ([MINE], "/value"),
        ({"rrule": RULE}, "/value"),
        ({"rrule": "FREQ=DAILY", "exceptions": []}, "/value/rrule"),
        ({"exceptions": [{"cancelled": True}]}, "/value/exceptions/0/original_start"),
        ({"exceptions": [MINE, MINE]}, "/value/exceptions"),
        ({"exceptions": [], "until": "2027"}, "/value/until"),
    ],
)
async def test_exceptions_that_no_series_can_have_decide_nothing(asking, value, pointer):
    await occurrence_moved_by_both(asking)
    conflict = await in_question(asking)

    told = await resolves(asking, conflict, value=value, status=422)

    assert [error["pointer"] for error in told["errors"]] == [pointer]
    assert await in_question(asking) == conflict
