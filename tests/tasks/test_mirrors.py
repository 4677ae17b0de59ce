"""The event that shows a task is nobody's record: what is done to it in Outlook ends with it (decision 0028)."""

import pytest

from tests.calendar.diary import guest, whole
from tests.tasks.planner import Planner, planner
from tests.tasks.to_do import day, due

pytestmark = [pytest.mark.feature("B7"), pytest.mark.feature("C4")]


@pytest.fixture
async def ada(stage):
    """Somebody whose calendar syncs both ways and shows tasks; their tasks sync nowhere else."""
    return await planner(stage)


@pytest.mark.feature("F3")
@pytest.mark.parametrize("setting", ["keep", "delete", "recreate"])
async def test_what_its_user_removed_in_outlook_is_never_made_again(ada, setting):
    await ada.chooses(deleted_in_microsoft=setting)
    await ada.tasked("Call")
    before = await ada.task("Call")
    await ada.deletes(await ada.event("Call"))
    await ada.syncs()
    await ada.syncs(full=True)
    assert await ada.task("Call") == before

    await ada.changes("Call", title="Call Ada", due_date=day(8))
    await ada.to_do()
    await ada.crm("POST", "/v1/tasks/Call/sync")
    await ada.turns_to("calendar")
    await ada.chooses(include_tasks=False)
    await ada.syncs()
    await ada.chooses(include_tasks=True)
    await ada.syncs(full=True)
    await ada.drops("Call")
    await ada.crm("POST", "/v1/tasks/Call/restore")
    await ada.syncs()
    assert await ada.subjects() == []


async def test_an_edit_of_the_crm_does_not_outlive_the_removal_in_outlook(ada):
    await ada.tasked("Call")
    await ada.deletes(await ada.event("Call"))
    await ada.changes("Call", title="Call Ada")
    await ada.syncs()

    assert await ada.subjects() == []
    assert not (await ada.task("Call"))["deleted"]


@pytest.mark.feature("F5")
async def test_what_its_user_edits_in_outlook_reaches_nobody(ada):
    await ada.chooses(conflict_resolution="microsoft_wins")
    await ada.tasked("Call", notes="Soon")
    before = await ada.task("Call")
    await ada.edits(await ada.event("Call"), subject="Mine", showAs="busy", location={"displayName": "Home"})
    await ada.syncs()
    await ada.syncs(full=True)

    assert await ada.task("Call") == before
    assert await ada.quiet()
    assert (await ada.crm("GET", "/v1/conflicts"))["data"] == []
    await ada.changes("Call", notes="Later")
    event = await ada.event("Mine")
    assert ("Later" in event["body"]["content"], event["showAs"]) == (True, "busy")


@pytest.mark.feature("F5")
async def test_guests_whom_its_user_invites_are_mailed_by_nobody_else(ada):
    await ada.chooses(invitations="always")
    await ada.tasked("Call")
    await ada.edits(await ada.event("Call"), attendees=[guest("bob@example.com")])
    await ada.syncs()
    mailed = len(await ada.outbox())
    await ada.changes("Call", title="Call Ada")
    await ada.syncs(full=True)

    assert len(await ada.outbox()) == mailed
    assert await ada.subjects() == ["Call"]


@pytest.mark.feature("F9")
@pytest.mark.parametrize("end", ["switched off", "deleted", "disconnected"])
async def test_it_is_nobody_new_after_a_sync_that_ended_and_began_again(ada, end):
    await ada.signs_in()
    await ada.tasked("Call")
    await ada.tasked("Write")
    await ada.deletes(await ada.event("Write"))
    await ada.syncs()
    if end == "disconnected":
        await ada.signs_out()
    elif end == "deleted":
        await ada.crm("DELETE", ada.settings)
    else:
        await ada.chooses(direction="disabled")
    await ada.changes("Call", title="Call Ada")
    await ada.changes("Write", title="Write to Ada")
    assert await ada.subjects() == ["Call"]

    if end == "disconnected":
        await ada.signs_in()
    await ada.chooses(direction="two_way", include_tasks=True)
    await ada.syncs(full=True)
    assert await ada.subjects() == ["Call Ada"]
    assert await ada.quiet()


@pytest.mark.lesson(16)
async def test_it_is_nobody_new_after_the_token_expired(ada):
    await ada.tasked("Call")
    await ada.stage.control(
        "faults", match={"path": "*calendarView/delta*", "mail": ada.mail}, fault={"delta": "expire"}
    )
    after = await ada.person.journal_end()
    await ada.syncs()

    assert 410 in {entry["status"] for entry in await ada.person.journal(after=after)}
    assert await ada.subjects() == ["Call"]
    assert await ada.quiet()


@pytest.mark.feature("F9")
async def test_another_account_gets_an_event_of_its_own(ada):
    await ada.signs_in()
    await ada.tasked("Call")
    await ada.deletes(await ada.event("Call"))
    await ada.syncs()
    await ada.signs_in("another")
    await ada.crm("POST", f"/v1/connections/{ada.person.connection}/confirm", {"account": ada.mail})
    await ada.syncs()

    assert await ada.subjects() == ["Call"]


async def test_an_event_that_says_the_same_is_another_one(ada):
    await ada.adds("Call", start=whole(3), end=whole(4))
    await ada.syncs()
    await ada.tasked("Call")
    await ada.syncs(full=True)

    assert await ada.subjects() == ["Call", "Call"]
    assert len((await ada.crm("GET", "/v1/events"))["data"]) == 1


