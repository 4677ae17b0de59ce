"""Meetings: copies in the attendees' calendars, answers, cancellations, online meetings, and every mail they cause."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from calendar_stage import IN_JULY, at, event, weekly
from graph_stage import Outlook, Stage, error_of

pytestmark = [pytest.mark.feature("F8"), pytest.mark.lesson(2)]

ADELE, ALEX, MEGAN = "adele@contoso.example", "alex@contoso.example", "megan@contoso.example"
TEAMS = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}


def invited(*mails: str) -> list[dict[str, Any]]:
    return [{"type": "required", "emailAddress": {"address": mail}} for mail in mails]


def meeting(*mails: str, **more: Any) -> dict[str, Any]:
    return event("Lunch", attendees=invited(*(mails or (ALEX,))), **more)


@pytest.fixture
async def alex(stage: Stage) -> AsyncIterator[Outlook]:
    async with await stage.outlook(ALEX) as client:
        yield client


async def outbox(stage: Stage, mail: str = ADELE) -> list[tuple[str, list[str], str]]:
    answer = await stage.controls.get("/_sandbox/outbox", params={"mail": mail})
    return [(m["kind"], m["to"], m["subject"]) for m in answer.json()["messages"]]


async def only(outlook: Outlook) -> dict[str, Any]:
    (row,) = (await outlook.read("me/events"))["value"]
    return row


async def test_who_is_invited_is_mailed_at_once_and_has_a_copy(stage: Stage, adele: Outlook, alex: Outlook):
    made = await adele.made("me/events", **meeting(ALEX, "eve@else.example", transactionId="t"))
    copy = await only(alex)

    assert await outbox(stage) == [("invitation", [ALEX, "eve@else.example"], "Lunch")]
    assert (copy["isOrganizer"], copy["showAs"], copy["responseStatus"]["response"]) == (
        False,
        "tentative",
        "notResponded",
    )
    assert copy["organizer"]["emailAddress"]["address"] == ADELE
    assert (copy["iCalUId"], copy["transactionId"]) == (made["iCalUId"], None)
    assert [one["emailAddress"]["address"] for one in copy["attendees"]] == [ALEX, "eve@else.example"]


async def test_an_event_without_attendees_mails_nobody_whatever_is_done_to_it(stage: Stage, adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    second = (await adele.read(f"me/events/{made['id']}/instances?{IN_JULY}"))["value"][1]
    await adele.patch(f"me/events/{second['id']}", json={"subject": "x"})
    await adele.patch(f"me/events/{made['id']}", json={"subject": "x", "attendees": []})
    await adele.delete(f"me/events/{made['id']}")

    assert await outbox(stage) == []


UPDATES = [
    pytest.param({"subject": "Dinner"}, [("update", [ALEX], "Dinner")], id="a subject"),
    pytest.param({"start": at("2026-07-06T09:30")}, [("update", [ALEX], "Lunch")], id="a time"),
    pytest.param({"categories": ["Red"], "showAs": "free", "isReminderOn": False}, [], id="what is the organizer's own"),
    pytest.param({"attendees": invited(ALEX, MEGAN)}, [("invitation", [MEGAN], "Lunch")], id="somebody new"),
    pytest.param({"attendees": []}, [("cancellation", [ALEX], "Lunch")], id="somebody less"),
    pytest.param({"attendees": invited(MEGAN), "subject": "x"}, [("invitation", [MEGAN], "x"), ("cancellation", [ALEX], "x")], id="others"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "mails"), UPDATES)
async def test_an_update_mails_whom_it_concerns(stage: Stage, adele: Outlook, change, mails):
    made = await adele.made("me/events", **meeting())
    before = len(await outbox(stage))
    await adele.patch(f"me/events/{made['id']}", json=change)

    assert (await outbox(stage))[before:] == mails


@pytest.mark.lesson(8)
async def test_an_update_of_a_series_mails_once_and_once_for_each_exception(
    stage: Stage, adele: Outlook, alex: Outlook
):
    made = await adele.made("me/events", **meeting(recurrence=weekly()))
    first, second, *_ = (await adele.read(f"me/events/{made['id']}/instances?{IN_JULY}"))["value"]
    await adele.patch(f"me/events/{second['id']}", json={"subject": "Late", "showAs": "free"})
    await adele.patch(f"me/events/{made['id']}", json={"importance": "high"})
    await adele.delete(f"me/events/{first['id']}")

    assert [kind for kind, _, _ in await outbox(stage)] == [
        "invitation",
        "update",
        "update",
        "update",
        "cancellation",
    ]
    copy = await only(alex)
    rows = (await alex.read(f"me/events/{copy['id']}/instances?{IN_JULY}"))["value"]
    assert [(row["subject"], row["showAs"], row["importance"]) for row in rows] == [
        ("Late", "tentative", "high")
    ] + [("Lunch", "tentative", "high")] * 2


async def test_an_update_reaches_the_copies_and_another_time_asks_again(
    stage: Stage, adele: Outlook, alex: Outlook
):
    made = await adele.made("me/events", **meeting())
    copy = await only(alex)
    await alex.patch(f"me/events/{copy['id']}", json={"categories": ["Mine"]})
    await alex.post(f"me/events/{copy['id']}/accept", json={})
    await adele.patch(f"me/events/{made['id']}", json={"location": {"displayName": "Room 3"}})
    still = await only(alex)
    await adele.patch(f"me/events/{made['id']}", json={"end": at("2026-07-06T11:00")})
    again = await only(alex)

    assert (still["location"]["displayName"], still["responseStatus"]["response"], still["categories"]) == (
        "Room 3",
        "accepted",
        ["Mine"],
    )
    assert (again["responseStatus"]["response"], again["showAs"], again["end"]["dateTime"][11:16]) == (
        "notResponded",
        "tentative",
        "11:00",
    )
    assert (await only(adele))["attendees"][0]["status"]["response"] == "none"


ANSWERS = [
    pytest.param("accept", "accepted", "busy", "Accepted: Lunch", id="accept"),
    pytest.param(
        "tentativelyAccept", "tentativelyAccepted", "tentative", "Tentative: Lunch", id="tentatively"
    ),
    pytest.param("decline", "declined", None, "Declined: Lunch", id="decline"),
]


@pytest.mark.parametrize(("action", "response", "shown_as", "subject"), ANSWERS)
async def test_an_answer_is_kept_told_and_mailed(
    stage: Stage, adele: Outlook, alex: Outlook, action, response, shown_as, subject
):
    made = await adele.made("me/events", **meeting())
    answer = await alex.post(
        f"me/events/{(await only(alex))['id']}/{action}", json={"comment": "!", "sendResponse": True}
    )

    assert (answer.status_code, answer.content) == (202, b"")
    mine = (await alex.read("me/events"))["value"]
    assert [(row["responseStatus"]["response"], row["showAs"]) for row in mine] == (
        [] if shown_as is None else [(response, shown_as)]
    )
    organized = await only(adele)
    assert organized["attendees"][0]["status"]["response"] == response
    assert organized["@odata.etag"] != made["@odata.etag"]
    assert await outbox(stage, ALEX) == [("mail", [ADELE], subject)]


async def test_an_answer_that_is_not_sent_stays_with_the_attendee(
    stage: Stage, adele: Outlook, alex: Outlook
):
    await adele.made("me/events", **meeting())
    await alex.post(f"me/events/{(await only(alex))['id']}/accept", json={"SendResponse": False})

    assert (await only(alex))["responseStatus"]["response"] == "accepted"
    assert (await only(adele))["attendees"][0]["status"]["response"] == "none"
    assert await outbox(stage, ALEX) == []


async def test_one_occurrence_is_answered_alone(adele: Outlook, alex: Outlook):
    made = await adele.made("me/events", **meeting(recurrence=weekly()))
    copy = await only(alex)
    first, second, *_ = (await alex.read(f"me/events/{copy['id']}/instances?{IN_JULY}"))["value"]
    await alex.post(f"me/events/{first['id']}/accept", json={})
    await alex.post(f"me/events/{second['id']}/decline", json={})

    mine = (await alex.read(f"me/events/{copy['id']}/instances?{IN_JULY}"))["value"]
    organized = (await adele.read(f"me/events/{made['id']}/instances?{IN_JULY}"))["value"]
    assert [row["responseStatus"]["response"] for row in mine] == ["accepted", "notResponded", "notResponded"]
    assert [row["attendees"][0]["status"]["response"] for row in organized] == [
        "accepted",
        "declined",
        "none",
        "none",
    ]


SLOT = {"start": at("2026-07-07T12:00"), "end": at("2026-07-07T13:00")}


async def test_another_time_is_proposed_to_the_organizer(adele: Outlook, alex: Outlook):
    await adele.made("me/events", **meeting())
    await alex.post(f"me/events/{(await only(alex))['id']}/tentativelyAccept", json={"proposedNewTime": SLOT})

    proposed = (await only(adele))["attendees"][0]["proposedNewTime"]
    assert proposed["start"] == {"dateTime": "2026-07-07T12:00:00.0000000", "timeZone": "UTC"}


PROPOSALS = [
    pytest.param({}, "accept", {"proposedNewTime": SLOT}, "RequestBodyRead", id="with an acceptance"),
    pytest.param({}, "decline", {"proposedNewTime": SLOT, "sendResponse": False}, "ErrorInvalidRequest", id="without a response"),
    pytest.param({"allowNewTimeProposals": False}, "decline", {"proposedNewTime": SLOT}, "ErrorInvalidRequest", id="where it is not allowed"),
    pytest.param({}, "decline", {"proposedNewTime": {"start": at("2026-07-07T12:00")}}, "ErrorInvalidRequest", id="half a time"),
    pytest.param({}, "accept", {"sendResponse": "yes"}, "RequestBodyRead", id="no boolean"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "action", "said", "code"), PROPOSALS)
async def test_an_answer_that_does_not_fit_is_refused(
    adele: Outlook, alex: Outlook, more, action, said, code
):
    await adele.made("me/events", **meeting(**more))
    copy = await only(alex)

    assert error_of(await alex.post(f"me/events/{copy['id']}/{action}", json=said)) == (400, code)
    assert (await only(alex))["responseStatus"]["response"] == "notResponded"


async def test_an_organizer_cancels_and_does_not_answer(stage: Stage, adele: Outlook, alex: Outlook):
    made = await adele.made("me/events", **meeting())
    copy = await only(alex)

    assert error_of(await adele.post(f"me/events/{made['id']}/accept", json={})) == (
        400,
        "ErrorInvalidRequest",
    )
    refused = await alex.post(f"me/events/{copy['id']}/cancel", json={"comment": "x"})
    assert error_of(refused) == (400, "ErrorInvalidRequest")
    assert (
        refused.json()["error"]["message"]
        == "Your request can't be completed. You need to be an organizer to cancel a meeting."
    )
    assert (await adele.post(f"me/events/{made['id']}/cancel", json={"Comment": "Sorry"})).status_code == 202
    assert (await adele.read("me/events"))["value"] == []
    gone = await only(alex)
    assert (gone["isCancelled"], gone["subject"], gone["showAs"]) == (True, "Canceled: Lunch", "free")
    assert (await outbox(stage))[1:] == [("cancellation", [ALEX], "Lunch")]


@pytest.mark.lesson(14)
async def test_an_organizers_delete_cancels_for_everybody_and_an_attendees_is_silent(
    stage: Stage, adele: Outlook, alex: Outlook
):
    made = await adele.made("me/events", **meeting())
    await alex.delete(f"me/events/{(await only(alex))['id']}")

    assert await outbox(stage, ALEX) == []
    assert (await only(adele))["attendees"][0]["status"]["response"] == "none"
    await adele.delete(f"me/events/{made['id']}")
    assert (await outbox(stage))[-1] == ("cancellation", [ALEX], "Lunch")


@pytest.mark.lesson(6)
async def test_what_an_attendee_changes_of_a_copy_stays_there_until_the_next_update(
    stage: Stage, adele: Outlook, alex: Outlook
):
    made = await adele.made("me/events", **meeting())
    copy = await only(alex)
    await alex.patch(f"me/events/{copy['id']}", json={"subject": "Mine"})

    assert await outbox(stage, ALEX) == []
    assert ((await only(alex))["subject"], (await only(adele))["subject"]) == ("Mine", "Lunch")
    assert error_of(await alex.patch(f"me/events/{made['id']}", json={"subject": "x"})) == (
        404,
        "ErrorItemNotFound",
    )
    await adele.patch(f"me/events/{made['id']}", json={"importance": "low"})
    assert (await only(alex))["subject"] == "Lunch"


async def test_updates_bring_a_copy_that_was_deleted_back_once(adele: Outlook, alex: Outlook):
    made = await adele.made("me/events", **meeting())
    await alex.delete(f"me/events/{(await only(alex))['id']}")
    for subject in ("Dinner", "Supper"):
        await adele.patch(f"me/events/{made['id']}", json={"subject": subject})

    assert (await only(alex))["subject"] == "Supper"


async def test_hidden_attendees_see_themselves_only(stage: Stage, adele: Outlook, alex: Outlook):
    await adele.made("me/events", **meeting(ALEX, MEGAN, hideAttendees=True))

    assert [one["emailAddress"]["address"] for one in (await only(alex))["attendees"]] == [ALEX]
    assert len((await only(adele))["attendees"]) == 2


async def test_a_forwarded_meeting_has_one_attendee_more(stage: Stage, adele: Outlook, alex: Outlook):
    await adele.made("me/events", **meeting())
    copy = await only(alex)
    to = [{"emailAddress": {"address": MEGAN, "name": "Megan"}}]

    assert error_of(await alex.post(f"me/events/{copy['id']}/forward", json={"comment": "x"})) == (
        400,
        "ErrorInvalidRequest",
    )
    assert (await alex.post(f"me/events/{copy['id']}/forward", json={"ToRecipients": to})).status_code == 202
    assert [one["emailAddress"]["address"] for one in (await only(adele))["attendees"]] == [ALEX, MEGAN]
    async with await stage.outlook(MEGAN) as megan:
        assert (await only(megan))["isOrganizer"] is False
    assert await outbox(stage, ALEX) == [("invitation", [MEGAN], "FW: Lunch")]


async def test_reminders_are_put_off_and_dismissed(adele: Outlook):
    made = await adele.made("me/events", **event())
    path = f"me/events/{made['id']}"

    assert (
        await adele.post(f"{path}/snoozeReminder", json={"newReminderTime": at("2026-07-06T08:55")})
    ).status_code == 200
    assert (await adele.post(f"{path}/dismissReminder")).status_code == 200
    assert error_of(await adele.post(f"{path}/snoozeReminder", json={})) == (400, "ErrorInvalidRequest")
    assert (await only(adele))["@odata.etag"] == made["@odata.etag"]


async def test_a_copy_is_heard_of_by_who_watches_that_mailbox(stage: Stage, adele: Outlook, alex: Outlook):
    _, link = await alex.round(f"me/calendarView/delta?{IN_JULY}")
    await adele.made("me/events", **meeting())

    rows, _ = await alex.round(link)

    assert [row["subject"] for row in rows] == ["Lunch"]


@pytest.mark.lesson(24)
async def test_an_online_meeting_has_a_join_url_and_a_block_in_its_body(adele: Outlook, alex: Outlook):
    made = await adele.made(
        "me/events", **meeting(body={"contentType": "text", "content": "Welcome"}, **TEAMS)
    )
    later = await adele.made("me/events", **event())
    changed = (await adele.patch(f"me/events/{later['id']}", json=TEAMS)).json()

    for shown in (made, changed):
        assert shown["onlineMeeting"]["joinUrl"].startswith(
            "https://teams.microsoft.com/l/meetup-join/19%3Ameeting_"
        )
        assert shown["onlineMeeting"]["joinUrl"] in shown["body"]["content"]
        assert (shown["isOnlineMeeting"], shown["onlineMeetingProvider"]) == (True, "teamsForBusiness")
    assert "Welcome" in made["body"]["content"]
    assert "Join Microsoft Teams Meeting" in made["bodyPreview"]
    assert (await only(alex))["onlineMeeting"] == made["onlineMeeting"]


@pytest.mark.lesson(24)
async def test_an_online_meeting_stays_one_unless_its_body_loses_the_join_block(adele: Outlook):
    made = await adele.made("me/events", **event(**TEAMS))
    path = f"me/events/{made['id']}"
    kept = await adele.patch(
        path, json={"isOnlineMeeting": False, "onlineMeetingProvider": "unknown", "subject": "x"}
    )
    around = made["body"]["content"].replace("<body>", "<body>More")
    edited = await adele.patch(path, json={"body": {"contentType": "html", "content": around}})
    lost = await adele.patch(path, json={"body": {"contentType": "text", "content": "New"}})

    assert kept.json()["onlineMeeting"] == edited.json()["onlineMeeting"] == made["onlineMeeting"]
    assert (kept.json()["isOnlineMeeting"], "More" in edited.json()["body"]["content"]) == (True, True)
    assert (lost.json()["isOnlineMeeting"], lost.json()["onlineMeeting"]) == (False, None)


async def test_a_provider_that_a_calendar_does_not_allow_is_refused(stage: Stage, adele: Outlook):
    skype = event(isOnlineMeeting=True, onlineMeetingProvider="skypeForConsumer")
    assert error_of(await adele.post("me/events", json=skype)) == (400, "ErrorInvalidRequest")
    async with await stage.outlook("patti@outlook.example") as patti:
        assert (await patti.read("me/calendar"))["allowedOnlineMeetingProviders"] == []
        assert error_of(await patti.post("me/events", json=event(**TEAMS))) == (400, "ErrorInvalidRequest")
