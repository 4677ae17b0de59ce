"""A series is one record and one item; what differs from it travels both ways."""

from datetime import datetime

import pytest

from tests.calendar.diary import at, clock_of, graph

DAILY = {"rrule": "FREQ=DAILY;COUNT=10", "exceptions": []}


def day(moment):
    return moment["date_time"][:10]


def spoken(on):
    """Return a day as a sentence for a person says it."""
    date = datetime.fromisoformat(day(at(on)))
    return f"{date.day} {date:%B %Y}"


async def stand_up(ada, **more):
    return await ada.has("Stand-up", start=at(1), end=at(1, "09:15"), recurrence=DAILY, **more)


@pytest.mark.feature("F6")
async def test_a_series_is_written_once(ada):
    seen = await ada.person.journal_end()
    item = await stand_up(ada)
    await ada.syncs()

    assert (item["type"], item["recurrence"]["range"]["numberOfOccurrences"]) == ("seriesMaster", 10)
    assert len(await ada.writes(after=seen)) == 1


@pytest.mark.feature("F6")
@pytest.mark.lesson(8)
async def test_an_occurrence_that_is_moved_in_the_crm_is_moved_in_outlook_alone(ada):
    item = await stand_up(ada)
    moved = {"original_start": at(3), "start": at(3, "11:00"), "end": at(3, "11:30"), "title": "Long"}

    await ada.puts("Stand-up", recurrence={**DAILY, "exceptions": [moved]})
    await ada.settles()

    rows = await ada.occurrences(item)
    assert [(r["type"], r["subject"], clock_of(r)[11:]) for r in rows[1:4]] == [
        ("occurrence", "Stand-up", "09:00"), ("exception", "Long", "11:00"), ("occurrence", "Stand-up", "09:00"),
    ]  # fmt: skip
    assert await ada.news() == []
    assert (await ada.link("Stand-up"))["code"] == "in_scope"


@pytest.mark.feature("F6")
async def test_an_occurrence_that_is_cancelled_in_the_crm_goes_from_outlook_for_good(ada):
    item = await stand_up(ada)
    await ada.puts(
        "Stand-up", recurrence={**DAILY, "exceptions": [{"original_start": at(3), "cancelled": True}]}
    )
    await ada.settles()
    assert len(await ada.occurrences(item)) == 9

    await ada.patches("Stand-up", recurrence=DAILY, title="Stand up")
    await ada.settles()

    told, name = await ada.explains("Stand-up"), spoken(3)
    said = (
        f"Outlook can't bring back what was cancelled of a series: {name}. Send that as cancelled again, and"
        " make an event of its own where it is to take place after all."
    )
    assert (told["state"], told["reason"], told["problem"]["detail"]) == ("parked", "unsupported_value", said)
    assert said in told["detail"]
    assert len(await ada.occurrences(await ada.event("Stand up"))) == 9


@pytest.mark.feature("F6")
async def test_an_occurrence_that_cannot_be_brought_back_holds_up_no_other(ada):
    item = await stand_up(ada)
    third, fourth = ({"original_start": at(on), "cancelled": True} for on in (3, 4))
    moved = {"original_start": at(6), "start": at(6, "11:00"), "end": at(6, "11:30")}
    await ada.patches("Stand-up", recurrence={**DAILY, "exceptions": [third]})
    await ada.settles()

    await ada.patches("Stand-up", recurrence={**DAILY, "exceptions": [fourth, moved]})
    await ada.settles()

    clocks = [clock_of(each) for each in await ada.occurrences(item)]
    assert [each for each in clocks if not each.endswith("T09:00")] == [f"{day(at(6))}T11:00"]
    assert {day(at(on)) for on in (3, 4)}.isdisjoint(each[:10] for each in clocks)
    told = await ada.explains("Stand-up")
    assert (told["state"], told["reason"]) == ("parked", "unsupported_value")
    assert f"of a series: {spoken(3)}. Send" in told["problem"]["detail"]
    assert await ada.news() == []

    await ada.patches("Stand-up", recurrence={**DAILY, "exceptions": [third, fourth, moved]})
    await ada.settles()
    assert (await ada.explains("Stand-up"))["state"] == "synced"


@pytest.mark.feature("F6")
async def test_a_cancellation_that_never_reached_outlook_may_be_taken_back(ada):
    item = await stand_up(ada)
    cancelled = {"original_start": at(3), "cancelled": True}
    await ada.patches("Stand-up", recurrence={**DAILY, "exceptions": [cancelled]})
    await ada.patches("Stand-up", recurrence=DAILY)
    await ada.settles()

    assert len(await ada.occurrences(item)) == 10
    assert (await ada.explains("Stand-up"))["state"] == "synced"


