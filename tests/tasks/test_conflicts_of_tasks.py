"""Conflicts of tasks are told and decided in the words of the API."""

import pytest

from tests.tasks.to_do import due

pytestmark = [pytest.mark.feature("C9"), pytest.mark.feature("F4")]


async def in_conflict(ada):
    """Let both sides move the due date of a task, and the workspace be asked."""
    await ada.chooses(conflict_resolution="ask")
    item = await ada.has("Call", due_date="2026-03-02", recurrence={"rrule": "FREQ=DAILY"})
    await ada.edits(item, dueDateTime=due("2026-03-05"))
    await ada.patches("Call", due_date="2026-03-09")
    await ada.syncs()
    (conflict,) = (await ada.crm("GET", "/v1/conflicts?status=open"))["data"]
    return conflict


async def test_a_conflict_over_the_due_date_shows_both_sides_as_a_task_has_them(ada):
    conflict = await in_conflict(ada)

    assert conflict["fields"] == ["due_date", "recurrence"]
    told = {side: conflict[side]["due_date"] for side in ("base", "crm", "microsoft")}
    assert told == {"base": "2026-03-02", "crm": "2026-03-09", "microsoft": "2026-03-05"}
    assert conflict["crm"]["recurrence"] == {"rrule": "FREQ=DAILY"}


@pytest.mark.parametrize(
    ("decision", "becomes"),
    [
        ({"take": "crm"}, "2026-03-09"),
        ({"take": "microsoft"}, "2026-03-05"),
        ({"value": {"due_date": "2026-03-07"}}, "2026-03-07"),
    ],
    ids=["the CRM's", "To Do's", "another"],
)
async def test_whatever_is_decided_is_on_both_sides(ada, decision, becomes):
    conflict = await in_conflict(ada)
    await ada.crm("POST", f"/v1/conflicts/{conflict['id']}/resolve", decision)
    await ada.settles()
    await ada.settles()

    assert (await ada.task("Call"))["dueDateTime"]["dateTime"].startswith(becomes)
    assert (await ada.record("Call"))["due_date"] == becomes


async def test_a_value_that_is_none_of_a_task_is_refused_with_its_place(ada):
    conflict = await in_conflict(ada)
    path = f"/v1/conflicts/{conflict['id']}/resolve"
    for value, pointer in (
        ("x", "/value"),
        ({"due_date": "soon"}, "/value/due_date"),
        ({"title": "x"}, "/value"),
    ):
        refused = await ada.crm("POST", path, {"value": value}, status=422)
        assert refused["errors"][0]["pointer"] == pointer
