"""Equal items of one mailbox: one is synced, and its copy stands in for it where that one is deleted."""

import pytest

pytestmark = [pytest.mark.lesson(15), pytest.mark.feature("C7")]
GRACE = ("Grace Hopper", "grace@example.org")


async def doubled(stage, **settings):
    """Connect agent 7, who has Grace twice: return the mailbox, the item that is synced, and its copy."""
    outlook = await stage.connects(**settings)
    first = await outlook.adds(*GRACE)
    await stage.advances(seconds=1)
    copy = await outlook.adds(*GRACE)
    await stage.syncs()
    return outlook, first, copy


async def told(stage):
    return (await stage.call("GET", "/v1/changes", params={"limit": 1000}))["changes"]


async def deletions(stage):
    return [change for change in await told(stage) if change["type"] == "contact.deleted"]


async def grace(stage):
    """Return the one record there is."""
    (record,) = (await stage.call("GET", "/v1/contacts", params={"deleted": True}))["data"]
    return record


async def place(stage, item):
    """Return what explain says of an item."""
    (found,) = await stage.finds(item=item["id"])
    return found["connections"][0]


@pytest.mark.parametrize("setting", ["delete", "keep", "recreate"])
async def test_a_copy_stands_in_for_the_item_that_is_deleted(stage, setting):
    outlook, first, copy = await doubled(stage, deleted_in_microsoft=setting)
    record = await grace(stage)

    await outlook.deletes(first)
    await stage.syncs()

    link = await stage.link(record["record_id"])
    assert (link.item_id, link.state) == (copy["id"], "linked")
    assert [decision["code"] for decision in link.decisions] == ["in_scope", "restored", "duplicate_item"]
    assert await deletions(stage) == []
    assert [item["id"] for item in await outlook.contacts()] == [copy["id"]]
    assert (await grace(stage))["revision"] == record["revision"]


async def test_both_sides_go_on_with_the_copy(stage):
    outlook, first, copy = await doubled(stage)
    await stage.acks({"id": (await stage.hears("contact.created"))["id"], "crm_id": "c-1"})
    await outlook.deletes(first)
    await stage.syncs()

    await stage.call("PATCH", "/v1/contacts/c-1", json={"job_title": "Admiral"})
    await outlook.edits(copy, companyName="Navy")
    await stage.syncs()

    (item,) = await outlook.contacts()
    assert (item["jobTitle"], (await stage.call("GET", "/v1/contacts/c-1"))["company"]) == ("Admiral", "Navy")


@pytest.mark.parametrize("policy", ["microsoft_wins", "crm_wins", "ask"])
async def test_what_the_crm_said_meanwhile_is_no_conflict_with_an_equal_copy(stage, policy):
    outlook, first, _ = await doubled(stage, conflict_resolution=policy)
    await stage.acks({"id": (await stage.hears("contact.created"))["id"], "crm_id": "c-1"})

    await outlook.deletes(first)
    await stage.call("PATCH", "/v1/contacts/c-1", json={"given_name": "Amazing Grace"})
    await stage.syncs()

    (item,) = await outlook.contacts()
    assert item["givenName"] == "Amazing Grace"
    assert (await stage.call("GET", "/v1/conflicts"))["data"] == []


async def test_a_copy_that_fell_behind_stands_in_too_and_catches_up(stage):
    outlook, first, copy = await doubled(stage)
    await outlook.edits(first, jobTitle="Admiral")
    await stage.syncs()

    await outlook.deletes(first)
    await stage.syncs()

    (item,) = await outlook.contacts()
    assert (item["id"], item["jobTitle"]) == (copy["id"], "Admiral")
    assert await deletions(stage) == []


async def test_who_deletes_all_copies_means_it(stage):
    outlook, first, copy = await doubled(stage)
    for item in (first, copy):
        await outlook.deletes(item)
    await stage.syncs()

    assert len(await deletions(stage)) == 1
    assert (await grace(stage))["deleted"]


