"""Every reason that only an event may have is given by something that happens, and is read out."""

import pytest

from app.reasons import REASONS
from app.records.reasons import Reason
from tests.calendar.diary import Diary, at, guest

pytestmark = [pytest.mark.feature("F1"), pytest.mark.feature("D6")]
R = Reason
OF_EVENTS = [
    code
    for code, known in REASONS.items()
    if "calendar" in known.entities and "contacts" not in known.entities
]
STORIES = {}
TOLD_ELSEWHERE = {R.EXCEPTION_LOST}
"""What a decision and a conflict tell (test_series.py): the event itself is where it belongs."""


def story(reason):
    def told(happens):
        STORIES[reason] = happens
        return happens

    return told


async def puts(ada, **fields):
    await ada.puts("e-1", **{"title": "Visit", "start": at(1), "end": at(1, "10:00"), **fields})
    await ada.settles()


async def lunch(ada, *guests):
    """Let somebody's Outlook have a meeting, and the CRM know it."""
    await ada.adds("Lunch", start=at(1, "12:00"), end=at(1, "13:00"), attendees=[guest(g) for g in guests])
    await ada.syncs()


async def named(ada):
    (record,) = (await ada.crm("GET", "/v1/events"))["data"]
    await ada.crm("PUT", f"/v1/events/e-1?record_id={record['record_id']}", {"title": record["title"]})


async def colleague(ada):
    bob = Diary(await ada.stage.newcomer(user="agent-2", workspace=ada.person.workspace))
    await bob.chooses(direction="two_way", invitations="always")
    await bob.syncs()
    return bob


@story(R.OUTSIDE_WINDOW)
async def _(ada):
    await puts(ada, start=at(700), end=at(700, "10:00"))
    return ada


@story(R.ACTIVITY_TYPE_NOT_SELECTED)
async def _(ada):
    await ada.chooses(activity_types=["inspection"])
    await puts(ada, activity_type="chat")
    return ada


@story(R.PROJECT_NOT_ACTIVE)
async def _(ada):
    await ada.crm("PATCH", "/v1/workspace", {"rules": {"projects": {"mode": "listed", "active": ["p-1"]}}})
    await puts(ada, project="p-2")
    return ada


@story(R.COMPLETED_EXCLUDED)
async def _(ada):
    await ada.chooses(completed="delete")
    await puts(ada)
    await ada.patches("e-1", completed=True)
    await ada.settles()
    return ada


@story(R.PRIVATE_SKIPPED)
async def _(ada):
    await ada.chooses(private_events="skip")
    await puts(ada, sensitivity="private")
    return ada


@story(R.INVITATION_BLOCKED)
async def _(ada):
    await lunch(ada, "eve@example.org")
    await named(ada)
    await ada.patches("e-1", title="Long lunch")
    await ada.settles()
    return ada


@story(R.UNSUPPORTED_RECURRENCE)
async def _(ada):
    await puts(ada, recurrence={"rrule": "FREQ=HOURLY;COUNT=3"})
    return ada


@story(R.ONLINE_MEETING_UNAVAILABLE)
async def _(ada):
    await puts(ada, online_meeting=True, description="Agenda.")
    item = await ada.event("Visit")
    body = f"<p>Join <a href='{item['onlineMeeting']['joinUrl']}'>here</a></p>"
    await ada.edits(item, body={"contentType": "html", "content": body})
    await ada.syncs()
    await ada.patches("e-1", description="Something else.")
    await ada.settles()
    return ada


@story(R.NOT_ORGANIZER)
async def _(ada):
    carol = Diary(await ada.stage.newcomer())
    await carol.adds("Lunch", start=at(1, "12:00"), end=at(1, "13:00"), attendees=[guest(ada.mail)])
    await ada.syncs()
    await named(ada)
    await ada.patches("e-1", title="Long lunch")
    await ada.settles()
    return ada


@story(R.COPY_COMES_BY_INVITATION)
async def _(ada):
    bob = await colleague(ada)
    await ada.chooses(invitations="always")
    owners = [{"user": "agent-1", "access": "primary"}, {"user": "agent-2", "access": "full"}]
    await ada.puts(
        "e-1",
        title="Visit",
        start=at(1),
        end=at(1, "10:00"),
        owners=owners,
        attendees=[{"address": bob.mail}],
    )
    await bob.settles()
    return bob


@pytest.mark.parametrize("reason", [code for code in OF_EVENTS if code not in TOLD_ELSEWHERE])
async def test_every_reason_of_an_event_has_its_story(ada, reason):
    whose = await STORIES[reason](ada)

    entry = await whose.explains("e-1")
    assert entry["reason"] == reason, entry
    name = (await whose.record("e-1"))["title"]
    assert name in entry["detail"]
    assert entry["detail"].endswith(".")
    assert "{" not in entry["detail"]
    states = (await whose.crm("GET", "/v1/events/e-1/sync"))["data"]
    (state,) = [each for each in states if each["connection"] == whose.person.connection]
    assert (state["state"], state["reason"]) == (entry["state"], entry["reason"])


def test_no_story_is_told_of_another_code():
    assert set(STORIES) == set(OF_EVENTS) - TOLD_ELSEWHERE


async def test_an_event_is_found_in_outlook_by_its_link(ada):
    item = await ada.has("e-1")

    assert item["webLink"].startswith("https://")
    assert (await ada.explains("e-1"))["item"]["web_link"] == item["webLink"]
    (found,) = (
        await ada.crm(
            "GET", f"/v1/connections/{ada.person.connection}/explain?entity=calendar&item={item['id']}"
        )
    )["data"]
    assert found["connections"][0]["item"]["web_link"] == item["webLink"]


async def test_an_item_that_no_record_knows_has_its_link_and_its_name(ada):
    await ada.chooses(import_new=False)
    item = await ada.adds("Dentist", start=at(1), end=at(1, "10:00"))
    await ada.syncs()

    (found,) = (
        await ada.crm(
            "GET", f"/v1/connections/{ada.person.connection}/explain?entity=calendar&item={item['id']}"
        )
    )["data"]
    (entry,) = found["connections"]
    assert (entry["reason"], entry["item"]["web_link"]) == ("import_off", item["webLink"])
    assert "Dentist" in entry["detail"]


async def test_an_event_without_a_title_is_called_an_event(ada):
    await ada.puts("e-1", start=at(700), end=at(700, "10:00"))
    await ada.settles()

    assert (await ada.explains("e-1"))["detail"].startswith("The event ")
