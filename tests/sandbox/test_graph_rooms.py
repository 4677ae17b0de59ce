"""Rooms: they answer whoever invites them at once, by whether they are free."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from calendar_stage import IN_JULY, at, event, weekly
from graph_stage import Outlook, Stage

pytestmark = pytest.mark.feature("F8")

ADELE, ALEX, ROOM = "adele@contoso.example", "alex@contoso.example", "room.3@contoso.example"
INVITED = [{"type": "resource", "emailAddress": {"address": ROOM}}]


@pytest.fixture
async def room(stage: Stage) -> AsyncIterator[Outlook]:
    await stage.control("users", mail=ROOM, display_name="Room 3", room=True)
    async with await stage.outlook(ROOM) as client:
        yield client


async def mails(stage: Stage) -> list[tuple[str, str]]:
    answer = await stage.controls.get("/_sandbox/outbox", params={"mail": ROOM})
    return [(m["subject"], *m["to"]) for m in answer.json()["messages"]]


async def answer_in(outlook: Outlook, made: dict[str, Any]) -> str:
    row = await outlook.read(f"me/events/{made['id']}")
    return row["attendees"][0]["status"]["response"]


async def test_a_free_room_accepts_and_the_organizer_hears_of_it(stage: Stage, adele: Outlook, room: Outlook):
    made = await adele.made("me/events", **event("Lunch", attendees=INVITED))

    assert made["attendees"][0]["status"]["response"] == "none"
    seen = await adele.read(f"me/events/{made['id']}")
    assert seen["attendees"][0]["status"]["response"] == "accepted"
    assert seen["@odata.etag"] != made["@odata.etag"]
    (held,) = (await room.read("me/events"))["value"]
    assert (held["responseStatus"]["response"], held["showAs"]) == ("accepted", "busy")
    assert await mails(stage) == [("Accepted: Lunch", ADELE)]


TAKEN = [
    pytest.param("2026-07-06T09:30", "2026-07-06T10:30", {}, "declined", id="overlaps"),
    pytest.param("2026-07-06T10:00", "2026-07-06T11:00", {}, "accepted", id="begins as the other ends"),
    pytest.param("2026-07-06T08:00", "2026-07-06T09:00", {}, "accepted", id="ends as the other begins"),
    pytest.param("2026-07-13T08:30", "2026-07-13T09:30", {"recurrence": weekly(start="2026-07-13")}, "accepted", id="a series beside it"),
    pytest.param("2026-06-29T09:30", "2026-06-29T10:30", {"recurrence": weekly(start="2026-06-29")}, "declined", id="a series one event of which overlaps"),
]  # fmt: skip


@pytest.mark.parametrize(("start", "end", "more", "answer"), TAKEN)
async def test_a_room_that_is_taken_declines(
    stage: Stage, adele: Outlook, room: Outlook, start, end, more, answer
):
    await room.made("me/events", **event("Cleaning"))
    made = await adele.made("me/events", **event("Lunch", start, end, attendees=INVITED, **more))

    assert await answer_in(adele, made) == answer
    assert len((await room.read("me/events"))["value"]) == (2 if answer == "accepted" else 1)
    assert await mails(stage) == [(f"{answer.title()}: Lunch", ADELE)]


async def test_what_is_free_takes_no_room(adele: Outlook, room: Outlook):
    await room.made("me/events", **event("Open day", showAs="free"))
    made = await adele.made("me/events", **event("Lunch", attendees=INVITED))

    assert await answer_in(adele, made) == "accepted"


async def test_another_time_asks_a_room_again_and_another_subject_does_not(
    stage: Stage, adele: Outlook, room: Outlook
):
    await room.made("me/events", **event("Cleaning", "2026-07-07T09:00", "2026-07-07T10:00"))
    made = await adele.made("me/events", **event("Lunch", attendees=INVITED))

    await adele.patch(f"me/events/{made['id']}", json={"subject": "Dinner"})
    assert await mails(stage) == [("Accepted: Lunch", ADELE)]
    assert await answer_in(adele, made) == "accepted"
    tuesday = {"start": at("2026-07-07T09:00"), "end": at("2026-07-07T10:00")}
    await adele.patch(f"me/events/{made['id']}", json=tuesday)
    assert await answer_in(adele, made) == "declined"


async def test_one_event_of_a_series_that_moves_to_where_a_room_is_taken_is_declined_alone(
    adele: Outlook, room: Outlook
):
    await room.made("me/events", **event("Cleaning", "2026-07-14T09:00", "2026-07-14T10:00"))
    made = await adele.made("me/events", **event("Lunch", attendees=INVITED, recurrence=weekly()))
    path = f"me/events/{made['id']}/instances?{IN_JULY}"
    _, second, *_ = (await adele.read(path))["value"]

    tuesday = {"start": at("2026-07-14T09:00"), "end": at("2026-07-14T10:00")}
    await adele.patch(f"me/events/{second['id']}", json=tuesday)

    rows = (await adele.read(path))["value"]
    answers = [row["attendees"][0]["status"]["response"] for row in rows]
    assert answers == ["accepted", "declined", "accepted", "accepted"]


async def test_a_meeting_that_is_forwarded_to_a_room_is_answered(adele: Outlook, room: Outlook):
    made = await adele.made("me/events", **event("Lunch"))
    await adele.post(
        f"me/events/{made['id']}/forward", json={"toRecipients": [{"emailAddress": {"address": ROOM}}]}
    )

    assert await answer_in(adele, made) == "accepted"


async def test_a_room_is_one_until_it_is_said_not_to_be(stage: Stage, adele: Outlook, room: Outlook):
    await stage.control("users", mail=ROOM, display_name="Room 3 (old)")
    first = await adele.made("me/events", **event("Lunch", attendees=INVITED))
    await stage.control("users", mail=ROOM, room=False)
    second = await adele.made(
        "me/events", **event("Dinner", "2026-07-08T18:00", "2026-07-08T19:00", attendees=INVITED)
    )

    assert (await answer_in(adele, first), await answer_in(adele, second)) == ("accepted", "none")
