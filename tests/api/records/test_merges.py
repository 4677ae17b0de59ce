"""The CRM says that records are one (``api.md`` §5): links, owners and items move, and Outlook loses nothing."""

from datetime import timedelta

import pytest

from app import clock
from app.ids import new_id
from app.models import Link
from tests.api.records.folder import Folder

pytestmark = pytest.mark.feature("C7")
MINE = [{"user": "agent-7", "access": "primary"}]


@pytest.fixture
async def folder(resources, workspace):
    return await Folder.opened(resources, workspace.id)


@pytest.fixture
def linked(folder):
    """Let a record have an item, as pull and push leave it."""

    async def link(record, item, *, folder=folder, age=0, born="crm", **had):
        at = clock.now() - timedelta(minutes=age)
        async with folder.resources.db.transaction(folder.workspace) as session:
            await session.execute(
                Link.__table__.delete().where(
                    Link.record_id == record["record_id"], Link.connection_id == folder.connection
                )
            )
            session.add(Link(
                workspace_id=folder.workspace, id=new_id("lnk", at), connection_id=folder.connection, entity="contacts",
                collection_id=folder.collection, record_id=record["record_id"], item_id=item, role="main", born=born,
                state="linked", generation=1, etag="e", graph_had=had, graph_means={}, shape=1, seen_round=0, failures=0,
                linked_at=at, created_at=at, updated_at=at,
            ))  # fmt: skip

    return link


async def merges(crm, into, *gone, expect=(200,)):
    return await crm.call("POST", f"/v1/contacts/{into}/merge", json={"from": [*gone]}, expect=expect)


async def test_links_owners_and_items_move_and_the_feed_says_so(crm, folder, linked):
    kept = await crm.puts("c-1", owners=[{"user": "agent-9", "access": "primary"}], given_name="Mary")
    gone = await crm.puts("c-2", owners=MINE, given_name="Mary", job_title="Novelist")
    await linked(gone, "item", givenName="Mary", jobTitle="Novelist")

    merged = await merges(crm, "c-1", "c-2")

    link = (await folder.links())["item"]
    assert (link.record_id, link.state) == (kept["record_id"], "linked")
    assert (merged["crm_id"], merged["job_title"], merged["revision"]) == ("c-1", "Novelist", 2)
    assert merged["owners"] == [
        {"user": "agent-9", "access": "primary"}, {"user": "agent-7", "access": "full"},
    ]  # fmt: skip
    assert (await crm.gets("c-2"))["deleted"]
    (change,) = await crm.reads()
    assert (change["type"], change["crm_id"], change["merged"]) == (
        "contact.merged",
        "c-1",
        gone["record_id"],
    )
    assert change["changed"] == ["job_title"]


@pytest.mark.parametrize("looks_at", ["c-1", "c-2"])
async def test_the_item_of_somebody_who_may_only_look_has_no_say_and_is_put_right(
    crm, folder, linked, looks_at
):
    """``c-2`` ends in ``c-1``, whose own entry of an owner counts before that of ``c-2``."""
    only_looks = [{"user": "agent-7", "access": "view_only"}]
    others = {"c-1": [{"user": "agent-9", "access": "primary"}], "c-2": MINE}
    access = {crm_id: only_looks if crm_id == looks_at else owners for crm_id, owners in others.items()}
    await crm.puts("c-1", owners=access["c-1"], given_name="Mary", company="Godwin")
    gone = await crm.puts("c-2", owners=access["c-2"], given_name="Mary")
    await linked(gone, "item", born="microsoft", givenName="Mary", jobTitle="Novelist", companyName="Shelley")

    merged = await merges(crm, "c-1", "c-2")

    assert (merged["job_title"], merged["company"]) == (None, "Godwin")
    assert {"user": "agent-7", "access": "view_only"} in merged["owners"]
    link = (await folder.links())["item"]
    assert (link.state, link.due_at is not None) == ("linked", True)
    assert link.graph_had["jobTitle"] == "Novelist"


