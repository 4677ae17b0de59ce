"""Lists of To Do: renamed, deleted, and tasks that move from one to another."""

from datetime import timedelta

import pytest

from app import clock
from tests.tasks.to_do import due

pytestmark = pytest.mark.feature("C9")


async def test_the_list_follows_its_new_name(ada):
    await ada.has("Call")
    known = (await ada.lists())["Acme"]
    await ada.chooses(list_name="Acme Realty")
    await ada.syncs()

    assert (await ada.lists())["Acme Realty"] == known
    assert await ada.titles("Acme Realty") == ["Call"]


@pytest.mark.feature("F3")
async def test_a_list_deleted_in_to_do_asks_before_anything_is_deleted(ada):
    await ada.has("Call")
    await ada.has("Write")
    await ada.news()
    await ada.outlook("DELETE", f"todo/lists/{(await ada.lists())['Acme']}")
    await ada.syncs()

    assert await ada.news() == []
    (run,) = await ada.person.runs(status="awaiting_approval")
    assert run["approval"]["reason"] == "collection_gone"
    await ada.crm("POST", f"/v1/runs/{run['id']}/approve", {"decision": "put_back"})
    await ada.settles()
    await ada.settles()
    assert await ada.titles() == ["Call", "Write"]


@pytest.mark.parametrize("born", ["crm", "to_do"])
async def test_a_task_moved_to_another_list_is_not_deleted_and_comes_back_as_itself(ada, born):
    if born == "crm":
        item = await ada.has("Call", due_date="2026-03-02")
    else:
        item = await ada.adds("Call", dueDateTime=due("2026-03-02"))
        await ada.syncs()
        item = await ada.task("Call")
    (record,) = (await ada.crm("GET", "/v1/tasks?unnamed=true" if born == "to_do" else "/v1/tasks"))["data"]
    await ada.news()
    away = await ada.moves(item, name="Groceries")
    await ada.syncs()

    (link,) = await ada.rows("SELECT state, record_id FROM links")
    assert (link["state"], link["record_id"]) == ("moved_out", record["record_id"])
    assert await ada.news() == []

    await ada.moves(away, name="Acme")
    await ada.syncs()
    back = await ada.task("Call")
    await ada.edits(back, title="Call again")
    await ada.syncs()

    change = await ada.told()
    assert (change["type"], change["record"]["record_id"]) == ("task.updated", record["record_id"])
    assert [row["state"] for row in await ada.rows("SELECT state FROM links")] == ["linked"]


async def test_a_task_added_again_after_it_was_deleted_is_another_one(ada):
    item = await ada.has("Call", due_date="2026-03-02")
    await ada.deletes(item)
    await ada.syncs()
    await ada.news()
    await ada.adds("Call", dueDateTime=due("2026-03-02"))
    await ada.syncs()

    assert [change["type"] for change in await ada.news()] == ["task.created"]
    assert (await ada.record("Call"))["deleted"]


async def test_a_name_that_another_list_has_is_not_taken(ada):
    await ada.has("Call")
    await ada.adds("Milk", name="Groceries")
    await ada.chooses(list_name="Groceries")
    await ada.syncs()

    assert (await ada.titles(), await ada.titles("Groceries")) == (["Call"], ["Milk"])


async def test_a_copy_that_bears_our_mark_is_left_alone(ada):
    item = await ada.has("Call")
    (link,) = item["linkedResources"]
    await ada.news()
    resource = {name: link[name] for name in ("applicationName", "displayName", "externalId")}
    await ada.adds("Call", linkedResources=[resource])
    await ada.syncs()

    assert await ada.news() == []
    assert len((await ada.crm("GET", "/v1/tasks"))["data"]) == 1


async def test_a_create_whose_answer_was_lost_is_found_by_its_mark(ada):
    await ada.stage.control(
        "faults",
        match={"method": "POST", "path": "/v1.0/me/todo/lists/*/tasks"},
        fault={"drop": "after_commit"},
        times=1,
    )
    await ada.puts("Call", title="Call")
    await ada.settles()
    clock.follow(clock.now() + timedelta(minutes=2))
    await ada.syncs()

    assert await ada.titles() == ["Call"]
    assert (await ada.explains("Call"))["state"] == "synced"


async def test_a_preview_says_what_would_be_written_and_writes_nothing(ada):
    await ada.chooses(direction="disabled")
    await ada.puts("Call", title="Call", checklist=[{"title": "Find number"}])
    await ada.adds("Buy flowers")
    run = await ada.previews(direction="two_way")

    assert run["status"] == "succeeded", run
    assert (run["counts"]["to_microsoft"]["created"], run["counts"]["to_crm"]["created"]) == (1, 1)
    assert await ada.titles() == ["Buy flowers"]
