"""A conflict that somebody must decide: it waits, it follows both sides, and it ends."""

import pytest

from app.sync.connections import Connections
from app.sync.reconsidering import end_questions, reconsider_questions
from tests.api.records.in_question import Mailbox, chooses, only, resolves

ADA = {"display_name": "Ada", "job_title": "Programmer"}


@pytest.fixture
async def mailbox(resources, workspace, crm):
    mailbox = await Mailbox.opened(resources, workspace.id, crm)
    await mailbox.takes(await crm.puts(owners=[{"user": "agent-7", "access": "primary"}], **ADA))
    await crm.reads()
    return mailbox


@pytest.fixture
async def asked(crm, mailbox):
    """Both sides have edited Ada's job title; return the conflict."""
    await crm.patches(job_title="Countess")
    await mailbox.reports(jobTitle="Poet")
    (conflict,) = await crm.conflicts(status="open")
    return conflict


@pytest.mark.feature("E5", "F4")
class TestWaiting:
    async def test_neither_side_is_overwritten_and_both_values_are_kept(self, crm, mailbox):
        await crm.patches(job_title="Countess")
        counts = await mailbox.reports(jobTitle="Poet")

        conflict = await only(crm)
        assert (conflict["status"], conflict["kept"], conflict["field"]) == ("open", "neither", "job_title")
        assert (conflict["base"], conflict["crm"], conflict["microsoft"]) == (
            "Programmer",
            "Countess",
            "Poet",
        )
        assert (conflict["connection"], conflict["crm_id"]) == (mailbox.connection, "c-1")
        assert counts["conflicts"] == 1
        assert (await crm.gets())["job_title"] == "Countess"
        assert await mailbox.owed() == {}
        (heard,) = await crm.reads()
        assert (heard["type"], heard["changed"], heard["record"]) == (
            "conflict.opened", ["job_title"], conflict,
        )  # fmt: skip

    async def test_a_crm_that_was_unaware_keeps_its_edit(self, crm, mailbox):
        await mailbox.reports(jobTitle="Poet")
        answer = await crm.puts(job_title="Countess")

        conflict = await only(crm, status="open")
        assert (conflict["crm"], conflict["microsoft"], answer["job_title"]) == (
            "Countess",
            "Poet",
            "Countess",
        )
        assert await mailbox.owed() == {}
        told = [change for change in await crm.reads() if change["type"] == "contact.updated"]
        assert [change["record"]["job_title"] for change in told] == ["Poet", "Countess"]

    @pytest.mark.usefixtures("asked")
    async def test_the_state_of_the_record_says_so(self, crm, mailbox):
        shown = await crm.gets(include="sync")

        states = {each["connection"]: (each["state"], each["reason"]) for each in shown["sync"]}
        assert states == {mailbox.connection: ("conflict", "conflict_open")}
        entity = (await crm.call("GET", f"/v1/connections/{mailbox.connection}"))["entities"]["contacts"]
        assert entity["counts"]["conflicts"] == 1

    @pytest.mark.usefixtures("asked")
    async def test_further_edits_of_either_side_move_the_same_row(self, crm, mailbox):
        await mailbox.reports(jobTitle="Bard")
        await crm.patches(job_title="Duchess")
        await mailbox.reports(companyName="Acme")

        conflict = await only(crm)
        assert (conflict["crm"], conflict["microsoft"]) == ("Duchess", "Bard")
        assert (await crm.gets())["company"] == "Acme"
        assert await mailbox.owed() == {}


