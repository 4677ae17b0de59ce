"""Rooms that answer at once: the CRM hears what they said, and nothing is written or mailed because of it (lesson 2)."""

import pytest

from tests.calendar.diary import at

pytestmark = [pytest.mark.lesson(2), pytest.mark.feature("C4")]


@pytest.fixture
async def room(ada):
    """A room of Ada's organisation."""
    mail = f"room.{ada.mail}"
    await ada.stage.control("users", mail=mail, display_name="Room 3", room=True)
    await ada.chooses(invitations="always")
    return mail


def booked(room):
    return [{"address": room, "name": "Room 3", "role": "resource"}]


async def taken(ada, room):
    """Let the room be taken tomorrow from nine to ten."""
    ics = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:cleaning\r\nSUMMARY:Cleaning\r\n"
        f"DTSTART:{stamp(at(1))}\r\nDTEND:{stamp(at(1, '10:00'))}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    await ada.stage.control("seed", mail=room, ics=ics)


def stamp(moment):
    return moment["date_time"].replace("-", "").replace(":", "") + "Z"


@pytest.mark.parametrize(
    ("free", "answer"), [(True, "accepted"), (False, "declined")], ids=["a free room", "a taken room"]
)
async def test_what_a_room_answers_reaches_the_crm(ada, room, free, answer):
    if not free:
        await taken(ada, room)
    await ada.has("Viewing", attendees=booked(room))
    await ada.syncs()

    (guest,) = (await ada.record("Viewing"))["attendees"]
    assert (guest["address"], guest["role"], guest["response"]) == (room, "resource", answer)
    assert [(m["kind"], m["to"]) for m in await ada.outbox()] == [("invitation", [room])]


async def test_an_edit_right_after_the_room_was_booked_reaches_outlook(ada, room):
    await ada.puts("Viewing", title="Viewing", start=at(1), end=at(1, "10:00"), attendees=booked(room))
    await ada.settles()
    await ada.patches("Viewing", title="Second viewing")
    await ada.settles()

    event = await ada.event("Second viewing")
    assert event["attendees"][0]["status"]["response"] == "accepted"
    assert [m["kind"] for m in await ada.outbox()] == ["invitation", "update"]


async def test_another_time_asks_the_room_again(ada, room):
    await taken(ada, room)
    await ada.has("Viewing", start=at(2), end=at(2, "10:00"), attendees=booked(room))
    await ada.syncs()
    await ada.patches("Viewing", start=at(1), end=at(1, "10:00"))
    await ada.settles()
    await ada.syncs()

    (guest,) = (await ada.record("Viewing"))["attendees"]
    assert guest["response"] == "declined"
