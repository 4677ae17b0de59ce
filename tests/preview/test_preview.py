"""Previews: what a choice would do is told before it is made, and nothing is done by that."""

from datetime import timedelta

import pytest

from app import clock
from app.errors import Throttled
from app.models import Base
from app.sync import rehearsal_tables
from app.sync.rehearsal import rehearse
from tests.preview.preview_stage import FOLDER

pytestmark = pytest.mark.feature("F2")

GRACE = {"display_name": "Grace Hopper", "emails": [{"address": "grace@example.org", "name": None}]}
MARY = {"displayName": "Mary Shelley", "emailAddresses": [{"address": "mary@example.org", "name": "Mary"}]}
NONE = {"created": 0, "updated": 0, "deleted": 0}
TWO_WAY = {"direction": "two_way", "folder_name": FOLDER}


def outline(plan):
    return sorted((step["step"], step["side"], step["title"], step["because"]) for step in plan)


async def test_a_first_sync_is_told_step_by_step_and_nothing_is_written_anywhere(ada):
    await ada.puts("c-1", **GRACE, job_title="Rear admiral")
    before = await ada.everything()

    run = await ada.previews(**TWO_WAY)
    plan = await ada.plan(run)

    assert (run["trigger"], run["status"], run["problem"]) == ("preview", "succeeded", None)
    assert run["counts"]["to_microsoft"] == {"created": 1, "updated": 0, "deleted": 0}
    assert outline(plan) == [("create", "microsoft", "Grace Hopper", "in_scope")]
    assert {move["field"]: (move["from"], move["to"]) for move in plan[0]["fields"]} == {
        "display_name": (None, "Grace Hopper"),
        "job_title": (None, "Rear admiral"),
        "emails": ([], [{"address": "grace@example.org", "name": None}]),
    }
    assert (plan[0]["crm_id"], plan[0]["mails"]) == ("c-1", [])
    assert await ada.everything() == before
    assert {entry["method"] for entry in await ada.journal()} == {"GET"}
    assert await ada.folders() == []


async def test_contacts_of_the_folder_are_linked_reviewed_and_taken_over(ada):
    await ada.puts("c-1", **GRACE)
    await ada.puts("c-2", display_name="Mary One", emails=[{"address": "mary@example.org"}])
    await ada.puts("c-3", display_name="Mary Two", emails=[{"address": "mary@example.org"}])
    await ada.adds(displayName="Grace H.", emailAddresses=[{"address": "GRACE@example.org", "name": "G"}])
    await ada.adds(**MARY)
    await ada.adds(displayName="Only In Outlook", jobTitle="Novelist")

    run = await ada.previews(**TWO_WAY)
    plan = await ada.plan(run)

    assert (run["counts"]["linked"], run["counts"]["in_review"]) == (1, 1)
    assert [step for step in outline(plan) if step[0] != "update"] == [
        ("create", "crm", "Only In Outlook", "in_scope"),
        ("link", "microsoft", "Grace Hopper", "in_scope"),
        ("review", "crm", "Mary Shelley", "match_open"),
        ("review", "microsoft", "Mary One", "match_open"),
        ("review", "microsoft", "Mary Two", "match_open"),
    ]
    (created,) = [step for step in plan if step["step"] == "create"]
    assert (created["record_id"], created["crm_id"]) == (None, None)


async def test_what_is_not_taken_over_is_told_with_its_reason(ada):
    await ada.adds(**MARY)

    for choice, reason in (
        ({"import_new": False}, "import_off"),
        ({"direction": "crm_to_microsoft"}, "direction"),
    ):
        plan = await ada.plan(await ada.previews(**TWO_WAY | choice))
        assert outline(plan) == [("skip", "crm", "Mary Shelley", reason)]


async def test_of_a_running_sync_a_new_direction_is_told_as_the_real_run_follows_it(ada):
    await ada.puts("c-1", **GRACE)
    await ada.chooses(direction="crm_to_microsoft")
    await ada.syncs()
    (item,) = await ada.contacts()
    await ada.edits(item, companyName="Navy")
    await ada.adds(**MARY)

    run = await ada.previews(direction="two_way")
    plan = await ada.plan(run)
    await ada.chooses(direction="two_way")
    await ada.syncs()
    (real,) = await ada.runs(trigger="settings")

    assert outline(plan) == [
        ("create", "crm", "Mary Shelley", "in_scope"),
        ("update", "crm", "Grace Hopper", "in_scope"),
    ]
    (update,) = [step for step in plan if step["step"] == "update"]
    assert update["fields"] == [{"field": "company", "from": None, "to": "Navy"}]
    assert run["counts"] == real["counts"]


