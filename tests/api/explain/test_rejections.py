"""What the CRM won't have, or has already (``api.md`` §6), as the mailbox sees it."""

import pytest
from sqlalchemy import select

from app.models import Change

pytestmark = pytest.mark.feature("A3")
GRACE = ("Grace Hopper", "grace@example.org")


async def rejects(stage, change):
    await stage.acks({"id": change["id"], "rejected": {"reason": "no"}})


async def changes_after(stage, change):
    told = (await stage.call("GET", "/v1/changes", params={"limit": 1000}))["changes"]
    return told[[each["id"] for each in told].index(change["id"]) + 1 :]


@pytest.fixture
async def born(stage, ada):
    """Grace, added in Outlook: the change that tells the CRM of her."""
    await ada.adds(*GRACE)
    await stage.syncs()
    return await stage.hears("contact.created")


async def test_a_rejected_contact_is_told_of_no_more_and_its_item_stays_untouched(stage, ada, born):
    (before,) = await ada.contacts()
    await rejects(stage, born)
    await ada.edits(before, jobTitle="Admiral")
    (edited,) = await ada.contacts()

    await stage.syncs(full=True)

    assert await ada.contacts() == [edited]
    assert [each for each in await changes_after(stage, born) if each["type"].startswith("contact.")] == []


async def test_a_rejected_contact_that_is_named_later_is_synced_again(stage, ada, born):
    await rejects(stage, born)
    (item,) = await ada.contacts()
    await ada.edits(item, jobTitle="Admiral")
    await stage.syncs()

    await stage.acks({"id": born["id"], "crm_id": "c-1"})
    await stage.call("PATCH", "/v1/contacts/c-1", json={"company": "Navy"})
    await stage.syncs()

    (item,) = await ada.contacts()
    assert (item["companyName"], item["jobTitle"]) == ("Navy", "Admiral")
    assert (await stage.call("GET", "/v1/contacts/c-1"))["job_title"] == "Admiral"


@pytest.mark.parametrize(
    ("direction", "outlook"), [("two_way", "Programmer"), ("microsoft_to_crm", "Countess")]
)
async def test_a_rejected_edit_goes_back_where_the_direction_allows(stage, ada, direction, outlook):
    await stage.puts(job_title="Programmer")
    await stage.works()
    (item,) = await ada.contacts()
    await stage.chooses(direction=direction)
    await ada.edits(item, jobTitle="Countess")
    await stage.syncs()

    await rejects(stage, await stage.hears("contact.updated"))
    await stage.syncs()

    (item,) = await ada.contacts()
    assert item["jobTitle"] == outlook
    assert (await stage.call("GET", "/v1/contacts/c-1"))["job_title"] == "Programmer"


async def test_a_rejected_deletion_leaves_the_record_and_cuts_its_link(stage, ada):
    made = await stage.puts()
    await stage.works()
    (item,) = await ada.contacts()
    await ada.deletes(item)
    await stage.syncs()

    await rejects(stage, await stage.hears("contact.deleted"))
    await stage.call("PATCH", "/v1/contacts/c-1", json={"job_title": "Countess"})
    await stage.syncs(full=True)

    link = await stage.link(made["record_id"])
    assert (link.state, link.decision["code"]) == ("severed", "rejected_by_crm")
    assert not (await stage.call("GET", "/v1/contacts/c-1"))["deleted"]
    assert await ada.contacts() == []


async def test_up_to_is_no_name(stage, ada, born):
    (item,) = await ada.contacts()
    await ada.edits(item, jobTitle="Admiral")
    await stage.syncs()
    page = await stage.call("GET", "/v1/changes", params={"limit": 1000})

    await stage.call("POST", "/v1/changes/ack", json={"up_to": page["next_cursor"]})

    async with stage.db.transaction(stage.tenant.id) as session:
        acked = {row.change_id: row.acked_at is not None for row in await session.scalars(select(Change))}
    assert acked == {each["id"]: each["id"] != born["id"] for each in page["changes"]}
    assert len(acked) > 1


async def test_named_with_a_taken_id_our_own_untouched_item_makes_room_in_outlook(stage, ada):
    await stage.puts()
    await stage.works()
    item = await ada.adds("Countess", "countess@example.org")
    await stage.syncs()

    await stage.acks({"id": (await stage.hears("contact.created"))["id"], "crm_id": "c-1"})
    await stage.syncs()

    assert [each["id"] for each in await ada.contacts()] == [item["id"]]
    told = await stage.hears("contact.merged")
    assert (told["crm_id"], told["record_id"]) == (
        "c-1",
        (await stage.call("GET", "/v1/contacts/c-1"))["record_id"],
    )
