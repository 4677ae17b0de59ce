"""Naming with the id of another record: its item is linked there, and one item too many makes room (``engine.md`` §3)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.ids import new_id
from app.models import Collection, Connection, EntitySettings, Link

MARY = {
    "givenName": "Mary",
    "jobTitle": "Novelist",
    "emailAddresses": [{"address": "mary@example.org", "name": "M"}],
}


@pytest.fixture
async def mailbox(outlook):
    """Agent 7's mailbox, in two-way sync."""
    now = clock.now()
    async with outlook.db.transaction(outlook.workspace) as session:
        session.add(Connection(
            workspace_id=outlook.workspace, id="con_a", user="agent-7", status="active", requested=["contacts"],
            granted_scopes=["Contacts.ReadWrite", "User.Read"], created_at=now, updated_at=now,
        ))  # fmt: skip
        session.add(Collection(
            workspace_id=outlook.workspace, id="col_a", connection_id="con_a", entity="contacts", hears=True,
            sends=True, container_id="folder", matched_at=now, created_at=now,
        ))  # fmt: skip
        session.add(EntitySettings(
            workspace_id=outlook.workspace, connection_id="con_a", entity="contacts",
            chosen={"direction": "two_way"}, updated_at=now,
        ))  # fmt: skip
    return outlook


@pytest.fixture
def links(mailbox):
    """Add links as pull and push leave them, and read them back by item."""

    class Links:
        async def add(self, record_id, item, *, born, age=0, **had):
            at = clock.now() - timedelta(minutes=age)
            async with mailbox.db.transaction(mailbox.workspace) as session:
                await session.execute(Link.__table__.delete().where(Link.record_id == record_id))
                session.add(Link(
                    workspace_id=mailbox.workspace, id=new_id("lnk", at), connection_id="con_a", entity="contacts",
                    collection_id="col_a", record_id=record_id, item_id=item, role="main", born=born, state="linked",
                    generation=1, etag="e", graph_had=had, graph_means={}, shape=1, seen_round=0, failures=0,
                    linked_at=at, created_at=at, updated_at=at,
                ))  # fmt: skip

        async def now(self):
            async with mailbox.db.transaction(mailbox.workspace) as session:
                return {link.item_id: link for link in await session.scalars(select(Link))}

    return Links()


async def test_the_item_goes_over_and_both_sides_fill_their_blanks(crm, mailbox, links):
    kept = await crm.puts(
        "c-1", owners=[{"user": "agent-7", "access": "primary"}], given_name="Mary", company="Godwin"
    )
    born = await mailbox.adds(given_name="Mary", job_title="Novelist")
    await links.add(born, "item-1", born="microsoft", **MARY)
    (created,) = await crm.reads()

    await crm.names(created, "c-1")

    link = (await links.now())["item-1"]
    assert (link.record_id, link.state) == (kept["record_id"], "linked")
    assert link.due_at is not None
    record = await crm.gets("c-1")
    assert (record["job_title"], record["company"]) == ("Novelist", "Godwin")
    assert [email["address"] for email in record["emails"]] == ["mary@example.org"]
    (merged,) = await crm.reads()
    assert set(merged["changed"]) == {"job_title", "emails"}
    assert merged["previous"] == {"job_title": None, "emails": []}


async def test_an_item_that_we_made_and_nobody_touched_makes_room(crm, mailbox, links):
    kept = await crm.puts("c-1", given_name="Mary")
    born = await mailbox.adds(given_name="Mary")
    await links.add(kept["record_id"], "ours", born="crm", givenName="Mary")
    await links.add(born, "theirs", born="microsoft", **MARY)
    (created,) = await crm.reads()

    await crm.names(created, "c-1")

    now = await links.now()
    assert (now["theirs"].record_id, now["theirs"].state) == (kept["record_id"], "linked")
    # What was ours now belongs to the record that ended, whose item push deletes.
    assert (now["ours"].record_id, now["ours"].state) == (born, "linked")
    assert now["ours"].due_at is not None


@pytest.mark.parametrize(
    ("age", "severed"),
    [
        pytest.param(10, "theirs", id="the item born in Outlook is younger"),
        pytest.param(-10, "ours", id="our item is younger"),
    ],
)
async def test_of_two_items_that_people_use_the_younger_link_is_severed(crm, mailbox, links, age, severed):
    kept = await crm.puts("c-1", given_name="Mary", job_title="Novelist")
    await mailbox.edits(kept["record_id"], job_title="Poet")
    await links.add(kept["record_id"], "ours", born="crm", age=age, givenName="Mary", jobTitle="Poet")
    born = await mailbox.adds(given_name="Mary")
    await links.add(born, "theirs", born="microsoft", **MARY)
    created = (await crm.reads())[-1]

    assert (await crm.names(created, "c-1"))["status"] == 200

    now = await links.now()
    (other,) = {"ours", "theirs"} - {severed}
    assert (now[severed].state, now[severed].decision["code"]) == ("severed", "duplicate_item")
    assert (now[other].state, now[other].record_id) == ("linked", kept["record_id"])
    assert now[severed].record_id == born


async def test_a_creation_that_has_not_begun_makes_room(crm, mailbox, links):
    owners = [{"user": "agent-7", "access": "primary"}]
    kept = await crm.puts("c-1", owners=owners, given_name="Mary")
    assert [link.state for link in (await links.now()).values()] == ["wanted"]
    born = await mailbox.adds(given_name="Mary")
    await links.add(born, "theirs", born="microsoft", **MARY)
    (created,) = await crm.reads()

    await crm.names(created, "c-1")

    assert [(link.item_id, link.record_id) for link in (await links.now()).values()] == [
        ("theirs", kept["record_id"])
    ]


async def test_how_a_contact_stands_in_each_connection(crm, mailbox, links):
    owners = [{"user": "agent-7", "access": "primary"}]
    made = await crm.puts("c-1", owners=owners, given_name="Mary")

    async def state():
        (entry,) = (await crm.gets("c-1", include="sync"))["sync"]
        assert (await crm.call("GET", "/v1/contacts/c-1/sync"))["data"] == [entry]
        assert (entry["connection"], entry["user"]) == ("con_a", "agent-7")
        return entry["state"], entry["reason"]

    assert await state() == ("pending", "in_scope")
    await links.add(made["record_id"], "item", born="crm", givenName="Mary")
    assert await state() == ("synced", "in_scope")
    await crm.puts("c-1", job_title="Novelist")
    assert await state() == ("pending", "in_scope")
    async with mailbox.db.transaction(mailbox.workspace) as session:
        (await session.get(Connection, (mailbox.workspace, "con_a"))).paused = True
    assert await state() == ("blocked", "paused")
