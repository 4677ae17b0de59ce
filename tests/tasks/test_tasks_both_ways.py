"""Tasks travel both ways between a CRM and Microsoft To Do."""

import pytest

from tests.tasks.to_do import ToDo, day, due

pytestmark = pytest.mark.feature("C9")
WHOLE = {
    "notes": "Ask about\nthe <keys> & more.", "start_date": "2026-03-01", "due_date": "2026-03-02",
    "reminder": {"date_time": "2026-03-02T09:00:00", "time_zone": "Europe/Berlin"}, "status": "waiting",
    "importance": "high", "categories": ["VIP"], "recurrence": None, "completed_date": None,
    "checklist": [{"title": "Find number", "done": False}, {"title": "Call", "done": True}],
}  # fmt: skip


async def test_a_task_of_the_crm_is_in_to_do_with_all_that_it_says(ada):
    item = await ada.has("Call-Ada", **WHOLE)
    await ada.syncs(full=True)

    assert item["body"]["contentType"] == "html"
    assert item["dueDateTime"]["dateTime"].startswith("2026-03-02T00:00:00")
    assert item["reminderDateTime"]["dateTime"].startswith("2026-03-02T08:00:00")
    assert (item["status"], item["importance"], item["categories"]) == ("waitingOnOthers", "high", ["VIP"])
    assert {e["displayName"]: e["isChecked"] for e in item["checklistItems"]} == {
        "Find number": False, "Call": True,
    }  # fmt: skip
    record = await ada.record("Call-Ada")
    assert {name: record[name] for name in WHOLE} == WHOLE
    assert await ada.news() == []


async def test_a_task_added_in_to_do_reaches_the_crm(ada):
    await ada.adds("Buy flowers", dueDateTime=due("2026-03-02"), importance="low")
    await ada.syncs()

    change = await ada.told()

    record = change["record"]
    assert (change["type"], record["title"], record["due_date"]) == (
        "task.created",
        "Buy flowers",
        "2026-03-02",
    )
    assert (record["status"], record["importance"], record["opted_in"]) == ("not_started", "low", True)


async def test_every_edit_made_in_to_do_reaches_the_crm(ada):
    item = await ada.has("Call-Ada", **WHOLE)
    await ada.news()
    await ada.edits(
        item, title="Call-Grace", status="inProgress", importance="low", dueDateTime=due("2026-04-01"),
        startDateTime=None, isReminderOn=False, body={"contentType": "html", "content": "<p>One</p><p>Two</p>"},
    )  # fmt: skip
    await ada.syncs()

    change = await ada.told()

    now = {name: change["record"][name] for name in change["changed"]}
    assert now == {
        "title": "Call-Grace", "status": "in_progress", "importance": "low", "due_date": "2026-04-01",
        "recurrence": None, "start_date": None, "reminder": None, "notes": "One\nTwo",
    }  # fmt: skip


@pytest.mark.lesson(12)
@pytest.mark.parametrize("field", ["notes", "due_date", "start_date", "reminder", "checklist", "categories"])
async def test_what_the_crm_clears_is_cleared_in_to_do_and_stays_so(ada, field):
    await ada.has("Call-Ada", **WHOLE)
    await ada.patches("Call-Ada", **{field: None})
    await ada.settles()
    await ada.syncs(full=True)

    item = await ada.task("Call-Ada")
    shown = {
        "notes": not item["body"]["content"], "due_date": not item.get("dueDateTime"),
        "start_date": not item.get("startDateTime"), "reminder": not item["isReminderOn"],
        "checklist": not item["checklistItems"], "categories": not item["categories"],
    }  # fmt: skip
    assert shown == {name: name == field for name in shown}
    record = await ada.record("Call-Ada")
    assert record[field] in (None, [])
    assert await ada.news() == []


@pytest.mark.lesson(12)
@pytest.mark.parametrize(
    "zone", ["UTC", "America/Los_Angeles", "Pacific/Honolulu", "Asia/Tokyo", "Pacific/Auckland"]
)
async def test_a_due_date_is_the_same_date_wherever_it_was_set(ada, zone):
    await ada.adds("Buy flowers", dueDateTime=due("2026-01-15", zone))
    await ada.adds("In summer", dueDateTime=due("2026-07-15", zone))
    await ada.syncs()

    dates = {change["record"]["title"]: change["record"]["due_date"] for change in await ada.news()}
    assert dates == {"Buy flowers": "2026-01-15", "In summer": "2026-07-15"}