@pytest.mark.feature("F4")
class TestEndingByRule:
    @pytest.mark.usefixtures("asked")
    async def test_equal_values_close_it(self, crm, mailbox):
        await mailbox.reports(jobTitle="Countess")

        conflict = await only(crm)
        assert (conflict["status"], conflict["resolved_by"]) == ("resolved", "agreement")
        assert [c["type"] for c in await crm.reads() if "conflict" in c["type"]][-1] == "conflict.resolved"

    @pytest.mark.usefixtures("asked")
    async def test_a_side_that_goes_back_leaves_it_to_the_other(self, crm, mailbox):
        await crm.patches(job_title="Programmer")

        conflict = await only(crm)
        assert (conflict["resolved_by"], conflict["kept"]) == ("agreement", "microsoft")
        assert (await crm.gets())["job_title"] == "Poet"
        assert await mailbox.owed() == {}

    @pytest.mark.usefixtures("asked")
    async def test_the_end_of_the_record_ends_it(self, crm):
        await crm.deletes()

        assert (await only(crm))["status"] == "obsolete"

    @pytest.mark.usefixtures("asked")
    @pytest.mark.parametrize(
        ("chosen", "kept", "stands", "owed"),
        [
            pytest.param({"conflict_resolution": "crm_wins"}, "crm", "Countess", "Countess", id="the CRM"),
            pytest.param({"conflict_resolution": "microsoft_wins"}, "microsoft", "Poet", None, id="Outlook"),
            pytest.param({"field_overrides": {"job_title": "crm_wins"}}, "crm", "Countess", "Countess", id="field"),
            pytest.param({"direction": "microsoft_to_crm"}, "microsoft", "Poet", None, id="one way"),
        ],
    )  # fmt: skip
    async def test_another_policy_decides_it(self, crm, mailbox, chosen, kept, stands, owed):
        await chooses(crm, mailbox, **chosen)
        await reconsider_questions(mailbox.resources, mailbox.workspace, mailbox.connection)

        conflict = await only(crm)
        assert (conflict["status"], conflict["resolved_by"], conflict["kept"]) == ("resolved", "policy", kept)
        assert (await crm.gets())["job_title"] == stands
        assert (await mailbox.owed()).get("jobTitle") == owed

    @pytest.mark.usefixtures("asked")
    async def test_a_change_of_other_settings_leaves_it_open(self, crm, mailbox):
        await chooses(crm, mailbox, import_new=False)
        await reconsider_questions(mailbox.resources, mailbox.workspace, mailbox.connection)

        assert (await only(crm))["status"] == "open"

    @pytest.mark.feature("C12")
    @pytest.mark.usefixtures("asked")
    async def test_disconnecting_ends_it_and_coming_back_asks_again(self, crm, mailbox):
        async with mailbox.db.transaction(mailbox.workspace) as session:
            (await Connections(session).locked(mailbox.connection)).status = "disconnecting"
        await end_questions(mailbox.resources, mailbox.workspace, mailbox.connection)

        assert (await only(crm))["status"] == "obsolete"
        assert await mailbox.owed() == {}  # it overwrites nothing unseen
        async with mailbox.db.transaction(mailbox.workspace) as session:
            (await Connections(session).locked(mailbox.connection)).status = "active"
        await mailbox.reports(jobTitle="Poet")
        again = await only(crm, status="open")
        assert (again["crm"], again["microsoft"]) == ("Countess", "Poet")


@pytest.mark.feature("F4")
class TestDeciding:
    async def test_the_crms_value_is_written_to_the_mailbox(self, crm, mailbox, asked):
        decided = await resolves(crm, asked, take="crm")

        assert (decided["status"], decided["kept"]) == ("resolved", "crm")
        assert decided["resolved_by"].startswith("key_")
        assert (await mailbox.owed())["jobTitle"] == "Countess"

    async def test_the_mailboxs_value_is_told_to_the_crm(self, crm, mailbox, asked):
        await crm.reads()
        await resolves(crm, asked, take="microsoft")

        heard = {change["type"]: change for change in await crm.reads()}
        assert set(heard) == {"contact.updated", "conflict.resolved"}
        assert heard["contact.updated"]["record"]["job_title"] == "Poet"
        assert heard["contact.updated"]["previous"] == {"job_title": "Countess"}
        assert heard["conflict.resolved"]["record"]["kept"] == "microsoft"
        assert await mailbox.owed() == {}

    async def test_another_value_goes_to_both(self, crm, mailbox, asked):
        decided = await resolves(crm, asked, value=" Countess of Lovelace ")

        assert decided["kept"] == "neither"
        assert (await crm.gets())["job_title"] == "Countess of Lovelace"
        assert (await mailbox.owed())["jobTitle"] == "Countess of Lovelace"
        assert (await crm.reads())[-2:][0]["origin"] == "concord"

    async def test_null_is_a_value(self, crm, mailbox, asked):
        await resolves(crm, asked, value=None)

        assert (await crm.gets())["job_title"] is None
        assert (await mailbox.owed())["jobTitle"] is None

    @pytest.mark.parametrize(
        ("decision", "pointer"),
        [
            pytest.param({"value": 5}, "/value", id="a number for a text"),
            pytest.param({"take": "both"}, "/take", id="no such side"),
            pytest.param({"take": "crm", "value": "x"}, "", id="both"),
            pytest.param({}, "", id="nothing"),
            pytest.param({"take": "crm", "by": "me"}, "/by", id="unknown"),
        ],
    )
    async def test_a_wrong_decision_is_named_and_decides_nothing(self, crm, asked, decision, pointer):
        told = await resolves(crm, asked, expect=(422,), **decision)

        assert [error["pointer"] for error in told["errors"]] == [pointer]
        assert (await only(crm))["status"] == "open"

    async def test_what_is_closed_is_not_decided_again(self, crm, asked, problem):
        await resolves(crm, asked, take="crm")
        answer = await crm.http.post(f"/v1/conflicts/{asked['id']}/resolve", json={"take": "microsoft"})

        problem(answer, 409, "conflict-closed")
        answer = await crm.http.post("/v1/conflicts/cfl_none/resolve", json={"take": "microsoft"})
        problem(answer, 404, "conflict-not-found")

    async def test_many_are_decided_at_once_each_for_itself(self, crm, mailbox, asked):
        await mailbox.reports(companyName="Acme")
        ids = [asked["id"], "cfl_none"]
        body = await crm.call("POST", "/v1/conflicts/resolve", json={"ids": ids, "take": "microsoft"})

        assert [(result["id"], result["status"]) for result in body["results"]] == [
            (asked["id"], 200), ("cfl_none", 404),
        ]  # fmt: skip
        assert body["failed"] == 1
        assert (await crm.gets())["job_title"] == "Poet"

    async def test_of_another_workspace_nothing_is_read_or_decided(self, new_workspace, asked, problem):
        stranger, path = await new_workspace("Other Realty"), f"/v1/conflicts/{asked['id']}"
        for answer in (
            await stranger.http.get(path),
            await stranger.http.post(f"{path}/resolve", json={"take": "crm"}),
        ):
            problem(answer, 404, "conflict-not-found")

    async def test_a_user_reads_the_conflicts_of_their_own_mailboxes(self, crm, asked, problem):
        path, found = f"/v1/conflicts/{asked['id']}", {}
        for user in ("agent-7", "agent-8"):
            body = {"user": user, "role": "user"}
            token = (await crm.call("POST", "/v1/session-tokens", json=body, expect=(201,)))["token"]
            found[user] = await crm.http.get(path, headers={"Authorization": f"Bearer {token}"})

        assert found["agent-7"].json() == asked == await crm.call("GET", path)
        assert (asked["field"], asked["fields"]) == ("job_title", ["job_title"])
        problem(found["agent-8"], 404, "conflict-not-found")


