"""One meeting in several connected mailboxes is one record with several links (lesson 5)."""

import pytest

from tests.calendar.diary import Diary, at, guest

pytestmark = [pytest.mark.lesson(5), pytest.mark.feature("F6")]


@pytest.fixture
async def bob(ada):
    """A colleague of Ada's whose calendar syncs into the same workspace."""
    diary = Diary(await ada.stage.newcomer(user="agent-2", workspace=ada.person.workspace))
    await diary.chooses(direction="two_way")
    await diary.syncs()
    return diary


async def lunch(ada, bob):
    return await ada.adds("Lunch", start=at(1, "12:00"), end=at(1, "13:00"), attendees=[guest(bob.mail)])


async def links(ada):
    return [
        (row["user"], row["state"])
        for row in await ada.rows(
            'SELECT c."user", l.state FROM links l JOIN connections c'
            " ON c.workspace_id = l.workspace_id AND c.id = l.connection_id"
            " WHERE l.record_id IS NOT NULL ORDER BY 1"
        )
    ]


@pytest.mark.parametrize("order", [("ada", "bob"), ("bob", "ada")], ids=["organizer first", "guest first"])
async def test_a_meeting_of_two_users_is_one_record_whoever_is_read_first(ada, bob, order):
    await lunch(ada, bob)
    people = {"ada": ada, "bob": bob}
    for name in (*order, *order):
        await people[name].syncs()

    records = (await ada.crm("GET", "/v1/events"))["data"]
    assert [(r["title"], sorted(o["user"] for o in r["owners"])) for r in records] == [
        ("Lunch", ["agent-1", "agent-2"])
    ]
    assert await links(ada) == [("agent-1", "linked"), ("agent-2", "linked")]


@pytest.mark.lesson(6)
async def test_only_the_organizers_copy_is_written(ada, bob):
    await lunch(ada, bob)
    await ada.syncs()
    await bob.syncs()
    (record,) = (await ada.crm("GET", "/v1/events"))["data"]
    await ada.crm("PUT", f"/v1/events/e-1?record_id={record['record_id']}", {"title": "Lunch"})
    await ada.chooses(invitations="always")
    seen = await bob.person.journal_end()

    await ada.patches("e-1", title="Long lunch")
    await ada.settles()
    await bob.settles()

    assert (await ada.event("Long lunch"))["isOrganizer"] is True
    assert await bob.writes(after=seen) == []
    assert [m["kind"] for m in await ada.outbox()] == ["invitation", "update"]


async def test_a_guests_removal_means_declined_and_deletes_nothing(ada, bob):
    await lunch(ada, bob)
    await ada.syncs()
    await bob.syncs()

    await bob.deletes(await bob.event("Lunch"))
    await bob.syncs()

    (record,) = (await ada.crm("GET", "/v1/events"))["data"]
    assert record["deleted"] is False
    assert await links(ada) == [("agent-1", "linked"), ("agent-2", "removed_there")]


async def test_the_organizers_removal_is_a_removal(ada, bob):
    await lunch(ada, bob)
    await ada.syncs()
    await bob.syncs()
    await ada.deletes(await ada.event("Lunch"))
    await bob.syncs()
    await ada.syncs()
    await bob.syncs()

    assert (await ada.crm("GET", "/v1/events"))["data"] == []


@pytest.mark.lesson(2)
async def test_what_the_crm_deleted_is_not_brought_back_by_a_guests_cancelled_copy(ada, bob):
    for person in (ada, bob):
        await person.chooses(invitations="always", removed_from_crm="delete")
    await lunch(ada, bob)
    for person in (ada, bob):
        await person.syncs()
    (record,) = (await ada.crm("GET", "/v1/events"))["data"]
    await ada.crm("PUT", f"/v1/events/e-1?record_id={record['record_id']}", {"title": "Lunch"})
    await ada.crm("DELETE", "/v1/events/e-1")
    for person in (ada, bob, ada, bob):
        await person.syncs()

    assert [m["kind"] for m in await ada.outbox()] == ["invitation", "cancellation"]
    assert (await ada.record("e-1"))["deleted"] is True
    assert (await ada.events(), await bob.events()) == ([], [])


async def test_a_guests_cancelled_copy_changes_nothing_but_that_it_is_cancelled(ada, bob):
    await lunch(ada, bob)
    await bob.syncs()
    await ada.deletes(await ada.event("Lunch"))
    await bob.syncs()

    (record,) = (await bob.crm("GET", "/v1/events"))["data"]
    assert (record["title"], record["cancelled"]) == ("Lunch", True)


async def test_who_is_invited_waits_for_the_invitation_instead_of_getting_a_second_event(ada, bob):
    await ada.chooses(invitations="always")
    owners = [{"user": "agent-1", "access": "primary"}, {"user": "agent-2", "access": "full"}]
    await ada.puts(
        "Viewing", owners=owners, title="Viewing", start=at(2), end=at(2, "10:00"),
        attendees=[{"address": bob.mail, "name": "Bob", "role": "required"}],
    )  # fmt: skip
    await bob.settles()
    assert (await bob.explains("Viewing"))["reason"] == "copy_comes_by_invitation"

    await ada.settles()
    await bob.syncs()

    assert len(await bob.events()) == 1
    assert await links(ada) == [("agent-1", "linked"), ("agent-2", "linked")]
    assert len((await ada.crm("GET", "/v1/events"))["data"]) == 1


async def test_a_guest_of_two_owners_is_invited_by_the_primary_ones_mailbox_alone(ada, bob):
    for person in (bob, ada):
        await person.chooses(invitations="always")
    owners = [{"user": "agent-1", "access": "primary"}, {"user": "agent-2", "access": "full"}]
    eve = {"address": "eve@example.org", "name": "Eve", "role": "required"}
    await bob.puts(
        "Viewing", owners=owners, title="Viewing", start=at(2), end=at(2, "10:00"), attendees=[eve]
    )
    for person in (bob, ada, bob):
        await person.syncs()
    await ada.patches(
        "Viewing", location="12 High St", attendees=[eve, {**eve, "address": "kim@example.org"}]
    )
    for person in (bob, ada, bob):
        await person.syncs()

    assert [(m["kind"], m["to"]) for m in await ada.outbox()] == [
        ("invitation", ["eve@example.org"]),
        ("invitation", ["kim@example.org"]),
        ("update", ["eve@example.org"]),
    ]
    mine = await bob.event("Viewing")
    assert (mine["location"]["displayName"], mine["attendees"], await bob.outbox()) == ("12 High St", [], [])


async def test_a_guests_own_reminder_and_answer_are_theirs(ada, bob):
    await lunch(ada, bob)
    await ada.syncs()
    await bob.syncs()
    mine = await bob.event("Lunch")
    await bob.edits(mine, reminderMinutesBeforeStart=45, categories=["Fun"])
    await bob.outlook("POST", f"events/{mine['id']}/accept", {"sendResponse": True})
    await bob.syncs()
    await ada.syncs()

    (record,) = (await ada.crm("GET", "/v1/events"))["data"]
    assert (record["reminder_minutes"], record["categories"], record["is_organizer"]) == (15, [], True)
    assert [a["response"] for a in record["attendees"]] == ["accepted"]
