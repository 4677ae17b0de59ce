"""Explain finds events by whoever takes part in them, without reading a calendar whole (``api.md`` §8)."""

import pytest

from tests.calendar.diary import Diary, at, guest

pytestmark = pytest.mark.feature("F1")
EVE = {"address": "Eve@Example.org", "name": "Eve", "role": "required"}


async def found(diary, address="eve@example.ORG", *, entity="calendar"):
    """Return what is explained by an address in somebody's mailbox: the names of records, None where none is."""
    path = f"/v1/connections/{diary.person.connection}/explain?entity={entity}&address={address}"
    told = (await diary.crm("GET", path))["data"]
    assert all(len(each["connections"]) == 1 for each in told)
    return [each["crm_id"] for each in told]


async def test_an_event_is_found_by_a_guest_as_long_as_they_are_one(ada):
    await ada.has("Viewing", attendees=[EVE])
    await ada.has("Alone")
    await ada.person.crm("PUT", "/v1/contacts/eve", {"emails": [{"address": "eve@example.org"}]})

    assert await found(ada) == ["Viewing"]
    assert await found(ada, "nobody@example.org") == []

    await ada.patches("Viewing", attendees=[{**EVE, "address": "bob@example.org"}])
    assert (await found(ada), await found(ada, "bob@example.org")) == ([], ["Viewing"])
    await ada.patches("Viewing", attendees=[EVE])
    await ada.crm("DELETE", "/v1/events/Viewing")
    assert await found(ada) == ["Viewing"]


async def test_an_event_of_outlook_is_found_by_its_guest_with_a_record_and_without(ada):
    await ada.adds("Soon", start=at(1), end=at(1, "10:00"), attendees=[guest("eve@example.org")])
    await ada.adds("Later", start=at(400), end=at(400, "10:00"), attendees=[guest("eve@example.org")])
    await ada.syncs()
    (change,) = await ada.news()

    path = f"/v1/connections/{ada.person.connection}/explain?entity=calendar&address=eve@example.org"
    told = (await ada.crm("GET", path))["data"]

    reasons = {each["record_id"]: each["connections"][0]["reason"] for each in told}
    assert reasons == {change["record_id"]: "awaiting_name", None: "outside_window"}


async def test_a_guest_who_is_added_in_outlook_finds_the_event_from_then_on(ada):
    item = await ada.has("Viewing")
    assert await found(ada) == []
    await ada.edits(item, attendees=[guest("eve@example.org")])
    await ada.syncs()
    assert await found(ada) == ["Viewing"]


@pytest.mark.parametrize(
    ("policy", "sensitivity", "names"),
    [
        ("as_private", "private", ["Secret"]),
        ("busy_only", "private", []),
        ("busy_only", "normal", ["Secret"]),
        ("skip", "private", []),
        ("skip", "confidential", []),
    ],
)
@pytest.mark.feature("B7")
async def test_guests_of_private_events_find_nothing_where_the_settings_hide_them(
    ada, policy, sensitivity, names
):
    await ada.chooses(private_events=policy)
    await ada.puts("Secret", title="Secret", start=at(1), attendees=[EVE], sensitivity=sensitivity)
    await ada.settles()
    assert await found(ada) == names


@pytest.mark.feature("B7")
async def test_guests_of_private_events_in_outlook_find_nothing_once_the_settings_hide_them(ada):
    await ada.adds(
        "Hush",
        start=at(400),
        end=at(400, "10:00"),
        sensitivity="private",
        attendees=[guest("eve@example.org")],
    )
    await ada.syncs()
    assert await found(ada) == [None]
    await ada.chooses(private_events="busy_only")
    assert await found(ada) == []


async def test_of_very_many_events_those_of_the_mailboxs_user_are_explained(ada):
    for number in range(3):
        await ada.puts(f"mine{number}", title="Viewing", start=at(1), attendees=[EVE])
    others = [{"user": "agent-99", "access": "primary"}]
    events = [
        {"crm_id": f"theirs{n}", "owners": others, "title": "Viewing", "start": at(2), "attendees": [EVE]}
        for n in range(60)
    ]
    await ada.crm("POST", "/v1/events/batch", {"upserts": events, "deletes": []})

    names = await found(ada)
    assert len(names) == 50
    assert {"mine0", "mine1", "mine2", "theirs59"} <= set(names)
    assert "theirs0" not in names


async def test_whoever_called_a_meeting_elsewhere_finds_it_and_the_users_themselves_find_nothing(ada):
    stranger = Diary(await ada.stage.newcomer(user="stranger"))
    await stranger.adds("Lunch", start=at(1), end=at(1, "10:00"), attendees=[guest(ada.mail)])
    await ada.has("Mine")
    await ada.syncs()

    assert await found(ada, stranger.mail) == [None]
    assert "Mine" not in await found(ada, ada.mail)