@pytest.mark.parametrize(
    ("age", "severed"),
    [
        pytest.param(10, "theirs", id="the older item is the record's own"),
        pytest.param(-10, "ours", id="the older item is the other's"),
    ],
)
async def test_of_two_items_in_one_mailbox_the_older_stays_linked_and_both_stay(
    crm, folder, linked, age, severed
):
    kept = await crm.puts("c-1", owners=MINE, given_name="Mary")
    gone = await crm.puts("c-2", owners=MINE, given_name="Mary")
    await linked(kept, "ours", age=age, givenName="Mary")
    await linked(gone, "theirs", givenName="Mary")

    await merges(crm, "c-1", "c-2")

    links = await folder.links()
    (other,) = {"ours", "theirs"} - {severed}
    assert (links[severed].state, links[severed].decision["code"]) == ("severed", "duplicate_item")
    assert (links[other].state, links[other].record_id) == ("linked", kept["record_id"])


async def test_an_item_that_is_still_owed_makes_room_for_one_that_is_there(crm, folder, linked):
    kept = await crm.puts("c-1", owners=MINE, given_name="Mary")
    gone = await crm.puts("c-2", owners=MINE, given_name="Mary")
    await linked(gone, "item", givenName="Mary")
    assert (await folder.states())[kept["record_id"]] == "wanted"

    await merges(crm, "c-1", "c-2")

    assert {who: link.record_id for who, link in (await folder.links()).items()} == {
        "item": kept["record_id"]
    }


async def test_an_item_that_the_other_is_owed_is_made_no_more(crm, folder, linked):
    kept = await crm.puts("c-1", owners=MINE, given_name="Mary")
    await crm.puts("c-2", owners=MINE, given_name="Mary")
    await linked(kept, "item", givenName="Mary")

    await merges(crm, "c-1", "c-2")

    assert await folder.states() == {"item": "linked"}


async def test_each_in_a_mailbox_of_its_own_both_stay_linked(crm, folder, linked, resources, workspace):
    others = await Folder.opened(resources, workspace.id, user="agent-9", connection="con_b")
    kept = await crm.puts("c-1", owners=MINE, given_name="Mary")
    gone = await crm.puts("c-2", owners=[{"user": "agent-9", "access": "full"}], given_name="Mary")
    await linked(kept, "item-7", givenName="Mary")
    await linked(gone, "item-9", folder=others, givenName="Mary")

    await merges(crm, "c-1", "c-2")

    for where, item in ((folder, "item-7"), (others, "item-9")):
        link = (await where.links())[item]
        assert (link.state, link.record_id) == ("linked", kept["record_id"])


async def test_several_end_in_one_and_a_repetition_changes_nothing(crm):
    await crm.puts("c-1", owners=MINE, given_name="Mary")
    for crm_id in ("c-2", "c-3"):
        await crm.puts(crm_id, owners=MINE, given_name="Mary")

    first = await merges(crm, "c-1", "c-2", "c-3")
    again = await merges(crm, "c-1", "c-2", "c-3")

    assert again == first
    assert [change["type"] for change in await crm.reads()] == ["contact.merged"] * 2


async def test_a_review_asks_about_the_one_that_is_left(crm, folder):
    mary = {"owners": MINE, "display_name": "Mary", "emails": [{"address": "mary@example.org"}]}
    kept = await crm.puts("c-1", **mary)
    await crm.puts("c-2", **mary)
    await folder.gets("item", displayName="M.", mail="mary@example.org")
    await folder.turn()
    assert (await folder.states())["item"] == "in_review"

    await merges(crm, "c-1", "c-2")
    await folder.turn()

    assert {who: link.record_id for who, link in (await folder.links()).items()} == {
        "item": kept["record_id"]
    }


@pytest.mark.parametrize(
    ("into", "gone", "status", "slug"),
    [
        pytest.param("c-1", ["c-1"], 422, "invalid-request", id="into itself"),
        pytest.param("c-1", ["c-9"], 404, "record-not-found", id="one that isn't there"),
        pytest.param("c-9", ["c-1"], 404, "record-not-found", id="into one that isn't there"),
        pytest.param("c-1", ["c-deleted"], 404, "record-not-found", id="one that was deleted"),
        pytest.param("c-1", [], 422, "invalid-request", id="nobody"),
        pytest.param("c-1", ["c-2", "c-2"], 422, "invalid-request", id="one twice"),
    ],
)
async def test_what_cannot_be_merged_is_refused_and_nothing_moves(crm, problem, into, gone, status, slug):
    for crm_id in ("c-1", "c-2", "c-deleted"):
        await crm.puts(crm_id, given_name="Mary")
    await crm.deletes("c-deleted")

    answer = await crm.http.post(f"/v1/contacts/{into}/merge", json={"from": gone})

    problem(answer, status, slug)
    assert not (await crm.gets("c-2"))["deleted"]
