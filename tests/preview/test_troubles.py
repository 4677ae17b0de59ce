"""Previews beside others, beside the real run, and when a worker dies: nothing gets in the way, nothing is left."""

import asyncio
from datetime import timedelta

import pytest

from app import clock
from app.sync.rehearsal import rehearse
from tests.preview.test_preview import GRACE, MARY, TWO_WAY, outline

pytestmark = pytest.mark.feature("F2")


@pytest.fixture
async def many(ada):
    """Thirty contacts in the CRM, and Mary in Outlook."""
    for number in range(30):
        await ada.puts(f"c-{number}", display_name=f"Person {number}")
    await ada.adds(**MARY)
    return ada


async def asks(person, **settings):
    return (await person.crm("POST", f"{person.settings}/preview", settings))["id"]


async def works_out(person, run):
    await rehearse(person.stage.resources, person.workspace["id"], run)


async def part_is_stored(person):
    while not await person.rows("SELECT 1 FROM plan_steps"):
        pass


async def dies_at_work(person, run):
    """Let a worker begin, and kill it once a part of the plan is stored."""
    worker = asyncio.create_task(works_out(person, run))
    await part_is_stored(person)
    assert not worker.done()
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker


async def test_two_previews_at_once_each_tell_their_own_choice(many):
    both = [await asks(many, **TWO_WAY), await asks(many, **TWO_WAY, import_new=False)]

    await asyncio.gather(*(works_out(many, run) for run in both))

    taken_over, left = [await many.plan({"id": run}, side="crm") for run in both]
    assert outline(taken_over) == [("create", "crm", "Mary Shelley", "in_scope")]
    assert outline(left) == [("skip", "crm", "Mary Shelley", "import_off")]
    for run in both:
        assert len(await many.plan({"id": run}, step="create", side="microsoft")) == 30


async def test_a_preview_during_the_real_run_lets_it_work_and_tells_what_is_left(many):
    await many.chooses(direction="two_way")
    run = await asks(many, classes=["buyer"])

    await asyncio.gather(many.syncs(), works_out(many, run))

    assert (await many.crm("GET", f"/v1/runs/{run}"))["status"] == "succeeded"
    assert len(await many.contacts()) == 31
    (real,) = await many.runs(trigger="initial")
    assert (real["status"], real["counts"]["to_microsoft"]["created"]) == ("succeeded", 30)
    told = await many.plan({"id": run}, side="microsoft")
    assert {step["because"] for step in told if step["title"].startswith("Person")} == {"class_not_selected"}


async def test_what_a_dead_worker_began_another_one_begins_anew(many):
    run = await asks(many, **TWO_WAY)
    await dies_at_work(many, run)
    await works_out(many, run)
    assert (await many.crm("GET", f"/v1/runs/{run}"))["status"] == "running"

    clock.follow(clock.now() + timedelta(seconds=61))
    await works_out(many, run)

    assert (await many.crm("GET", f"/v1/runs/{run}"))["status"] == "succeeded"
    assert len(await many.plan({"id": run})) == 31
    assert len(await many.rows("SELECT 1 FROM plan_steps")) == 31


async def test_a_preview_whose_workers_die_each_time_fails_with_a_reason_and_leaves_nothing(many):
    before = await many.everything()
    run = await asks(many, **TWO_WAY)
    await dies_at_work(many, run)

    clock.follow(clock.now() + timedelta(minutes=11))
    await works_out(many, run)

    ended = await many.crm("GET", f"/v1/runs/{run}")
    assert (ended["status"], ended["problem"]["type"]) == ("failed", "/problems/failing")
    assert "ten minutes" in ended["problem"]["detail"]
    assert await many.rows("SELECT 1 FROM plan_steps") == []
    assert await many.rows("SELECT 1 FROM timers WHERE kind = 'preview'") == []
    assert await many.everything() == before


async def test_cancelled_while_it_is_worked_out_it_leaves_nothing(many):
    run = await asks(many, **TWO_WAY)
    worker = asyncio.create_task(works_out(many, run))
    await part_is_stored(many)
    await many.rows("UPDATE runs SET status = 'cancelled' WHERE id = :run RETURNING id", run=run)
    await worker

    assert (await many.crm("GET", f"/v1/runs/{run}"))["status"] == "cancelled"
    assert await many.rows("SELECT 1 FROM plan_steps") == []


async def test_of_everybody_who_stays_out_it_is_said_why(ada):
    await ada.puts("c-1", **GRACE, classes=["buyer"])
    await ada.puts("c-2", display_name="Other Class", classes=["seller"])
    await ada.puts("c-3", display_name="Only Looked At", owners=[{"user": "agent-1", "access": "full"}])
    await ada.puts("c-4", display_name="Of Somebody Else", owners=[{"user": "agent-2", "access": "primary"}])

    run = await ada.previews(**TWO_WAY, classes=["buyer"], ownership="primary_only")
    into = await ada.previews(direction="microsoft_to_crm")

    assert outline(await ada.plan(run)) == [
        ("create", "microsoft", "Grace Hopper", "in_scope"),
        ("skip", "microsoft", "Only Looked At", "not_primary_owner"),
        ("skip", "microsoft", "Other Class", "class_not_selected"),
    ]
    assert {step["because"] for step in await ada.plan(into)} == {"direction"}
    assert len(await ada.plan(into)) == 3
    assert await ada.plan(await ada.previews(direction="disabled")) == []
