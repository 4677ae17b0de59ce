"""A calendar that somebody else shares is never the one that syncs, whatever it is called (E6, lesson 5)."""

import pytest

from tests.calendar.diary import Diary, at
from tests.preview.preview_stage import FOLDER

pytestmark = [pytest.mark.feature("E6"), pytest.mark.lesson(5)]


@pytest.fixture
async def ada(stage):
    """Somebody whose sync has made a calendar of its own."""
    diary = Diary(await stage.newcomer())
    await diary.chooses(direction="two_way", calendar="named")
    await diary.syncs()
    return diary


@pytest.fixture
async def bob(ada):
    """A colleague with whom Ada shares that calendar, open to edits."""
    diary = Diary(await ada.stage.newcomer(user="agent-2", workspace=ada.person.workspace))
    (hers,) = [each for each in await calendars(ada) if each["name"] == FOLDER]
    body = {"emailAddress": {"name": "Bob", "address": diary.mail}, "role": "write"}
    await ada.outlook("POST", f"calendars/{hers['id']}/calendarPermissions", body)
    return diary


async def calendars(diary):
    return (await diary.outlook("GET", "calendars"))["value"]


async def events_of(diary, calendar):
    return [
        each["subject"]
        for each in (await diary.outlook("GET", f"calendars/{calendar['id']}/events"))["value"]
    ]


async def test_a_calendar_of_that_name_that_others_share_is_not_written_to(ada, bob):
    (shared,) = [each for each in await calendars(bob) if each["name"] == FOLDER]
    assert (shared["canEdit"], shared["owner"]["address"]) == (True, ada.mail)

    await bob.chooses(direction="two_way", calendar="named")
    await bob.puts("Viewing", title="Viewing", start=at(1), owners=[{"user": "agent-2", "access": "primary"}])
    await bob.syncs()

    named = [each for each in await calendars(bob) if each["name"] == FOLDER]
    assert sorted(each["owner"]["address"] for each in named) == sorted([ada.mail, bob.mail])
    (own,) = [each for each in named if each["owner"]["address"] == bob.mail]
    (hers,) = [each for each in await calendars(ada) if each["name"] == FOLDER]
    assert (await events_of(bob, own), await events_of(ada, hers)) == (["Viewing"], [])
    assert (await bob.explains("Viewing"))["item"]["container"] == own["id"]


async def test_a_calendar_of_ones_own_is_found_among_those_that_others_share(ada, bob):
    made = await bob.outlook("POST", "calendars", {"name": FOLDER})
    await bob.chooses(direction="two_way", calendar="named")
    await bob.syncs()

    named = [each for each in await calendars(bob) if each["name"] == FOLDER]
    assert len(named) == 2
    await bob.puts("Viewing", title="Viewing", start=at(1), owners=[{"user": "agent-2", "access": "primary"}])
    await bob.settles()
    assert await events_of(bob, made) == ["Viewing"]


async def test_the_main_calendar_keeps_its_name_whatever_is_chosen_later(ada):
    carl = Diary(await ada.stage.newcomer(user="agent-3", workspace=ada.person.workspace))
    await carl.chooses(direction="two_way")
    await carl.syncs()
    await carl.chooses(calendar="named", calendar_name="Else")
    await carl.syncs()

    assert [each["name"] for each in await calendars(carl) if each["isDefaultCalendar"]] == ["Calendar"]
