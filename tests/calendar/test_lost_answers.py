"""What Microsoft did, and mailed, though its answer got lost: nobody is told twice."""

import pytest

from tests.calendar.diary import at

EVE = {"address": "eve@example.org", "name": "Eve", "role": "required"}
KIM = {**EVE, "address": "kim@example.org"}
pytestmark = [pytest.mark.feature("F5"), pytest.mark.feature("F8"), pytest.mark.lesson(25)]


@pytest.fixture
async def inviting(ada):
    await ada.chooses(invitations="always", removed_from_crm="delete")
    return ada


async def loses_answers(ada, *, times=3):
    """Let the answers to her next writes get lost, and what they did stay done."""
    for method in ("POST", "PATCH", "DELETE"):
        match = {"mail": ada.mail, "path": "/v1.0/me/*events*", "method": method}
        await ada.stage.control("faults", match=match, fault={"drop": "after_commit"}, times=times)
    await ada.settles()
    await ada.person.syncs(patience=300)


async def told(ada):
    return [(message["kind"], *message["to"]) for message in await ada.outbox()]


def daily(**exception):
    others = [{"original_start": at(2), **exception}] if exception else []
    return {"rrule": "FREQ=DAILY;COUNT=5", "exceptions": others}


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"end": at(1, "10:00")}, id="with an end"),
        pytest.param({}, id="without an end"),
        pytest.param({"description": "Bring\ncake."}, id="with a text"),
        pytest.param({"start": {"date": at(1)["date_time"][:10]}}, id="of a day"),
        pytest.param({"recurrence": daily()}, id="a series"),
    ],
)
async def test_guests_are_invited_once(inviting, said):
    await inviting.puts("Viewing", **{"title": "Viewing", "start": at(1), "attendees": [EVE], **said})
    await loses_answers(inviting)

    assert await told(inviting) == [("invitation", "eve@example.org")]
    assert len(await inviting.events()) == 1


@pytest.mark.parametrize(
    ("differs", "kind"), [({"cancelled": True}, "cancellation"), ({"title": "Longer"}, "update")]
)
async def test_occurrences_of_a_new_series_differ_also_where_its_making_went_unheard(inviting, differs, kind):
    series = daily(**differs)
    await inviting.puts("Viewing", title="Viewing", start=at(1), attendees=[EVE], recurrence=series)
    await loses_answers(inviting)

    assert await told(inviting) == [("invitation", "eve@example.org"), (kind, "eve@example.org")]
    (held,) = (await inviting.record("Viewing"))["recurrence"]["exceptions"]
    assert held == series["exceptions"][0]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param({"title": "Ball"}, id="title"),
        pytest.param({"location": "Room 2"}, id="place"),
        pytest.param({"description": "Bring\ncake.\n"}, id="text"),
        pytest.param({"start": at(3), "end": None}, id="time without an end"),
        pytest.param({"start": at(3), "end": at(3, "11:00")}, id="time"),
        pytest.param({"title": "Ball", "location": "Room 2", "start": at(3), "end": None}, id="all at once"),
        pytest.param({"recurrence": daily(title="Longer")}, id="occurrence"),
        pytest.param({"recurrence": daily(start=at(2, "15:00"))}, id="occurrence's time"),
    ],
)
async def test_guests_are_told_of_an_edit_once(inviting, edit):
    series = {"recurrence": daily()} if "recurrence" in edit else {}
    await inviting.has("Viewing", attendees=[EVE], **series)
    await inviting.patches("Viewing", **edit)
    await loses_answers(inviting)

    assert await told(inviting) == [("invitation", "eve@example.org"), ("update", "eve@example.org")]


async def test_of_occurrences_of_which_one_is_refused_at_first_each_is_told_once(inviting):
    await inviting.has("Viewing", attendees=[EVE], recurrence=daily())
    changes = [{"original_start": at(day), "title": f"Longer {day}"} for day in (2, 3, 4)]
    await inviting.patches("Viewing", recurrence={**daily(), "exceptions": changes})
    match = {"mail": inviting.mail, "path": "/v1.0/me/events*", "method": "PATCH"}
    fault = {"status": 429, "retry_after": 2}
    await inviting.stage.control("faults", match=match, fault=fault, skip=1, times=1)
    await inviting.settles()

    titles = sorted(message["subject"] for message in await inviting.outbox())
    assert titles == ["Longer 2", "Longer 3", "Longer 4", "Viewing"]


async def test_a_guest_more_and_one_less_are_told_once(inviting):
    await inviting.has("Viewing", attendees=[EVE])
    await inviting.patches("Viewing", attendees=[KIM])
    await loses_answers(inviting)

    assert await told(inviting) == [
        ("invitation", "eve@example.org"), ("invitation", "kim@example.org"), ("cancellation", "eve@example.org"),
    ]  # fmt: skip


@pytest.mark.parametrize("whole", [True, False], ids=["an event", "an occurrence"])
async def test_a_cancellation_is_sent_once(inviting, whole):
    await inviting.has("Viewing", attendees=[EVE], recurrence=daily())
    if whole:
        await inviting.crm("DELETE", "/v1/events/Viewing")
    else:
        await inviting.patches("Viewing", recurrence=daily(cancelled=True))
    await loses_answers(inviting)

    assert await told(inviting) == [("invitation", "eve@example.org"), ("cancellation", "eve@example.org")]