@pytest.mark.feature("F3", "F4")
class TestDeletionsAgainstEdits:
    @pytest.fixture
    async def outlived(self, crm, mailbox):
        await mailbox.reports(jobTitle="Poet")
        await crm.deletes()
        return await only(crm, status="open")

    async def test_taking_the_crms_side_deletes_after_all(self, crm, outlived):
        await crm.reads()
        decided = await resolves(crm, outlived, take="crm")

        assert (decided["status"], decided["kept"]) == ("resolved", "crm")
        assert (await crm.gets())["deleted"]
        heard = [change for change in await crm.reads() if change["type"] == "contact.deleted"]
        assert [change["reason"] for change in heard] == ["deleted_vs_edited"]

    async def test_taking_microsofts_side_lets_it_live(self, crm, outlived):
        decided = await resolves(crm, outlived, take="microsoft")

        assert (decided["status"], decided["kept"]) == ("resolved", "microsoft")
        assert (await crm.gets())["job_title"] == "Poet"

    async def test_it_has_no_third_value(self, crm, outlived):
        told = await resolves(crm, outlived, expect=(422,), value=False)

        assert [error["pointer"] for error in told["errors"]] == ["/value"]


async def test_conflicts_are_listed_by_what_they_are_about(crm, mailbox, asked):
    for fits in (
        {"status": "open"},
        {"connection": mailbox.connection},
        {"crm_id": "c-1"},
        {"entity": "contacts"},
    ):
        assert [one["id"] for one in await crm.conflicts(**fits)] == [asked["id"]]
    for other in ({"status": "obsolete"}, {"connection": "con_b"}, {"crm_id": "c-2"}, {"entity": "tasks"}):
        assert await crm.conflicts(**other) == []


@pytest.mark.feature("F4")
class TestSwinging:
    @pytest.fixture
    async def swinging(self, crm, mailbox):
        """An add-in of the mailbox and the CRM put each other's title back, again and again."""
        await chooses(crm, mailbox, conflict_resolution="microsoft_wins")
        for _ in range(3):
            await mailbox.reports(jobTitle="Poet")
            await crm.reads()
            await crm.patches(job_title="Bard")
            await mailbox.takes_over(jobTitle="Bard")
        return await only(crm, status="open")

    async def test_it_is_left_alone_on_both_sides_and_said_why(self, crm, mailbox, swinging):
        await crm.reads()
        assert (swinging["reason"], swinging["crm"], swinging["microsoft"]) == ("flapping", "Bard", "Poet")
        for title in ("Bard", "Poet", "Bard", "Poet"):
            await mailbox.reports(jobTitle=title)

        assert await mailbox.owed() == {}
        assert await crm.reads() == []
        assert (await only(crm))["microsoft"] == "Poet"

    @pytest.mark.usefixtures("swinging")
    async def test_after_an_hour_the_settings_decide(self, crm, later, work):
        later(minutes=59)
        await work()
        assert (await only(crm))["status"] == "open"
        later(minutes=2)
        await work()

        conflict = await only(crm)
        assert (conflict["status"], conflict["resolved_by"], conflict["kept"]) == (
            "resolved",
            "policy",
            "microsoft",
        )
        assert (await crm.gets())["job_title"] == "Poet"

    @pytest.mark.usefixtures("swinging")
    async def test_where_somebody_is_to_decide_it_stays_a_question_after_an_hour(
        self, crm, mailbox, later, work
    ):
        await chooses(crm, mailbox, conflict_resolution="ask")
        later(minutes=61)
        await work()
        await crm.patches(job_title="Minstrel")

        conflict = await only(crm)
        assert (conflict["status"], conflict["crm"], conflict["microsoft"]) == ("open", "Minstrel", "Poet")
        assert await mailbox.owed() == {}

    async def test_somebody_may_decide_before(self, crm, mailbox, swinging):
        await resolves(crm, swinging, take="crm")

        assert (await mailbox.owed())["jobTitle"] == "Bard"
