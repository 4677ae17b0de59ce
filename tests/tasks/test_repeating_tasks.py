"""Tasks that repeat: completing one makes the next, and leaves a done copy that is nobody's."""

import pytest

from tests.tasks.to_do import due

pytestmark = pytest.mark.feature("C9")
DAILY = {"rrule": "FREQ=DAILY"}


async def test_a_task_that_repeats_is_one_item_with_a_rule(ada):
    item = await ada.has("Water", due_date="2026-03-02", recurrence={"rrule": "FREQ=WEEKLY;BYDAY=MO"})
    await ada.syncs(full=True)

    assert item["recurrence"]["pattern"]["daysOfWeek"] == ["monday"]
    assert await ada.titles() == ["Water"]
    assert await ada.news() == []


async def test_completing_one_in_to_do_is_one_step_to_the_next_date(ada):
    item = await ada.has("Water", due_date="2026-03-02", recurrence=DAILY)
    await ada.news()
    await ada.edits(item, status="completed")
    await ada.syncs()
    await ada.syncs(full=True)

    change = await ada.told()
    assert (change["changed"], change["record"]["due_date"]) == (["due_date", "recurrence"], "2026-03-03")
    assert change["record"]["status"] == "not_started"
    assert sorted(task["status"] for task in await ada.tasks()) == ["completed", "notStarted"]
    codes = await ada.rows("SELECT decision->>'code' AS code FROM links WHERE record_id IS NULL")
    assert codes == [{"code": "copy_ignored"}]


async def test_completing_one_in_the_crm_is_one_step_to_the_next_date(ada):
    await ada.has("Water", due_date="2026-03-02", recurrence=DAILY)
    await ada.news()
    await ada.patches("Water", status="completed")
    await ada.settles()
    await ada.syncs(full=True)

    record = (await ada.news())[-1]["record"]
    assert (record["status"], record["due_date"]) == ("not_started", "2026-03-03")
    assert sorted(task["status"] for task in await ada.tasks()) == ["completed", "notStarted"]
    assert len((await ada.crm("GET", "/v1/tasks"))["data"]) == 1


async def test_where_only_the_crm_writes_a_completed_one_is_completed_once(ada):
    await ada.chooses(direction="crm_to_microsoft")
    await ada.has("Water", due_date="2026-03-02", recurrence=DAILY)
    await ada.patches("Water", status="completed")
    await ada.settles()
    await ada.syncs(full=True)
    await ada.syncs(full=True)

    assert len(await ada.tasks()) == 2
    assert (await ada.record("Water"))["status"] == "completed"


async def test_done_copies_from_before_the_first_sync_are_left_alone(ada):
    await ada.chooses(direction="disabled")
    item = await ada.adds(
        "Water", dueDateTime=due("2026-03-02"),
        recurrence={
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "noEnd", "startDate": "2026-03-02"},
        },
    )  # fmt: skip
    await ada.edits(item, status="completed")
    await ada.chooses(direction="two_way")
    await ada.syncs()

    assert [(c["type"], c["record"]["due_date"]) for c in await ada.news()] == [
        ("task.created", "2026-03-03")
    ]


async def test_a_date_that_leaves_the_rule_moves_the_task_alone(ada):
    await ada.has("Water", due_date="2026-03-02", recurrence={"rrule": "FREQ=WEEKLY;BYDAY=MO"})
    await ada.patches("Water", due_date="2026-03-04")
    await ada.settles()

    item = await ada.task("Water")
    assert item["dueDateTime"]["dateTime"].startswith("2026-03-04")
    assert item["recurrence"]["pattern"]["daysOfWeek"] == ["monday"]


@pytest.mark.parametrize(
    ("fields", "reason", "says"),
    [
        ({"recurrence": DAILY}, "unsupported_value", "needs a due date"),
        (
            {"due_date": "2026-03-02", "recurrence": {"rrule": "FREQ=HOURLY"}},
            "unsupported_recurrence", "repeats within a day",
        ),
    ],
    ids=["a rule without a date", "a rule that To Do can't hold"],
)  # fmt: skip
async def test_what_to_do_cant_hold_is_parked_with_a_sentence(ada, fields, reason, says):
    await ada.puts("Water", title="Water", **fields)
    await ada.settles()

    told = await ada.explains("Water")
    assert (told["state"], told["reason"]) == ("parked", reason)
    assert says in told["problem"]["detail"]
    assert await ada.titles() == []
