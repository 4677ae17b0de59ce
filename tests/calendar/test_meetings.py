"""Nobody is mailed by surprise: who may be, and what happens to writes that would mail (F5)."""

import pytest

from tests.calendar.diary import at, guest

EVE = {"address": "eve@example.org", "name": "Eve", "role": "required"}
pytestmark = pytest.mark.feature("F5")


async def guests(ada, title):
    return [each["emailAddress"]["address"] for each in (await ada.event(title))["attendees"]]


@pytest.mark.lesson(2)
async def test_guests_of_the_crm_stay_in_the_crm_where_nobody_is_ever_mailed(ada):
    await ada.has("Viewing", attendees=[EVE])
    await ada.puts("Viewing", title="Viewing", attendees=[EVE], location="12 High St")
    await ada.settles()

    assert await guests(ada, "Viewing") == []
    assert (await ada.event("Viewing"))["location"]["displayName"] == "12 High St"
    assert (await ada.record("Viewing"))["attendees"] == [{**EVE, "response": "none"}]
    assert await ada.outbox() == []


@pytest.mark.parametrize("before", ["never", "when_asked"])
async def test_choosing_always_mails_nothing_that_exists(ada, before):
    await ada.chooses(invitations=before)
    await ada.has("Viewing", attendees=[EVE])
    await ada.chooses(invitations="always")
    await ada.syncs(full=True)
    await ada.patches("Viewing", location="12 High St")
    await ada.settles()
    assert (await guests(ada, "Viewing"), await ada.outbox()) == ([], [])

    await ada.patches("Viewing", attendees=[EVE, {**EVE, "address": "bob@example.org"}])
    await ada.settles()

    assert await guests(ada, "Viewing") == ["eve@example.org", "bob@example.org"]
    assert [(m["kind"], sorted(m["to"])) for m in await ada.outbox()] == [
        ("invitation", ["bob@example.org", "eve@example.org"])
    ]


async def test_always_invites_guests_of_what_is_still_to_come_only(ada):
    await ada.chooses(invitations="always")
    await ada.puts("Over", title="Over", start=at(-3), end=at(-3, "10:00"), attendees=[EVE])
    await ada.has("Viewing", attendees=[EVE])

    assert [m["subject"] for m in await ada.outbox()] == ["Viewing"]
    assert await guests(ada, "Over") == []


async def test_a_series_that_was_moved_into_the_past_is_over_whatever_differed_of_it(ada):
    await ada.chooses(invitations="always")
    differs = {"original_start": at(3), "title": "Other"}
    series = {"rrule": "FREQ=DAILY;COUNT=5", "exceptions": [differs]}
    await ada.has("Viewing", attendees=[EVE], recurrence=series)
    mailed = await ada.outbox()

    await ada.patches("Viewing", start=at(-20), end=at(-20, "10:00"))
    await ada.settles()

    assert await ada.outbox() == mailed
    assert (await ada.link("Viewing"))["code"] == "invitation_blocked"


async def test_when_asked_invites_only_to_what_the_crm_marks_so(ada):
    await ada.chooses(invitations="when_asked")
    await ada.has("Quiet", attendees=[EVE])
    await ada.has("Loud", attendees=[EVE], invite=True)
    assert [m["subject"] for m in await ada.outbox()] == ["Loud"]

    await ada.patches("Quiet", invite=True)
    await ada.settles()

    assert [m["subject"] for m in await ada.outbox()] == ["Loud", "Quiet"]


@pytest.mark.parametrize(("asked", "mailed"), [("before", []), ("after", ["Viewing"])])
async def test_asking_mails_guests_of_an_event_that_was_there_only_where_it_may(ada, asked, mailed):
    await ada.has("Viewing", attendees=[EVE])
    for step in ("before", "after"):
        if step == asked:
            await ada.patches("Viewing", invite=True)
            await ada.settles()
        await ada.chooses(invitations="when_asked")
        await ada.syncs(full=True)

    assert [message["subject"] for message in await ada.outbox()] == mailed


async def test_somebody_whom_outlooks_user_invites_is_beside_those_whom_nobody_may_mail(ada):
    await ada.chooses(invitations="when_asked")
    item = await ada.has("Viewing", attendees=[EVE])
    await ada.edits(item, attendees=[guest("kim@example.org")])
    await ada.syncs()

    held = {each["address"] for each in (await ada.record("Viewing"))["attendees"]}
    assert held == {"eve@example.org", "kim@example.org"}
    assert await guests(ada, "Viewing") == ["kim@example.org"]


