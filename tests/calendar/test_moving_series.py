"""What becomes of the occurrences that differ when their series is moved, or can't be where they should be."""

import pytest

from tests.calendar.diary import at, clock_of, graph, whole
from tests.calendar.test_agreement import quiet

RULE = "FREQ=DAILY;COUNT=10"
pytestmark = pytest.mark.feature("F6")


def lasting(clock):
    return {"start": at(1, clock), "end": at(1, f"{clock[:3]}15")}


def series(*exceptions):
    return {"rrule": RULE, "exceptions": list(exceptions)}


def long(clock="09:00"):
    return {"original_start": at(3, clock), "title": "Long", "start": at(3, "11:00"), "end": at(3, "12:00")}


async def stand_up(ada, *exceptions):
    return await ada.has("Stand-up", **lasting("09:00"), recurrence=series(*exceptions))


async def rows(ada):
    found = await ada.occurrences(await ada.event("Stand-up"), days=9)
    return [(row["subject"], clock_of(row)[11:]) for row in found]


@pytest.mark.lesson(7)
async def test_a_series_that_the_crm_moves_keeps_what_differs_of_it(ada):
    await stand_up(ada, long(), {"original_start": at(5), "cancelled": True})
    cancelled = {"original_start": at(5, "10:00"), "cancelled": True}

    await ada.patches("Stand-up", **lasting("10:00"), recurrence=series(long("10:00"), cancelled))
    await ada.settles()

    usual = ("Stand-up", "10:00")
    assert (await rows(ada))[:4] == [usual, usual, ("Long", "11:00"), usual]
    assert len(await ada.occurrences(await ada.event("Stand-up"))) == 9
    await quiet(ada, outbox=[])


@pytest.mark.lesson(7)
async def test_a_series_that_the_crm_moves_saying_nothing_of_what_differs_keeps_it(ada):
    await stand_up(ada, long())

    await ada.patches("Stand-up", **lasting("10:00"))
    await ada.settles()

    assert (await rows(ada))[:3] == [("Stand-up", "10:00"), ("Stand-up", "10:00"), ("Long", "11:00")]
    await quiet(ada, outbox=[])


async def test_an_occurrence_that_would_pass_its_neighbour_parks_the_series_and_says_so(ada):
    await stand_up(ada)
    far = {"original_start": at(3), "start": at(6, "11:00"), "end": at(6, "12:00")}
    await ada.patches("Stand-up", recurrence=series(far))
    await ada.settles()

    told = await ada.explains("Stand-up")
    assert told["state"] == "parked"
    assert "occurrence" in told["problem"]["detail"].lower()

    await ada.patches("Stand-up", recurrence=series())
    await ada.settles()
    assert (await ada.explains("Stand-up"))["reason"] == "in_scope"


async def test_a_changed_occurrence_is_again_as_its_series_when_the_crm_says_so(ada):
    await stand_up(ada, long())
    await ada.patches("Stand-up", recurrence=series())
    await ada.settles()

    assert set(await rows(ada)) == {("Stand-up", "09:00")}
    await quiet(ada, outbox=[])


@pytest.mark.lesson(11)
async def test_a_time_becomes_a_whole_day_and_a_time_again(ada):
    await ada.has("Visit")
    await ada.patches("Visit", start=whole(4))
    await ada.settles()
    item = await ada.event("Visit")
    assert (item["isAllDay"], item["start"]["dateTime"][:10]) == (True, whole(4)["date"])

    await ada.patches("Visit", start=at(4, "15:00"))
    await ada.settles()

    item = await ada.event("Visit")
    assert (item["isAllDay"], clock_of(item), item["end"]["dateTime"][11:16]) == (
        False, at(4, "15:00")["date_time"][:16], "15:30",
    )  # fmt: skip
    await quiet(ada, outbox=[])


@pytest.mark.lesson(7)
async def test_a_series_that_outlook_moves_loses_what_differed_and_the_crm_hears_of_it_once(ada):
    item = await stand_up(ada, long())
    await ada.news()
    await ada.edits(item, start=graph(at(1, "14:00")), end=graph(at(1, "14:15")))
    await ada.syncs()

    change = await ada.told()
    assert change["record"]["recurrence"]["exceptions"] == []
    assert set(await rows(ada)) == {("Stand-up", "14:00")}
    await quiet(ada, outbox=[])


@pytest.mark.lesson(7)
@pytest.mark.parametrize("dropped", ["before_commit", "after_commit"])
@pytest.mark.parametrize("place", [0, 1], ids=["of its time", "of what differs"])
async def test_a_lost_answer_loses_nothing_of_a_series_that_is_moved(ada, dropped, place):
    await stand_up(ada, long())
    match = {"mail": ada.mail, "method": "PATCH"}
    await ada.stage.control("faults", fault={"drop": dropped}, match=match, skip=place)

    await ada.patches("Stand-up", **lasting("10:00"))
    await ada.settles()
    await ada.syncs()

    assert (await ada.stage.sandbox.get("/_sandbox/faults")).json()["faults"] == []
    assert (await rows(ada))[:3] == [("Stand-up", "10:00"), ("Stand-up", "10:00"), ("Long", "11:00")]
    assert (await ada.record("Stand-up"))["recurrence"]["exceptions"] == [long("10:00")]
    await quiet(ada, outbox=[])