@pytest.mark.lesson(14)
async def test_switching_off_unlinks_and_says_of_how_many(ada):
    await ada.puts("c-1", **GRACE)
    await ada.chooses(direction="two_way")
    await ada.syncs()

    plan = await ada.plan(await ada.previews(direction="disabled"))

    assert outline(plan) == [("unlink", "microsoft", "Grace Hopper", "disabled")]
    assert (await ada.rows("SELECT state FROM links")) == [{"state": "linked"}]


async def test_a_removal_in_outlook_is_followed_without_waiting_for_its_quiet_seconds(ada):
    await ada.puts("c-1", **GRACE)
    await ada.chooses(direction="two_way", deleted_in_microsoft="delete")
    await ada.syncs()
    await ada.deletes(*await ada.contacts())

    keep = await ada.plan(await ada.previews(deleted_in_microsoft="keep"))
    back = await ada.plan(await ada.previews(deleted_in_microsoft="recreate"))
    gone = await ada.plan(await ada.previews())

    assert outline(keep) == [("unlink", "microsoft", "Grace Hopper", "removed_there")]
    assert outline(back) == [("create", "microsoft", "Grace Hopper", "in_scope")]
    assert outline(gone) == [("delete", "crm", "Grace Hopper", "removed_there")]


async def test_what_the_breaker_would_ask_is_told_and_the_plan_shows_all_of_it(ada):
    for number in range(6):
        await ada.puts(f"c-{number}", display_name=f"Person {number}")
    await ada.chooses(direction="two_way", deleted_in_microsoft="keep")
    await ada.syncs()
    await ada.deletes(*(await ada.contacts())[:5])

    run = await ada.previews(deleted_in_microsoft="delete")

    assert (run["status"], run["counts"]["to_crm"]["deleted"]) == ("succeeded", 5)
    assert (run["approval"]["reason"], run["approval"]["side"]) == ("deletions", "crm")
    assert run["approval"]["would"]["to_crm"]["deleted"] == 5
    assert len(await ada.plan(run, step="delete", side="crm")) == 5
    await ada.crm("PATCH", ada.settings, {"deleted_in_microsoft": "delete", "previewed": run["id"]})
    await ada.syncs()
    assert await ada.runs(status="awaiting_approval") == []
    assert len(await ada.rows("SELECT 1 FROM records WHERE deleted_at IS NOT NULL")) == 5


async def test_pages_and_filters_of_a_plan(ada):
    for number in range(7):
        await ada.puts(f"c-{number}", display_name=f"Person {number}")
    await ada.adds(**MARY)
    run = await ada.previews(**TWO_WAY)

    assert len(await ada.plan(run, limit=3)) == 8
    assert len(await ada.plan(run, step="create", side="microsoft", limit=2)) == 7
    assert await ada.plan(run, step="delete") == []
    await ada.crm("GET", f"/v1/runs/{run['id']}/plan?cursor=x", status=422)
    await ada.crm("GET", f"/v1/runs/{run['id']}/plan?step=other", status=422)


async def test_chosen_as_it_was_seen_its_counts_are_approved(ada):
    await ada.puts("c-1", **GRACE)
    run = await ada.previews(**TWO_WAY)

    chosen = await ada.crm("PATCH", ada.settings, {**TWO_WAY, "previewed": run["id"]})

    assert (chosen["direction"], "previewed" in chosen) == ("two_way", False)
    approved = (await ada.collection()).approved
    assert (approved["run"], approved["counts"]) == (run["id"], run["counts"])