@pytest.mark.parametrize(
    "edit", [{"title": "Lunch!"}, {"location": "Room 2"}, {"description": "Bring cake."}]
)
async def test_an_edit_that_would_mail_the_guests_of_outlooks_meeting_is_parked_and_says_so(ada, edit):
    await ada.adds("Lunch", start=at(1, "12:00"), end=at(1, "13:00"), attendees=[guest("eve@example.org")])
    await ada.syncs()
    born = (await ada.told())["record"]
    await ada.crm("PUT", f"/v1/events/e-1?record_id={born['record_id']}", {"title": "Lunch"})
    mailed = await ada.outbox()

    await ada.patches("e-1", **edit, reminder_minutes=5)
    await ada.settles()

    told = await ada.explains("e-1")
    assert (told["reason"], told["state"]) == ("invitation_blocked", "parked")
    assert (await ada.event("Lunch"))["reminderMinutesBeforeStart"] == 5
    assert await ada.outbox() == mailed


async def test_deleting_a_meeting_in_the_crm_never_sends_a_cancellation_by_itself(ada):
    await ada.chooses(removed_from_crm="delete")
    await ada.adds("Lunch", start=at(1, "12:00"), end=at(1, "13:00"), attendees=[guest("eve@example.org")])
    await ada.syncs()
    born = (await ada.told())["record"]
    await ada.crm("PUT", f"/v1/events/e-1?record_id={born['record_id']}", {"title": "Lunch"})
    mailed = await ada.outbox()

    await ada.crm("DELETE", "/v1/events/e-1")
    await ada.settles()

    assert (await ada.event("Lunch"))["subject"] == "Lunch"
    assert (await ada.link("e-1"))["code"] == "invitation_blocked"
    assert await ada.outbox() == mailed


async def invitations_of(ada, guests):
    await ada.chooses(invitations="always")
    await ada.crm("PATCH", "/v1/workspace", {"breaker": {"max_invitations": 3}})
    people = [{**EVE, "address": f"guest{number}@example.org"} for number in range(guests)]
    await ada.puts("Party", title="Party", start=at(1), end=at(1, "10:00"), attendees=people)
    await ada.settles()


@pytest.mark.parametrize("answer", ["apply", "cancel"])
async def test_more_mails_than_the_ceiling_wait_for_somebodys_word(ada, answer):
    await ada.has("Quiet")
    await invitations_of(ada, 4)
    (asked,) = await ada.person.runs(status="awaiting_approval")
    assert (asked["approval"]["reason"], asked["approval"]["would"]["invitations"]) == ("invitations", 4)
    assert await ada.outbox() == []

    if answer == "apply":
        await ada.crm("POST", f"/v1/runs/{asked['id']}/approve", {"decision": "apply"})
    else:
        await ada.crm("POST", f"/v1/runs/{asked['id']}/cancel")
    await ada.settles()

    mailed = [len(message["to"]) for message in await ada.outbox()]
    reason = (await ada.explains("Party"))["reason"]
    assert (mailed, reason) == (([4], "in_scope") if answer == "apply" else ([], "invitation_blocked"))


async def test_as_many_mails_as_the_ceiling_allows_are_counted_in_their_run(ada):
    await invitations_of(ada, 3)

    assert [len(message["to"]) for message in await ada.outbox()] == [3]
    assert sum(run["counts"]["invitations"] for run in await ada.person.runs()) == 3


@pytest.mark.feature("F2")
async def test_a_preview_shows_whom_it_would_mail_by_address_and_mails_nobody(ada):
    await ada.chooses(direction="microsoft_to_crm")
    await ada.settles()
    await ada.puts("Viewing", title="Viewing", start=at(1), end=at(1, "10:00"), attendees=[EVE])

    run = await ada.previews(direction="two_way", invitations="always")

    (step,) = [step for step in await ada.person.plan(run) if step["mails"]]
    assert (step["step"], step["title"], step["mails"]) == ("create", "Viewing", ["eve@example.org"])
    assert (run["counts"]["invitations"], await ada.outbox()) == (1, [])


@pytest.mark.feature("F5")
@pytest.mark.parametrize("direction", ["crm_to_microsoft", "two_way"])
@pytest.mark.parametrize("what", ["edit", "delete"])
async def test_a_guest_whom_its_user_invited_is_mailed_by_no_write_of_the_crm(ada, direction, what):
    await ada.chooses(direction=direction, removed_from_crm="delete")
    item = await ada.has("Visit")
    await ada.edits(item, attendees=[guest("eve@example.org")])
    await ada.syncs()
    before = len(await ada.outbox())

    if what == "edit":
        await ada.patches("Visit", title="Visit at nine")
    else:
        await ada.crm("DELETE", "/v1/events/Visit")
    await ada.settles()

    assert len(await ada.outbox()) == before
    assert (await ada.event("Visit"))["attendees"]
