"""A task that is shown in the calendar: one record, two places (`include_tasks`, decision 0028)."""

from datetime import timedelta

import pytest

from app import clock
from app.graph.calls import MARK_PROPERTY
from tests.preview.preview_stage import PRIMARY
from tests.tasks.planner import Planner, planner
from tests.tasks.to_do import day

pytestmark = [pytest.mark.feature("B7"), pytest.mark.feature("C4")]


@pytest.fixture
async def ada(stage):
    """Somebody whose calendar syncs both ways and shows tasks; their tasks sync nowhere else."""
    return await planner(stage)


@pytest.mark.parametrize("direction", ["two_way", "crm_to_microsoft"])
async def test_a_task_is_a_free_whole_day_on_which_it_is_due(stage, direction):
    ada = await planner(stage, direction=direction)
    await ada.tasked("Call", notes="First line\nSecond line", opted_in=False, reminder=None)

    event = await ada.event("Call")
    assert (event["isAllDay"], event["showAs"], event["isReminderOn"]) == (True, "free", False)
    assert event["start"]["dateTime"][:10] == day(3)
    assert event["end"]["dateTime"][:10] == day(4)
    assert "Second line" in event["body"]["content"]
    assert (event["attendees"], event["recurrence"]) == ([], None)
    (link,) = await ada.rows("SELECT id, generation FROM links WHERE role = 'mirror'")
    mark = f"{link['id']}.{link['generation']}"
    expanded = f"$expand=singleValueExtendedProperties($filter=id eq '{MARK_PROPERTY}')"
    shown = await ada.outlook("GET", f"events/{event['id']}?{expanded}")
    assert shown["transactionId"] == mark
    assert shown["singleValueExtendedProperties"][0]["value"] == mark
    assert await ada.quiet()


async def test_only_tasks_that_are_due_within_the_window_are_shown(ada):
    await ada.tasked("whenever", due_date=None)
    await ada.tasked("far", due_date=day(700))
    await ada.tasked("lately", due_date=day(-20))
    await ada.tasked("long-ago", due_date=day(-40))

    assert await ada.subjects() == ["lately"]


async def test_nothing_is_shown_where_the_box_is_not_ticked_or_nothing_is_sent(stage):
    ada = Planner(await stage.newcomer())
    await ada.chooses(direction="two_way")
    await ada.syncs()
    await ada.tasked("Call")
    assert await ada.subjects() == []

    await ada.chooses(direction="microsoft_to_crm", include_tasks=True)
    await ada.syncs()
    assert await ada.subjects() == []


async def test_what_the_crm_changes_is_written_once_each(ada):
    await ada.tasked("Call")
    after = await ada.person.journal_end()
    await ada.changes("Call", title="Call Ada")
    await ada.changes("Call", notes="Soon")
    await ada.changes("Call", due_date=day(5))
    await ada.changes("Call", importance="high")
    await ada.syncs(full=True)

    event = await ada.event("Call Ada")
    assert "Soon" in event["body"]["content"]
    assert event["start"]["dateTime"][:10] == day(5)
    assert [write.partition(" ")[0] for write in await ada.writes(after=after)] == ["PATCH"] * 3
    assert await ada.quiet()


async def test_types_of_activities_mean_no_tasks_but_projects_do(ada):
    await ada.chooses(activity_types=["inspection"])
    await ada.crm("PATCH", "/v1/workspace", {"rules": {"projects": {"mode": "listed", "active": ["p-1"]}}})
    for project in ("p-1", "p-2", None):
        await ada.tasked(f"of {project}".replace(" ", "-"), project=project)

    assert await ada.subjects() == ["of-None", "of-p-1"]


async def test_whose_tasks_are_shown_is_chosen_as_for_events(ada):
    await ada.chooses(ownership="primary_only")
    mine = [{"user": "agent-1", "access": "full"}]
    await ada.tasked("assigned", owners=mine)
    await ada.tasked("own")
    await ada.tasked("of-others", owners=[{"user": "agent-9", "access": "primary"}])
    assert await ada.subjects() == ["own"]

    await ada.chooses(ownership="all_assigned")
    await ada.syncs()
    assert await ada.subjects() == ["assigned", "own"]


async def test_each_owner_has_an_event_of_their_own(stage):
    ada = await planner(stage)
    bob = await planner(stage, user="agent-2", workspace=ada.person.workspace)
    both = [*PRIMARY, {"user": "agent-2", "access": "full"}]
    await ada.tasked("Call", owners=both)
    await bob.settles()
    assert (await ada.subjects(), await bob.subjects()) == (["Call"], ["Call"])

    await bob.deletes(await bob.event("Call"))
    await bob.syncs()
    await ada.changes("Call", title="Call Ada")
    await bob.syncs()
    assert (await ada.subjects(), await bob.subjects()) == (["Call Ada"], [])
    assert await ada.quiet()