async def test_of_three_the_one_that_is_left_stands_in(stage):
    outlook, first, copy = await doubled(stage)
    last = await outlook.adds(*GRACE)
    await stage.syncs()
    for item in (first, copy):
        await outlook.deletes(item)
    await stage.syncs()

    assert await deletions(stage) == []
    assert (await stage.link((await grace(stage))["record_id"])).item_id == last["id"]


async def test_a_copy_of_somebody_else_stands_in_for_nobody(stage):
    """The family shares an address; the copy is one of Grace."""
    outlook, first, copy = await doubled(stage)
    vincent = await outlook.adds("Vincent Hopper", GRACE[1])
    await stage.syncs()
    assert (await place(stage, vincent))["linked"]

    await outlook.deletes(vincent)
    await stage.syncs()

    (deletion,) = await deletions(stage)
    assert deletion["record"]["display_name"] == "Vincent Hopper"
    assert {item["id"] for item in await outlook.contacts()} == {first["id"], copy["id"]}


async def test_a_copy_that_is_elsewhere_stands_in_for_nobody(stage):
    outlook, first, copy = await doubled(stage)
    await outlook.moves(copy, to="Elsewhere")
    await outlook.deletes(first)
    await stage.syncs()

    assert len(await deletions(stage)) == 1


async def test_where_nobody_can_tell_of_the_copy_nothing_is_deleted_yet(stage):
    outlook, first, copy = await doubled(stage)
    await outlook.deletes(first)
    where = {"mail": outlook.mail, "path": f"/v1.0/*{copy['id']}*", "method": "GET"}
    await stage.microsoft.fault({"status": 403, "code": "ErrorAccessDenied"}, times=50, **where)
    await stage.syncs()
    assert await deletions(stage) == []

    await stage.microsoft.http.delete("/_sandbox/faults")
    await stage.advances(seconds=66)
    await stage.works()

    assert await deletions(stage) == []
    assert (await stage.link((await grace(stage))["record_id"])).item_id == copy["id"]


async def test_a_copy_that_its_user_edits_is_looked_at_again(stage):
    outlook, first, copy = await doubled(stage)
    assert (await place(stage, copy))["reason"] == "duplicate_item"

    await outlook.edits(copy, jobTitle="Admiral")
    await stage.syncs()

    # Another wording of Grace: whether they are one is for a person to say.
    (match,) = (await stage.call("GET", "/v1/matches", params={"status": "open"}))["data"]
    assert match["item"]["job_title"] == "Admiral"
    assert (await place(stage, first))["linked"]


async def test_a_copy_that_becomes_somebody_else_is_somebody_new(stage):
    outlook, _, copy = await doubled(stage)

    await outlook.call(
        "PATCH", f"/contacts/{copy['id']}", displayName="Mary Hopper", givenName="Mary",
        emailAddresses=[{"address": "mary@example.org", "name": "Mary Hopper"}],
    )  # fmt: skip
    await stage.syncs()

    assert (await place(stage, copy))["linked"]
    assert len((await stage.call("GET", "/v1/contacts"))["data"]) == 2


@pytest.mark.parametrize("edited", [False, True])
async def test_an_item_cut_off_by_a_merge_stands_in_for_the_other(stage, edited):
    outlook = await stage.connects()
    items = {}
    for number in (1, 2):
        items[number] = await outlook.adds(f"Grace {number}", f"grace{number}@example.org")
        await stage.syncs()
        await stage.acks({"id": (await stage.hears("contact.created"))["id"], "crm_id": f"c-{number}"})
        await stage.advances(seconds=1)
    await stage.call("POST", "/v1/contacts/c-1/merge", json={"from": ["c-2"]})
    await stage.syncs()
    if edited:
        await outlook.edits(items[2], companyName="Navy")
        await stage.syncs()

    await outlook.deletes(items[1])
    await stage.syncs()

    record = await stage.call("GET", "/v1/contacts/c-1")
    link = await stage.link(record["record_id"])
    assert (link.item_id, link.state) == (items[2]["id"], "linked")
    assert (record["deleted"], record["company"]) == (False, "Navy" if edited else None)
    assert await deletions(stage) == []
    (item,) = await outlook.contacts()
    assert {each["address"] for each in item["emailAddresses"]} >= {"grace2@example.org"}
