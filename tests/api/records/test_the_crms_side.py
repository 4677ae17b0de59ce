"""The CRM's side (``engine.md`` §3): edits told from stale copies, whatever the CRM's habits."""

from datetime import timedelta

import pytest

from app import clock


@pytest.fixture
async def ada(crm, outlook):
    """A contact whose job title the mailbox's user has just changed from Programmer to Poet."""
    record = await crm.puts(given_name="Ada", job_title="Programmer", company="Engines")
    await outlook.edits(record["record_id"], job_title="Poet")
    return record["record_id"]


async def title(crm):
    return (await crm.gets())["job_title"]


@pytest.mark.feature("C7")
async def test_an_edit_in_outlook_is_told_with_what_was_there_before(crm, ada):
    (change,) = await crm.reads()

    assert (change["type"], change["crm_id"], change["record_id"]) == ("contact.updated", "c-1", ada)
    assert (change["changed"], change["previous"]) == (["job_title"], {"job_title": "Programmer"})
    assert (change["revision"], change["origin"], change["connection"]) == (2, "microsoft", "con_a")
    assert change["record"] == await crm.gets()
    assert await crm.reads() == []


@pytest.mark.story("the CRM works its queue later")
@pytest.mark.lesson(13)
async def test_a_put_of_the_old_value_before_the_change_is_read_is_no_edit(crm, ada):
    answer = await crm.puts(given_name="Ada", job_title="Programmer", company="Engines")

    assert (answer["job_title"], answer["merged"], answer["revision"]) == ("Poet", ["job_title"], 2)


async def test_another_value_is_an_edit(crm, ada):
    await crm.reads()

    answer = await crm.puts(job_title="Countess")

    assert (answer["job_title"], "merged" in answer) == ("Countess", False)


@pytest.mark.story("the CRM never acks")
async def test_a_crm_that_reads_and_never_acks_counts_as_up_to_date_after_an_hour(crm, ada, later):
    await crm.reads()
    later(minutes=59)
    assert (await crm.puts(company="E 2"))["job_title"] == "Poet"
    later(minutes=2)

    await crm.puts(job_title="Programmer")

    assert await title(crm) == "Programmer"


async def test_the_hour_does_not_run_out_while_the_crm_shows_the_older_value(crm, ada, later):
    await crm.reads()
    later(minutes=30)
    await crm.puts(job_title="Programmer")
    later(minutes=31)

    await crm.puts(job_title="Programmer")

    assert await title(crm) == "Poet"


@pytest.mark.story("an ack overtakes a PUT")
async def test_an_ack_that_overtakes_a_put_in_flight_loses_nothing(crm, ada, later):
    await crm.acks(*await crm.reads())

    await crm.puts(job_title="Programmer")
    assert await title(crm) == "Poet"
    later(seconds=121)
    await crm.puts(job_title="Programmer")
    assert await title(crm) == "Programmer"


async def test_a_put_that_shows_the_new_value_is_as_good_as_an_ack(crm, ada, later):
    await crm.reads()
    await crm.puts(given_name="Ada", job_title="Poet", company="Engines")
    later(seconds=121)

    await crm.puts(given_name="Ada", job_title="Programmer", company="Engines")

    assert await title(crm) == "Programmer"


async def test_a_patch_means_what_it_states_also_an_old_value(crm, ada):
    await crm.reads()

    answer = await crm.patches(job_title="Programmer")

    assert answer["job_title"] == "Programmer"


async def test_an_edit_is_merged_against_the_revision_it_was_made_on(crm, ada):
    await crm.reads()
    named = {"Concord-Base-Revision": "1"}

    answer = await crm.puts(headers=named, given_name="Ada", job_title="Programmer", company="Babbage")
    assert (answer["job_title"], answer["company"], answer["merged"]) == ("Poet", "Babbage", ["job_title"])
    answer = await crm.puts(headers={"Concord-Base-Revision": "2"}, job_title="Programmer")
    assert answer["job_title"] == "Programmer"


async def test_an_unknown_base_is_refused(crm, ada, problem):
    answer = await crm.http.put("/v1/contacts/c-1", json={}, headers={"Concord-Base-Revision": "9"})

    problem(answer, 412, "base-revision-unknown")


@pytest.mark.feature("F4")
async def test_different_fields_are_both_kept(crm, ada):
    answer = await crm.puts(given_name="Ada", job_title="Programmer", company="Babbage")

    assert (answer["job_title"], answer["company"]) == ("Poet", "Babbage")


@pytest.mark.feature("F4")
@pytest.mark.parametrize(
    ("updated", "kept", "stands"),
    [
        pytest.param({"minutes": 10}, "crm", "Countess", id="the CRM's is newer"),
        pytest.param({"minutes": -10}, "microsoft", "Poet", id="the mailbox's is newer"),
        pytest.param(None, "crm", "Countess", id="the CRM gives no time"),
    ],
)
async def test_the_newest_of_two_edits_wins_and_both_are_kept(crm, ada, later, updated, kept, stands):
    at = {} if updated is None else {"updated_at": (clock.now() + timedelta(**updated)).isoformat()}
    later(hours=1)

    answer = await crm.puts(job_title="Countess", **at)

    assert (answer["job_title"], answer.get("merged", [])) == (
        stands,
        ["job_title"] if kept == "microsoft" else [],
    )
    (conflict,) = await crm.conflicts()
    assert (conflict["field"], conflict["crm"], conflict["microsoft"]) == ("job_title", "Countess", "Poet")
    assert (conflict["base"], conflict["kept"], conflict["status"]) == ("Programmer", kept, "resolved")
    assert (conflict["crm_id"], conflict["record_id"], conflict["connection"]) == ("c-1", ada, "con_a")
    assert await crm.conflicts(status="open") == []