async def test_a_reminder_moved_in_to_do_is_told_by_the_clock_that_the_crm_chose(ada):
    item = await ada.has("Call-Ada", **WHOLE)
    await ada.news()
    await ada.edits(item, reminderDateTime={"dateTime": "2026-07-01T06:30:00", "timeZone": "UTC"})
    await ada.syncs()

    change = await ada.told()

    assert change["changed"] == ["reminder"]
    assert change["record"]["reminder"] == {"date_time": "2026-07-01T08:30:00", "time_zone": "Europe/Berlin"}


async def test_a_checklist_is_merged_item_by_item(ada):
    item = await ada.has(
        "Sell-house", checklist=[{"title": "Photos", "done": False}, {"title": "Sign", "done": False}]
    )
    ids = {each["displayName"]: each["id"] for each in item["checklistItems"]}
    await ada.checks(item, "Photos")
    await ada.edits(item, importance="high")
    await ada.patches(
        "Sell-house", checklist=[{"title": "Photos"}, {"title": "Sign", "done": True}, {"title": "Keys"}]
    )
    await ada.syncs()
    await ada.settles()

    now = {each["displayName"]: each for each in (await ada.task("Sell-house"))["checklistItems"]}
    told = {name: each["isChecked"] for name, each in now.items()}
    assert told == {"Photos": True, "Sign": True, "Keys": False}
    assert {name: now[name]["id"] for name in ids} == ids
    record = await ada.record("Sell-house")
    assert {each["title"]: each["done"] for each in record["checklist"]} == told


async def test_ticks_that_nobody_heard_of_survive_a_write_of_the_checklist(ada):
    item = await ada.has("Sell-house", checklist=[{"title": "Photos"}, {"title": "Sign"}])
    await ada.checks(item, "Photos")
    await ada.outlook("POST", f"{await ada.within()}/{item['id']}/checklistItems", {"displayName": "Paint"})
    await ada.patches("Sell-house", checklist=[{"title": "Photos"}, {"title": "Sign"}, {"title": "Keys"}])
    await ada.settles()

    told = {"Photos": True, "Sign": False, "Paint": False, "Keys": False}
    there = (await ada.task("Sell-house"))["checklistItems"]
    assert {each["displayName"]: each["isChecked"] for each in there} == told
    record = await ada.record("Sell-house")
    assert {each["title"]: each["done"] for each in record["checklist"]} == told


async def test_a_task_leads_to_where_the_crm_shows_it(ada):
    await ada.crm("PATCH", "/v1/workspace", {"record_url_template": "https://crm.example/{kind}/{crm_id}"})
    item = await ada.has("Call-Ada")

    (link,) = item["linkedResources"]
    assert (link["applicationName"], link["webUrl"]) == ("Concord", "https://crm.example/task/Call-Ada")


async def test_a_task_deleted_in_to_do_is_deleted_in_the_crm(ada):
    item = await ada.has("Call-Ada", due_date=day(3))
    await ada.news()
    await ada.deletes(item)
    await ada.syncs()

    assert (await ada.told())["type"] == "task.deleted"


async def test_a_task_removed_from_the_crm_follows_the_settings(ada):
    await ada.chooses(removed_from_crm="delete")
    await ada.has("Call-Ada")
    await ada.has("Call-Grace")
    await ada.crm("DELETE", "/v1/tasks/Call-Ada")
    await ada.settles()

    assert await ada.titles() == ["Call-Grace"]


@pytest.mark.feature("A8")
async def test_tasks_of_a_personal_account_sync_like_any_other(stage):
    grace = ToDo(await stage.newcomer(kind="personal"))
    await grace.chooses(direction="two_way", include="all")
    await grace.has("Call-Ada", due_date="2026-03-02", checklist=[{"title": "Find number"}])
    await grace.news()
    await grace.adds("Buy flowers")
    await grace.syncs()

    assert await grace.titles() == ["Buy flowers", "Call-Ada"]
    assert (await grace.told())["record"]["title"] == "Buy flowers"