@pytest.mark.feature("F6")
@pytest.mark.lesson(9)
async def test_an_occurrence_that_is_deleted_in_outlook_is_cancelled_in_the_crm(ada):
    item = await stand_up(ada)
    await ada.news()
    await ada.deletes((await ada.occurrences(item))[2])
    await ada.syncs()

    change = await ada.told()

    assert (change["type"], change["changed"]) == ("event.updated", ["recurrence"])
    assert change["record"]["recurrence"]["exceptions"] == [{"original_start": at(3), "cancelled": True}]


@pytest.mark.feature("F6")
async def test_exceptions_of_both_sides_stand_side_by_side(ada):
    item = await stand_up(ada)
    second = (await ada.occurrences(item))[1]
    await ada.edits(second, subject="From Outlook")
    moved = {"original_start": at(5), "start": at(5, "12:00"), "end": at(5, "12:15")}
    await ada.puts("Stand-up", recurrence={**DAILY, "exceptions": [moved]})
    await ada.syncs()

    exceptions = (await ada.record("Stand-up"))["recurrence"]["exceptions"]
    assert [(day(e["original_start"]), e.get("title")) for e in exceptions] == [
        (day(at(2)), "From Outlook"), (day(at(5)), None),
    ]  # fmt: skip
    rows = await ada.occurrences(item)
    assert [r["subject"] for r in rows if r["type"] == "exception"] == ["From Outlook", "Stand-up"]


@pytest.mark.lesson(7)
@pytest.mark.lesson(7)
async def test_an_occurrence_that_is_edited_in_outlook_unheard_survives_a_write_of_another(ada):
    item = await stand_up(ada)
    fifth = (await ada.occurrences(item))[4]
    await ada.edits(fifth, subject="Outdoors")
    moved = {"original_start": at(3), "title": "Long"}
    await ada.patches("Stand-up", recurrence={**DAILY, "exceptions": [moved]})
    await ada.settles()
    await ada.syncs()

    exceptions = (await ada.record("Stand-up"))["recurrence"]["exceptions"]
    titles = {day(each["original_start"]): each.get("title") for each in exceptions}
    assert titles == {day(at(3)): "Long", day(at(5)): "Outdoors"}
    assert [row["subject"] for row in (await ada.occurrences(item))[2:5]] == ["Long", "Stand-up", "Outdoors"]


async def test_a_single_event_becomes_a_series_and_a_series_a_single_event_in_place(ada):
    item = await ada.has("Call")
    await ada.puts("Call", recurrence=DAILY)
    await ada.settles()
    series = await ada.event("Call")
    assert (series["id"], series["type"]) == (item["id"], "seriesMaster")

    await ada.patches("Call", recurrence=None)
    await ada.settles()
    assert (await ada.event("Call"))["type"] == "singleInstance"
    assert await ada.news() == []


@pytest.mark.lesson(7)
async def test_a_series_that_outlook_moves_keeps_its_record(ada):
    item = await stand_up(ada)
    await ada.news()
    await ada.edits(item, start=graph(at(1, "14:00")), end=graph(at(1, "14:15")))
    await ada.syncs()

    change = await ada.told()

    assert (change["crm_id"], change["record"]["start"]) == ("Stand-up", at(1, "14:00"))
    assert change["record"]["recurrence"] == {"rrule": "FREQ=DAILY;COUNT=10", "exceptions": []}
    assert len(await ada.events()) == 1


async def test_a_rule_that_outlook_cannot_hold_parks_the_record_and_says_which_part(ada):
    await ada.puts(
        "Odd", title="Odd", start=at(1), end=at(1, "10:00"), recurrence={"rrule": "FREQ=HOURLY;COUNT=3"}
    )
    await ada.settles()

    told = await ada.explains("Odd")

    assert (told["reason"], told["state"]) == ("unsupported_recurrence", "parked")
    assert "HOURLY" in told["problem"]["detail"]
    assert await ada.events() == []


@pytest.mark.feature("F6")
async def test_exceptions_that_outlook_drops_when_its_user_moves_a_series_are_kept_in_a_conflict(ada):
    item = await stand_up(ada)
    moved = {"original_start": at(3), "start": at(3, "11:00"), "end": at(3, "11:30")}
    await ada.puts("Stand-up", recurrence={**DAILY, "exceptions": [moved]})
    await ada.settles()

    await ada.edits(item, start=graph(at(1, "14:00")), end=graph(at(1, "14:15")))
    await ada.syncs()

    assert (await ada.record("Stand-up"))["recurrence"]["exceptions"] == []
    (conflict,) = (await ada.crm("GET", "/v1/conflicts?entity=calendar"))["data"]
    assert (conflict["field"], conflict["status"], conflict["kept"]) == (
        "recurrence",
        "resolved",
        "microsoft",
    )
    assert conflict["crm"]["exceptions"] == [{**moved, "original_start": at(3, "14:00")}]
    codes = [decision["code"] for decision in (await ada.explains("Stand-up"))["decisions"]]
    assert "exception_lost" in codes