async def test_the_crm_hears_of_what_won_although_it_wrote(crm, ada):
    await crm.puts(emails=[{"address": "a@example.org"}])
    await crm.puts(job_title="Countess")

    heard = [change for change in await crm.reads() if change["type"] == "contact.updated"]

    assert heard[-1]["record"]["job_title"] == "Countess"
    assert [change["revision"] for change in heard] == sorted(change["revision"] for change in heard)


@pytest.mark.usefixtures("ada")
class TestOffers:
    @pytest.mark.story("the CRM works its queue later")
    async def test_what_the_crm_still_shows_older_is_offered_three_times_then_left(self, crm, later, work):
        await crm.reads()
        revision = 2
        for minutes in (1, 10, 60):
            answer = await crm.puts(job_title="Programmer")
            assert answer["job_title"] == "Poet"
            later(minutes=minutes, seconds=-5)
            await work()
            assert await crm.reads() == []
            later(seconds=6)
            await work()
            (again,) = await crm.reads()
            assert (again["type"], again["reason"]) == ("contact.updated", "crm_keeps_older_value")
            assert (again["changed"], again["previous"]) == (["job_title"], {"job_title": "Programmer"})
            assert again["record"]["job_title"] == "Poet"
            assert again["revision"] > revision
            revision = again["revision"]

        await crm.puts(job_title="Programmer")
        later(hours=3)
        await work()
        assert await crm.reads() == []
        assert await title(crm) == "Poet"

    async def test_one_that_takes_the_value_over_is_left_in_peace(self, crm, later, work):
        await crm.reads()
        await crm.puts(job_title="Programmer")
        await crm.puts(job_title="Poet")
        later(minutes=2)
        await work()

        assert await crm.reads() == []

    async def test_one_that_acks_meanwhile_is_left_in_peace(self, crm, later, work):
        read = await crm.reads()
        await crm.puts(job_title="Programmer")
        await crm.acks(*read)
        later(minutes=2)
        await work()

        assert await crm.reads() == []

    async def test_what_was_not_read_yet_is_not_offered_again(self, crm, later, work):
        await crm.puts(job_title="Programmer")
        later(minutes=2)
        await work()

        assert [change["reason"] for change in await crm.reads()] == [None]


class TestDeletes:
    @pytest.mark.feature("F3")
    async def test_an_edit_the_crm_had_not_heard_of_outlives_its_delete(self, crm, ada):
        await crm.deletes()

        alive = await crm.gets()
        assert (alive["deleted"], alive["job_title"], alive["record_id"]) == (False, "Poet", ada)
        created = [change for change in await crm.reads() if change["type"] == "contact.created"]
        assert [(c["crm_id"], c["reason"], c["revision"]) for c in created] == [
            ("c-1", "edit_outlived_delete", 3)
        ]
        (conflict,) = await crm.conflicts(status="open")
        assert (conflict["field"], conflict["crm"], conflict["microsoft"]) == ("deleted", True, False)
        assert (conflict["reason"], conflict["kept"]) == ("deleted_vs_edited", "microsoft")

    @pytest.mark.usefixtures("ada")
    async def test_a_delete_beats_every_edit_that_was_delivered(self, crm):
        await crm.reads()

        await crm.deletes()

        assert (await crm.gets())["deleted"]
        assert await crm.conflicts() == []

    @pytest.mark.usefixtures("ada")
    async def test_deleting_again_what_came_back_ends_it(self, crm):
        await crm.deletes()
        await crm.reads()

        await crm.deletes()

        assert (await crm.gets())["deleted"]
        assert [conflict["status"] for conflict in await crm.conflicts()] == ["obsolete"]

    @pytest.mark.usefixtures("ada")
    async def test_acknowledging_what_came_back_settles_it(self, crm):
        await crm.deletes()
        (created,) = [change for change in await crm.reads() if change["type"] == "contact.created"]

        await crm.acks({"id": created["id"]})

        assert [conflict["status"] for conflict in await crm.conflicts()] == ["resolved"]
        assert not (await crm.gets())["deleted"]

    async def test_a_stale_put_does_not_bring_back_what_a_mailbox_deleted(self, crm, outlook):
        record = await crm.puts(job_title="Programmer")
        await outlook.deletes(record["record_id"])

        answer = await crm.puts(job_title="Programmer")

        assert (answer["deleted"], answer["revision"]) == (True, 2)

    async def test_an_edit_of_the_crm_outlives_a_delete_it_had_not_heard_of(self, crm, outlook):
        record = await crm.puts(job_title="Programmer")
        await outlook.deletes(record["record_id"])

        answer = await crm.puts(job_title="Countess")

        assert (answer["deleted"], answer["job_title"]) == (False, "Countess")
        assert [change["type"] for change in await crm.reads()] == ["contact.deleted", "contact.created"]

    async def test_a_put_after_the_delete_was_heard_makes_the_record_again(self, crm, outlook):
        record = await crm.puts(job_title="Programmer")
        await outlook.deletes(record["record_id"])
        (told,) = await crm.reads()
        assert (told["type"], told["reason"], told["record"]["job_title"]) == (
            "contact.deleted", "deleted_in_microsoft", "Programmer",
        )  # fmt: skip

        answer = await crm.puts(job_title="Programmer")

        assert (answer["deleted"], answer["record_id"]) == (False, record["record_id"])
