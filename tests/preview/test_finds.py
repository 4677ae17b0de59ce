"""What worlds by the dice have found: plan and run told different things, or neither told the truth."""

import pytest

from tests.preview.test_preview import GRACE, MARY, TWO_WAY, outline

pytestmark = pytest.mark.feature("F2")


async def test_an_item_that_is_gone_by_the_switch_is_nobody(ada):
    await ada.chooses(direction="crm_to_microsoft")
    await ada.adds(**MARY)
    await ada.syncs()
    await ada.deletes(*await ada.contacts())

    plan = await ada.plan(await ada.previews(direction="two_way"))
    await ada.chooses(direction="two_way")
    await ada.syncs()

    assert plan == []
    assert await ada.rows("SELECT 1 FROM records") == []


async def test_a_record_whose_item_has_been_there_all_along_is_linked_without_stumbling(ada):
    await ada.chooses(direction="crm_to_microsoft")
    await ada.adds(displayName="Grace Hopper", emailAddresses=[{"address": "grace@example.org"}])
    await ada.syncs()
    await ada.puts("c-1", **GRACE)

    run = await ada.previews()

    assert run["status"] == "succeeded"
    assert ("link", "microsoft", "Grace Hopper", "in_scope") in outline(await ada.plan(run))


async def test_a_record_that_an_edit_brings_back_counts_as_created_in_the_crm(ada):
    await ada.puts("c-1", **GRACE)
    await ada.chooses(**TWO_WAY, removed_from_crm="delete")
    await ada.syncs()
    (item,) = await ada.contacts()
    await ada.edits(item, jobTitle="Admiral")
    await ada.crm("DELETE", "/v1/contacts/c-1")

    run = await ada.previews()
    await ada.crm("POST", f"/v1/connections/{ada.connection}/sync/contacts")
    await ada.syncs()
    (real,) = await ada.runs(trigger="manual")

    assert run["counts"]["to_crm"] == {"created": 1, "updated": 0, "deleted": 0}
    assert real["counts"] == run["counts"]


async def test_what_waits_behind_an_open_question_is_told_with_it(ada):
    await ada.crm("PATCH", "/v1/workspace", {"breaker": {"max_creates": 2}})
    for number in range(3):
        await ada.puts(f"c-{number}", display_name=f"Person {number}")
    await ada.chooses(direction="two_way")
    await ada.syncs()
    await ada.puts("c-9", display_name="One More")

    run = await ada.previews()

    assert outline(await ada.plan(run)) == [
        ("create", "microsoft", "One More", "in_scope"),
        *(("skip", "microsoft", f"Person {number}", "awaiting_approval") for number in range(3)),
    ]
    assert (run["approval"]["reason"], run["approval"]["would"]["to_microsoft"]["created"]) == (
        "creations",
        4,
    )


async def test_what_was_done_before_the_choice_uses_up_nothing_of_what_its_preview_showed(ada):
    await ada.crm("PATCH", "/v1/workspace", {"breaker": {"max_creates": 3}})
    await ada.chooses(direction="two_way", classes=["buyer"])
    for number in range(6):
        await ada.puts(
            f"c-{number}", display_name=f"Person {number}", classes=["buyer"] if number < 2 else []
        )
    await ada.syncs()

    run = await ada.previews(classes=[])
    await ada.crm("PATCH", ada.settings, {"classes": [], "previewed": run["id"]})
    await ada.syncs()

    assert run["counts"]["to_microsoft"]["created"] == 4
    assert run["approval"]["reason"] == "creations"
    assert await ada.runs(status="awaiting_approval") == []
    assert len(await ada.contacts()) == 6


async def test_an_item_in_review_that_is_gone_meanwhile_is_linked_to_nobody(ada):
    await ada.puts("c-1", display_name="Mary One", emails=[{"address": "mary@example.org"}])
    await ada.puts("c-2", display_name="Mary Two", emails=[{"address": "mary@example.org"}])
    await ada.adds(**MARY)
    await ada.chooses(direction="two_way")
    await ada.syncs()
    await ada.deletes(*await ada.contacts())
    await ada.crm("DELETE", "/v1/contacts/c-2")

    plan = outline(await ada.plan(await ada.previews()))
    await ada.crm("POST", f"/v1/connections/{ada.connection}/sync/contacts")
    await ada.syncs()

    assert plan == [("create", "microsoft", "Mary One", "in_scope")]
    assert [item["displayName"] for item in await ada.contacts()] == ["Mary One"]


async def test_who_chose_what_was_previewed_is_not_asked_about_items_that_are_gone_already(ada):
    await ada.crm("PATCH", "/v1/workspace", {"breaker": {"min_deletes": 0, "max_delete_percent": 0}})
    for number in range(3):
        await ada.puts(f"c-{number}", display_name=f"Person {number}", classes=["buyer"])
    await ada.chooses(direction="two_way")
    await ada.syncs()
    await ada.deletes(*await ada.contacts())

    choice = {"classes": ["vendor"], "left_scope": "delete", "deleted_in_microsoft": "keep"}
    run = await ada.previews(**choice)
    await ada.crm("PATCH", ada.settings, choice | {"previewed": run["id"]})
    await ada.syncs()

    assert run["approval"]["would"]["to_microsoft"]["deleted"] == 3
    assert await ada.runs(status="awaiting_approval") == []
