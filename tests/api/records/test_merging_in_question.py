"""Two records turn out to be one where somebody decides on conflicts: nothing goes unasked, nothing is asked twice."""

from dataclasses import replace

import pytest

from tests.api.records.in_question import Mailbox, only, resolves

pytestmark = pytest.mark.feature("F4")
MINE = [{"user": "agent-7", "access": "primary"}]
MARY = {"given_name": "Mary", "emails": [{"address": "mary@example.org", "name": None}]}


@pytest.fixture
async def mailbox(resources, workspace, crm):
    return await Mailbox.opened(resources, workspace.id, crm)


@pytest.fixture
def becomes_one(crm, outlook, mailbox, later, work):
    """Let a contact with another title, that has an item there, and the CRM's c-1 turn out to be one."""

    async def by(way):
        if way == "merge":
            gone = await crm.puts("c-2", owners=MINE, job_title="Poet", **MARY)
            await mailbox.takes(gone, born="microsoft")
            await crm.call("POST", "/v1/contacts/c-1/merge", json={"from": ["c-2"]})
            return
        born = await outlook.adds(job_title="Poet", **MARY)
        await mailbox.takes({"record_id": born}, born="microsoft")
        if way == "ack":
            (created,) = await crm.reads(types="contact.created")
            await crm.names(created, "c-1")
        elif way == "put":
            await crm.puts("c-1", params={"record_id": born})
        else:
            await crm.puts("c-1", owners=MINE, job_title="Countess", **MARY)
            later(minutes=3)
            await work()

    return by


@pytest.mark.feature("E5")
@pytest.mark.parametrize(
    "way",
    [
        pytest.param("merge", id="the CRM merges them"),
        pytest.param("ack", id="an ack names one with the other's id"),
        pytest.param("put", id="a PUT does"),
        pytest.param("wait", id="the wait for a name ends"),
    ],
)
async def test_where_item_and_record_differ_somebody_is_asked(crm, mailbox, becomes_one, way):
    if way != "wait":
        await crm.puts("c-1", owners=MINE, job_title="Countess", **MARY)
    await becomes_one(way)

    conflict = await only(crm, status="open")
    assert (conflict["crm_id"], conflict["connection"]) == ("c-1", mailbox.connection)
    assert (conflict["field"], conflict["crm"], conflict["microsoft"]) == ("job_title", "Countess", "Poet")
    kept = await crm.gets("c-1")
    assert (kept["job_title"], kept["record_id"]) == ("Countess", conflict["record_id"])
    heard = {change["type"]: change for change in await crm.reads()}
    assert "job_title" not in heard["contact.merged"]["changed"]
    assert heard["conflict.opened"]["record"] == conflict
    mailbox.record = kept["record_id"]
    assert "jobTitle" not in await mailbox.owed()

    await resolves(crm, conflict, take="crm")
    assert (await mailbox.owed())["jobTitle"] == "Countess"


async def test_what_was_asked_of_the_one_that_ends_is_asked_of_the_one_that_stays(crm, mailbox):
    kept = await crm.puts("c-1", owners=MINE, job_title="Duchess", **MARY)
    await mailbox.takes(await crm.puts("c-2", owners=MINE, job_title="Programmer", **MARY))
    await crm.patches("c-2", job_title="Countess")
    await mailbox.reports(jobTitle="Poet")

    await crm.call("POST", "/v1/contacts/c-1/merge", json={"from": ["c-2"]})

    before = await only(crm, crm_id="c-2")
    assert (before["status"], before["resolved_by"]) == ("obsolete", "merge")
    now = await only(crm, status="open")
    assert (now["record_id"], now["crm"], now["microsoft"]) == (kept["record_id"], "Duchess", "Poet")


@pytest.mark.parametrize(
    ("age", "now"),
    [
        pytest.param(-10, "Poet", id="the older item is the record's own"),
        pytest.param(10, "Novelist", id="the older item is the other's"),
    ],
)
async def test_of_two_items_only_the_one_that_stays_linked_is_asked_about(crm, mailbox, age, now):
    other = replace(mailbox)
    await mailbox.takes(await crm.puts("c-1", owners=MINE, job_title="Programmer", **MARY))
    await crm.patches(job_title="Countess")
    await mailbox.reports(jobTitle="Poet")
    gone = await crm.puts("c-2", owners=MINE, job_title="Novelist", **MARY)
    await other.takes(gone, item="item-2", age=age)

    await crm.call("POST", "/v1/contacts/c-1/merge", json={"from": ["c-2"]})

    left = await only(crm, status="open")
    assert (left["crm"], left["microsoft"]) == ("Countess", now)
    assert [one["status"] for one in await crm.conflicts(status="obsolete")] == ["obsolete"] * (now != "Poet")


@pytest.mark.feature("F3")
async def test_an_item_that_its_user_edited_makes_no_room_while_that_is_asked(crm, outlook, mailbox):
    newcomer = replace(mailbox)
    kept = await crm.puts("c-1", owners=MINE, job_title="Programmer", **MARY)
    await mailbox.takes(kept, age=10)
    await crm.patches(job_title="Countess")
    await mailbox.reports(jobTitle="Poet")
    await crm.reads()
    await newcomer.takes({"record_id": await outlook.adds(**MARY)}, item="item-2", born="microsoft")
    (created,) = await crm.reads(types="contact.created")

    await crm.names(created, "c-1")

    links = await mailbox.links()
    assert (links["item-1"].record_id, links["item-1"].state) == (kept["record_id"], "linked")
    assert links["item-2"].state == "severed"
    assert (await only(crm, status="open"))["microsoft"] == "Poet"