async def test_a_copy_of_it_is_an_event_like_any_other(ada):
    await ada.tasked("Call")
    await ada.adds("Call", start=whole(3), end=whole(4))
    await ada.syncs()
    await ada.drops("Call")

    assert len((await ada.crm("GET", "/v1/events"))["data"]) == 1
    assert await ada.subjects() == ["Call", "Call"]


@pytest.mark.feature("F3")
async def test_a_restored_task_has_its_event_again(ada):
    await ada.chooses(removed_from_crm="delete")
    await ada.tasked("Call")
    await ada.drops("Call")
    assert await ada.subjects() == []

    await ada.crm("POST", "/v1/tasks/Call/restore")
    await ada.syncs()
    assert await ada.subjects() == ["Call"]


@pytest.mark.parametrize("setting", ["keep", "delete"])
async def test_of_two_tasks_that_are_one_a_single_event_stays(ada, setting):
    await ada.chooses(removed_from_crm=setting)
    await ada.tasked("Call")
    await ada.tasked("Call-Ada")
    await ada.crm("POST", "/v1/tasks/Call/merge", {"from": ["Call-Ada"]})
    await ada.syncs()

    assert await ada.subjects() == ["Call"]


async def test_a_task_that_the_crm_rejects_keeps_its_event_untouched(ada):
    to_do = await ada.to_do()
    await to_do.adds("Buy flowers", dueDateTime=due(day(2)))
    await to_do.syncs()
    await ada.turns_to("calendar")
    assert await ada.subjects() == ["Buy flowers"]

    change = await to_do.told()
    await ada.crm(
        "POST", "/v1/changes/ack", {"changes": [{"id": change["id"], "rejected": {"reason": "no"}}]}
    )
    await ada.syncs(full=True)
    assert await ada.subjects() == ["Buy flowers"]


async def test_a_calendar_that_is_gone_is_asked_about_and_made_again_with_its_tasks(stage):
    stage.tokens.microsoft = None  # who asks for it only hands it on
    ada = Planner(await stage.newcomer())
    await ada.chooses(direction="two_way", calendar="named", calendar_name="Work", include_tasks=True)
    await ada.syncs()
    await ada.tasked("Call")
    (calendar,) = [c for c in (await ada.outlook("GET", "calendars"))["value"] if c["name"] == "Work"]
    await ada.outlook("DELETE", f"calendars/{calendar['id']}")
    await ada.syncs()
    (run,) = await ada.person.runs(status="awaiting_approval")
    assert run["approval"]["reason"] == "collection_gone"
    await ada.crm("POST", f"/v1/runs/{run['id']}/approve", {"decision": "put_back"})
    await ada.syncs()

    (calendar,) = [c for c in (await ada.outlook("GET", "calendars"))["value"] if c["name"] == "Work"]
    events = (await ada.outlook("GET", f"calendars/{calendar['id']}/events"))["value"]
    assert [event["subject"] for event in events] == ["Call"]
    assert not (await ada.task("Call"))["deleted"]


@pytest.mark.feature("F9")
@pytest.mark.parametrize("drop", ["before_commit", "after_commit"])
async def test_a_write_that_is_not_answered_makes_one_event(ada, drop):
    fault = {"match": {"method": "POST", "path": "/v1.0/me/*events"}, "fault": {"drop": drop}, "times": 1}
    await ada.stage.control("faults", **fault)
    await ada.tasked("Call")
    await ada.person.syncs(patience=300)
    await ada.syncs(full=True)

    assert await ada.subjects() == ["Call"]
    assert await ada.quiet()


@pytest.mark.feature("F1")
async def test_explain_goes_on_speaking_of_the_sync_of_tasks(ada):
    await ada.tasked("Call")
    told = await ada.crm("GET", "/v1/tasks/Call/explain")
    assert [(each["linked"], each["direction"]) for each in told["connections"]] == [(False, "disabled")]
    to_do = await ada.to_do()

    assert (await to_do.explains("Call"))["linked"] is True
    assert await to_do.titles() == ["Call"]
    assert len((await ada.crm("GET", "/v1/tasks/Call?include=sync"))["sync"]) == 1
    item = (await ada.event("Call"))["id"]
    path = f"/v1/connections/{ada.person.connection}/explain?entity=calendar&item={item}"
    (found,) = (await ada.crm("GET", path))["data"]
    assert found["crm_id"] == "Call"
    (link,) = (await ada.crm("GET", f"/v1/links?connection={ada.person.connection}&entity=calendar"))["data"]
    assert (link["crm_id"], link["item"]["id"], link["state"]) == ("Call", item, "linked")


BROUGHT_BACK = {
    "the task was deleted": lambda ada, _: ada.drops("Call"),
    "the task was completed": lambda ada, _: ada.changes("Call", status="completed"),
    "tasks are shown no more": lambda ada, _: ada.chooses(include_tasks=False),
    "its user had deleted it": lambda ada, event: ada.deletes(event),
}


@pytest.mark.parametrize("gone", BROUGHT_BACK)
@pytest.mark.parametrize("full", [False, True])
async def test_what_its_user_brings_back_from_deleted_items_is_nobodys_record(ada, gone, full):
    await ada.chooses(removed_from_crm="delete", completed="delete", left_scope="delete")
    await ada.tasked("Call")
    event = await ada.event("Call")
    await BROUGHT_BACK[gone](ada, event)
    await ada.syncs(full=full)
    assert await ada.subjects() == []

    await ada.stage.control("move", mail=ada.mail, id=event["id"], to="calendar")
    await ada.syncs()
    await ada.syncs(full=True)

    assert await ada.subjects() == ["Call"]
    assert (await ada.crm("GET", "/v1/events"))["data"] == []