ENDS = {
    "deleted": ("removed_from_crm", lambda ada: ada.drops("Call")),
    "due on no day": ("left_scope", lambda ada: ada.changes("Call", due_date=None)),
    "somebody else's": (
        "left_scope",
        lambda ada: ada.changes("Call", owners=[{"user": "x", "access": "primary"}]),
    ),
    "not ticked": ("left_scope", lambda ada: ada.chooses(include_tasks=False)),
}


@pytest.mark.parametrize(("choice", "stays"), [("keep", ["Call"]), ("delete", [])])
@pytest.mark.parametrize("end", ENDS)
async def test_the_event_of_a_task_that_goes_is_kept_or_deleted_as_chosen(ada, end, choice, stays):
    setting, happens = ENDS[end]
    await ada.chooses(**{setting: choice})
    await ada.tasked("Call")
    await happens(ada)
    await ada.syncs()
    await ada.syncs(full=True)

    assert await ada.subjects() == stays
    assert await ada.quiet()


@pytest.mark.parametrize(("choice", "stays"), [("keep", ["Call"]), ("delete", [])])
async def test_the_event_of_a_completed_task_is_kept_or_deleted_as_chosen(ada, choice, stays):
    await ada.chooses(completed=choice)
    await ada.tasked("Call")
    await ada.changes("Call", status="completed")
    assert await ada.subjects() == stays

    await ada.changes("Call", status="not_started", title="Call")
    assert await ada.subjects() == ["Call"]


async def test_a_task_that_has_a_day_again_is_shown_again(ada):
    for choice in ("keep", "delete"):
        await ada.chooses(left_scope=choice)
        await ada.tasked(choice)
        await ada.changes(choice, due_date=None, title=f"{choice}, later")
        await ada.changes(choice, due_date=day(9))

        (event,) = [each for each in await ada.events() if each["subject"] == f"{choice}, later"]
        assert event["start"]["dateTime"][:10] == day(9)
    assert await ada.subjects() == ["delete, later", "keep, later"]


async def test_time_that_passes_deletes_nothing(ada):
    await ada.chooses(left_scope="delete")
    await ada.tasked("Call")
    clock.follow(clock.now() + timedelta(days=60))
    await ada.syncs()
    await ada.syncs(full=True)

    assert await ada.subjects() == ["Call"]


@pytest.mark.feature("F3")
@pytest.mark.parametrize(("decision", "left"), [("apply", 0), ("put_back", 12)])
async def test_many_deletions_at_once_are_asked_about(ada, decision, left):
    await ada.chooses(removed_from_crm="delete")
    for number in range(12):
        await ada.crm(
            "PUT", f"/v1/tasks/t-{number}", {"title": f"t-{number}", "due_date": day(3), "owners": PRIMARY}
        )
    await ada.settles()
    for number in range(12):
        await ada.crm("DELETE", f"/v1/tasks/t-{number}")
    await ada.settles()

    assert len(await ada.subjects()) == 12
    (run,) = await ada.person.runs(status="awaiting_approval")
    assert run["approval"]["would"]["to_microsoft"]["deleted"] == 12
    await ada.crm("POST", f"/v1/runs/{run['id']}/approve", {"decision": decision})
    await ada.settles()
    assert len(await ada.subjects()) == left
    assert len((await ada.crm("GET", "/v1/tasks"))["data"]) == left


@pytest.mark.feature("F2")
async def test_a_preview_counts_the_events_that_would_show_tasks(stage):
    ada = Planner(await stage.newcomer())
    await ada.chooses(direction="two_way")
    await ada.syncs()
    await ada.tasked("Call")
    await ada.tasked("Write", due_date=None)
    run = await ada.previews(include_tasks=True)

    assert run["counts"]["to_microsoft"]["created"] == 1
    (step,) = await ada.person.plan(run, step="create")
    assert (step["crm_id"], step["title"]) == ("Call", "Call")
    assert await ada.subjects() == []
    await ada.chooses(include_tasks=True, previewed=run["id"])
    await ada.syncs()
    assert await ada.subjects() == ["Call"]


@pytest.mark.feature("C9")
async def test_what_to_do_changes_is_shown_in_the_calendar_and_its_removal_is_one(ada):
    to_do = await ada.to_do()
    await ada.crm("PUT", "/v1/tasks/Call", {"title": "Call", "due_date": day(3), "owners": PRIMARY})
    await to_do.settles()
    await to_do.edits(await to_do.task("Call"), title="Call Ada")
    await to_do.syncs()
    await ada.turns_to("calendar")
    assert await ada.subjects() == ["Call Ada"]

    ada.person.entity = "tasks"
    await to_do.deletes(await to_do.task("Call Ada"))
    await to_do.syncs()
    assert (await ada.task("Call"))["deleted"] is True
    await ada.turns_to("calendar")
    assert await ada.subjects() == ["Call Ada"]
