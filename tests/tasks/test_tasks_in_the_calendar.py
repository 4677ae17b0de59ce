"""A task that is shown in the calendar: one record, two places (`include_tasks`, decision 0026)."""

from datetime import timedelta

import pytest

from app import clock
from tests.calendar.diary import Diary, guest
from tests.preview.preview_stage import PRIMARY
from tests.tasks.to_do import ToDo, day

pytestmark = [pytest.mark.feature("B7"), pytest.mark.feature("C4")]
MARK = "String {9c3b1e5a-52d4-4f0e-9a53-1f2f8f8f7a5e} Name Concord"


class Planner(Diary):
    """Somebody whose tasks are shown in their calendar."""

    async def tasked(self, crm_id, *, owners=PRIMARY, **fields):
        """Let the CRM put a task that is due in three days, unless it says otherwise."""
        body = {"title": crm_id, "due_date": day(3), "owners": owners, **fields}
        await self.crm("PUT", f"/v1/tasks/{crm_id}", body)
        await self.settles()

    async def changes(self, crm_id, **fields):
        await self.crm("PATCH", f"/v1/tasks/{crm_id}", fields)
        await self.settles()

    async def drops(self, crm_id):
        await self.crm("DELETE", f"/v1/tasks/{crm_id}")
        await self.settles()

    async def subjects(self):
        return sorted(event["subject"] for event in await self.events())

    async def task(self, crm_id):
        return await self.crm("GET", f"/v1/tasks/{crm_id}")

    async def quiet(self):
        """Say that the CRM hears of nothing, and that no event was made of anything."""
        heard = (await self.crm("GET", "/v1/changes?types=task.*,event.*&limit=1000"))["changes"]
        return heard == [] and (await self.crm("GET", "/v1/events"))["data"] == []


async def planner(stage, *, direction="two_way", **person):
    ada = Planner(await stage.newcomer(**person))
    await ada.chooses(direction=direction, include_tasks=True)
    await ada.syncs()
    return ada


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
    assert await ada.quiet()


async def test_only_tasks_that_are_due_within_the_window_are_shown(ada):
    await ada.tasked("no day", due_date=None)
    await ada.tasked("far", due_date=day(700))
    await ada.tasked("lately", due_date=day(-20))
    await ada.tasked("long ago", due_date=day(-40))

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
    "somebody else's": ("left_scope", lambda ada: ada.changes("Call", owners=[{"user": "x", "access": "primary"}])),
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
async def test_it_is_nobody_new_after_signing_out_and_in_or_an_expired_token(ada):
    await ada.tasked("Call")
    await ada.chooses(direction="disabled")
    await ada.changes("Call", title="Call Ada")
    await ada.chooses(direction="two_way")
    await ada.syncs()
    assert await ada.subjects() == ["Call Ada"]

    await ada.stage.control("faults", match={"path": "/v1.0/me/calendar*delta*"}, fault={"delta": "expire"}, times=1)
    await ada.syncs()
    await ada.syncs(full=True)
    assert await ada.subjects() == ["Call Ada"]
    assert await ada.quiet()


@pytest.mark.feature("F9")
@pytest.mark.parametrize("drop", ["before_commit", "after_commit"])
async def test_a_write_that_is_not_answered_makes_one_event(ada, drop):
    fault = {"match": {"method": "POST", "path": "/v1.0/me/*events"}, "fault": {"drop": drop}, "times": 1}
    await ada.stage.control("faults", **fault)
    await ada.tasked("Call")
    await ada.person.syncs(patience=900)
    await ada.syncs(full=True)

    assert await ada.subjects() == ["Call"]
    assert await ada.quiet()


@pytest.mark.feature("F3")
async def test_many_deletions_at_once_are_asked_about(ada):
    await ada.chooses(removed_from_crm="delete")
    for number in range(12):
        await ada.crm("PUT", f"/v1/tasks/t-{number}", {"title": f"t-{number}", "due_date": day(3), "owners": PRIMARY})
    await ada.settles()
    for number in range(12):
        await ada.crm("DELETE", f"/v1/tasks/t-{number}")
    await ada.settles()

    assert len(await ada.subjects()) == 12
    (run,) = await ada.person.runs(status="awaiting_approval")
    assert run["approval"]["would"]["to_microsoft"]["deleted"] == 12
    await ada.crm("POST", f"/v1/runs/{run['id']}/approve", {"decision": "apply"})
    await ada.settles()
    assert await ada.subjects() == []


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


@pytest.mark.feature("F1")
async def test_explain_goes_on_speaking_of_the_sync_of_tasks(ada):
    await ada.tasked("Call")
    to_do = ToDo(ada.person)
    assert (await to_do.explains("Call"))["linked"] is False
    await to_do.chooses(direction="two_way", include="all")
    await to_do.syncs()

    assert (await to_do.explains("Call"))["linked"] is True
    assert await to_do.titles() == ["Call"]
    told = await ada.crm("GET", "/v1/tasks/Call?include=sync")
    assert len(told["sync"]) == 1


@pytest.mark.feature("C9")
async def test_what_to_do_changes_is_shown_in_the_calendar_and_its_removal_is_one(ada):
    to_do = ToDo(ada.person)
    await to_do.chooses(direction="two_way", include="all")
    await to_do.syncs()
    await ada.crm("PUT", "/v1/tasks/Call", {"title": "Call", "due_date": day(3), "owners": PRIMARY})
    await to_do.settles()
    await to_do.edits(await to_do.task("Call"), title="Call Ada")
    await to_do.syncs()
    ada.person.entity = "calendar"
    await ada.settles()
    assert await ada.subjects() == ["Call Ada"]

    ada.person.entity = "tasks"
    await to_do.deletes(await to_do.task("Call Ada"))
    await to_do.syncs()
    assert (await ada.task("Call"))["deleted"] is True