async def test_a_preview_is_outdated_once_its_plan_may_have_grown(ada):
    async def refused(run, **patch):
        body = {**TWO_WAY, "previewed": run["id"], **patch}
        return (await ada.crm("PATCH", ada.settings, body, status=409))["detail"]

    await ada.puts("c-1", **GRACE)
    queued = await ada.crm("POST", f"{ada.settings}/preview", TWO_WAY)
    assert "queued" in await refused(queued)
    run = await ada.previews(**TWO_WAY)
    assert "Another choice" in await refused(run, import_new=False)
    await ada.crm("PATCH", "/v1/contacts/c-1", {"job_title": "Admiral"})
    await ada.puts("c-2", display_name="Ada")
    assert "Records" in await refused(run)
    run = await ada.previews(**TWO_WAY)
    await ada.crm("PATCH", "/v1/workspace", {"defaults": {"contacts": {"import_new": False}}})
    assert "settings have changed" in await refused(run)

    run = await ada.previews(**TWO_WAY)
    clock.follow(clock.now() + timedelta(days=8))
    assert "7 days" in await refused(run)
    await ada.crm("GET", f"/v1/runs/{run['id']}/plan", status=409)
    assert (await ada.crm("GET", ada.settings))["direction"] == "disabled"


async def test_only_a_preview_that_succeeded_has_a_plan_and_can_be_named(ada):
    chosen = await ada.chooses(direction="two_way")
    wrong = {"direction": "two_way", "previewed": chosen["run"]}

    assert "previewed" in (await ada.crm("PATCH", ada.settings, wrong, status=409))["detail"]
    assert await ada.plan({"id": chosen["run"]}) == []
    waiting = await ada.crm("POST", f"{ada.settings}/preview", {"direction": "disabled"})
    again = await ada.crm("POST", f"{ada.settings}/preview", {"direction": "disabled"})
    assert (waiting["id"], waiting["status"]) == (again["id"], "queued")
    await ada.crm("GET", f"/v1/runs/{waiting['id']}/plan", status=409)
    await ada.crm("POST", f"/v1/runs/{waiting['id']}/cancel")
    await rehearse(ada.stage.resources, ada.workspace["id"], waiting["id"])
    assert (await ada.crm("GET", f"/v1/runs/{waiting['id']}"))["status"] == "cancelled"


async def test_a_choice_that_would_be_refused_is_refused_before_it_is_previewed(ada):
    preview = f"{ada.settings}/preview"
    await ada.crm("PATCH", f"/v1/connections/{ada.connection}", {"paused": True})
    paused = await ada.crm("POST", preview, TWO_WAY, status=409)
    await ada.crm("PATCH", f"/v1/connections/{ada.connection}", {"paused": False})
    locked = {"defaults": {"contacts": {"direction": "disabled", "locked": ["direction"]}}}
    await ada.crm("PATCH", "/v1/workspace", locked)

    assert paused["type"] == "/problems/paused"
    assert (await ada.crm("POST", preview, TWO_WAY, status=403))["type"] == "/problems/setting-locked"
    await ada.crm("POST", preview, {"direction": "sideways"}, status=422)
    await ada.crm("POST", "/v1/connections/con_none/settings/contacts/preview", TWO_WAY, status=404)


async def test_a_connection_put_out_of_work_meanwhile_ends_the_preview_with_its_problem(ada):
    run = await ada.crm("POST", f"{ada.settings}/preview", TWO_WAY)
    await ada.crm("PATCH", f"/v1/connections/{ada.connection}", {"paused": True})

    await rehearse(ada.stage.resources, ada.workspace["id"], run["id"])

    ended = await ada.crm("GET", f"/v1/runs/{run['id']}")
    assert (ended["status"], ended["problem"]["type"]) == ("failed", "/problems/paused")


@pytest.mark.lesson(20)
async def test_throttled_it_is_tried_again_and_given_up_after_ten_minutes(ada):
    await ada.stage.control(
        "faults", match={"mail": ada.mail}, times=None, fault={"status": 429, "retry_after": 1}
    )
    run = await ada.crm("POST", f"{ada.settings}/preview", TWO_WAY)
    with pytest.raises(Throttled):
        await rehearse(ada.stage.resources, ada.workspace["id"], run["id"])
    assert (await ada.crm("GET", f"/v1/runs/{run['id']}"))["status"] == "running"

    clock.follow(clock.now() + timedelta(minutes=10))
    await rehearse(ada.stage.resources, ada.workspace["id"], run["id"])

    ended = await ada.crm("GET", f"/v1/runs/{run['id']}")
    assert (ended["status"], ended["problem"]["type"]) == ("failed", "/problems/throttled")


def test_of_each_table_it_is_said_how_a_rehearsal_sees_it():
    seen = [*rehearsal_tables.COPIED, *rehearsal_tables.BLANK, *rehearsal_tables.AS_THEY_ARE]

    assert sorted(seen) == sorted(Base.metadata.tables)
