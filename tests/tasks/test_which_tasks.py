"""Which tasks are in To Do, and what follows where one no longer is among them."""

import pytest

from tests.tasks.to_do import due

pytestmark = pytest.mark.feature("C9")


async def test_only_tasks_that_were_opted_in_are_written(ada):
    await ada.chooses(include="opted_in")
    await ada.puts("yes", title="yes", opted_in=True)
    await ada.puts("no", title="no", opted_in=False)
    await ada.puts("unsaid", title="unsaid")
    await ada.settles()

    assert await ada.titles() == ["yes"]
    reasons = {crm_id: (await ada.explains(crm_id))["reason"] for crm_id in ("yes", "no", "unsaid")}
    assert reasons == {"yes": "in_scope", "no": "not_opted_in", "unsaid": "not_opted_in"}


@pytest.mark.parametrize(("left_scope", "stays"), [("keep", ["Call"]), ("delete", [])])
async def test_a_task_that_is_opted_out_follows_the_settings(ada, left_scope, stays):
    await ada.chooses(include="opted_in", left_scope=left_scope)
    await ada.has("Call", opted_in=True)
    await ada.patches("Call", opted_in=False)
    await ada.settles()

    assert await ada.titles() == stays
    assert not (await ada.record("Call"))["deleted"]


async def test_a_task_from_to_do_counts_as_opted_in_until_the_crm_says_otherwise(ada):
    await ada.chooses(include="opted_in")
    item = await ada.adds("Buy flowers")
    await ada.syncs()
    change = await ada.told()
    await ada.crm("POST", "/v1/changes/ack", {"changes": [{"id": change["id"], "crm_id": "t-9"}]})
    await ada.patches("t-9", title="Buy roses")
    await ada.settles()

    assert (await ada.record("t-9"))["opted_in"] is True
    assert await ada.titles() == ["Buy roses"]
    await ada.patches("t-9", opted_in=False)
    await ada.edits(item, title="Buy tulips")
    await ada.syncs()
    assert (await ada.record("t-9"))["title"] == "Buy roses"


@pytest.mark.feature("B8")
@pytest.mark.parametrize(("completed", "stays"), [("keep", ["Call", "Write"]), ("delete", ["Write"])])
@pytest.mark.parametrize("by", ["crm", "to_do"])
async def test_completed_tasks_are_kept_or_deleted_in_to_do_alone(ada, completed, stays, by):
    await ada.chooses(completed=completed)
    item = await ada.has("Call")
    await ada.has("Write")
    if by == "crm":
        await ada.patches("Call", status="completed")
    else:
        await ada.edits(item, status="completed")
    await ada.syncs()
    await ada.syncs(full=True)

    assert await ada.titles() == stays
    record = await ada.record("Call")
    assert (record["deleted"], record["status"]) == (False, "completed")


@pytest.mark.feature("D2")
async def test_tasks_of_projects_that_take_no_part_stay_in_the_crm(ada):
    await ada.crm("PATCH", "/v1/workspace", {"rules": {"projects": {"mode": "listed", "active": ["p-1"]}}})
    for project in ("p-1", "p-2", None):
        await ada.puts(f"of-{project}", title=f"of {project}", project=project)
    await ada.settles()

    assert await ada.titles() == ["of None", "of p-1"]


async def test_nothing_is_taken_over_from_a_list_that_to_do_made(newcomer):
    ada = newcomer
    await ada.adds("Private", name="Tasks")
    await ada.chooses(direction="two_way", list_name="Tasks", include="all")
    await ada.puts("Call", title="Call")
    await ada.syncs()

    assert await ada.titles("Tasks") == ["Call", "Private"]
    assert await ada.news() == []
    item = next(task for task in await ada.tasks("Tasks") if task["title"] == "Call")
    await ada.outlook("PATCH", f"{await ada.within('Tasks')}/{item['id']}", {"title": "Call Ada"})
    await ada.syncs()
    assert (await ada.told())["record"]["title"] == "Call Ada"


async def test_two_sides_that_had_the_same_task_become_one(ada):
    await ada.chooses(direction="disabled")
    await ada.adds("Call Ada", dueDateTime=due("2026-03-02"))
    await ada.puts("t-1", title="call ada", due_date="2026-03-02", notes="Soon")
    await ada.chooses(direction="two_way")
    await ada.syncs()
    await ada.settles()

    (task,) = await ada.tasks()
    assert "Soon" in task["body"]["content"]
    assert len((await ada.crm("GET", "/v1/tasks"))["data"]) == 1
