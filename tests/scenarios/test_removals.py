"""Removals: only what is verified to be gone ends a link, as chosen; an edit outlives a concurrent delete."""

import pytest
from world import eventually

GRACE = {"display_name": "Grace Hopper", "given_name": "Grace", "job_title": "Rear admiral"}


@pytest.fixture
def grace(crm, ada, syncing):
    """Grace, in the CRM as c-1 and in Ada's Outlook; nothing else is going on."""
    crm.puts("c-1", **GRACE)
    item = eventually(lambda: ada.named("Grace Hopper"))
    crm.is_quiet(syncing)
    crm.news()
    return item


@pytest.mark.story("kept acts as recreate")
@pytest.mark.feature("F3")
@pytest.mark.lesson(1)
def test_kept_when_deleted_in_outlook_the_record_stays_and_is_not_resurrected_there(crm, ada, grace, syncing):
    crm.chooses(syncing, deleted_in_microsoft="keep")
    ada.deletes(grace)
    crm.syncs_removals(syncing, ada)

    crm.patches("c-1", job_title="Admiral")
    crm.syncs(syncing, full=True)

    assert ada.names() == []
    assert (crm.news(), crm.holds("c-1")["deleted"]) == ([], False)


@pytest.mark.feature("F3")
def test_deleted_in_outlook_it_is_deleted_in_the_crm_if_so_chosen_and_can_be_restored(
    crm, ada, grace, syncing
):
    crm.chooses(syncing, deleted_in_microsoft="delete")
    ada.deletes(grace)
    crm.syncs_removals(syncing, ada)

    change = crm.hears("contact.deleted")
    assert (change["crm_id"], change["reason"], change["record"]["job_title"]) == (
        "c-1",
        "deleted_in_microsoft",
        "Rear admiral",
    )
    assert crm.holds("c-1")["deleted"] is True

    crm.call("POST", "/v1/contacts/c-1/restore")

    again = eventually(lambda: ada.named("Grace Hopper"))
    assert (again["jobTitle"], crm.holds("c-1")["deleted"]) == ("Rear admiral", False)


@pytest.mark.feature("F3")
def test_deleted_in_outlook_it_is_made_again_if_so_chosen(crm, ada, grace, syncing):
    wanted = crm.http.patch(
        f"/v1/connections/{syncing}/settings/contacts", json={"deleted_in_microsoft": "recreate"}
    )
    assert wanted.is_success
    ada.deletes(grace)
    crm.syncs_removals(syncing, ada)

    again = eventually(lambda: ada.named("Grace Hopper"))
    assert again["id"] != grace["id"]
    assert crm.news() == []


@pytest.mark.feature("F3")
def test_edited_in_the_crm_while_deleted_in_outlook_it_lives_on_both_sides(crm, ada, grace, syncing):
    crm.chooses(syncing, deleted_in_microsoft="delete")
    with ada.sandbox.settings(notifications=False):
        ada.deletes(grace)
        crm.patches("c-1", job_title="Admiral")
        crm.syncs_removals(syncing, ada)

    again = eventually(lambda: ada.named("Grace Hopper"))
    assert (again["jobTitle"], crm.holds("c-1")["deleted"]) == ("Admiral", False)
    assert [c for c in crm.news() if c["type"] == "contact.deleted"] == []


@pytest.mark.story("kept comes back a month later")
@pytest.mark.feature("F3")
@pytest.mark.parametrize(("policy", "left"), [("keep", ["Grace Hopper"]), ("delete", [])])
def test_removed_from_the_crm_the_item_is_kept_or_deleted_as_chosen_and_never_imported(
    crm, ada, grace, syncing, policy, left
):
    crm.chooses(syncing, removed_from_crm=policy)
    crm.deletes("c-1")
    run = crm.syncs(syncing)
    eventually(lambda: ada.names() == left)
    if left:
        ada.edits(grace, jobTitle="Admiral")
    crm.syncs(syncing, full=True)

    assert run["counts"]["to_crm"]["created"] == 0
    assert [c["type"] for c in crm.news()] == []
    assert crm.holds("c-1")["deleted"] is True


@pytest.mark.feature("F3")
@pytest.mark.parametrize(
    ("policy", "left"), [("keep", ["Grace Hopper", "Mary"]), ("delete", ["Grace Hopper"])]
)
def test_removed_from_the_crm_while_its_item_is_being_made_it_is_no_stray(
    crm, ada, grace, syncing, policy, left
):
    crm.chooses(syncing, removed_from_crm=policy)
    ada.sandbox.slowly(lambda: crm.puts("c-2", display_name="Mary"), mail=ada.mail, path="/v1.0/$batch")
    crm.deletes("c-2")
    eventually(lambda: len(ada.writes(after=0)) >= 2)
    crm.is_quiet(syncing)

    assert ada.names() == left
    crm.syncs(syncing, full=True)
    assert (ada.names(), crm.news()) == (left, [])


@pytest.mark.feature("F3")
def test_edited_in_outlook_while_deleted_in_the_crm_it_is_offered_again_with_its_id(crm, ada, grace, syncing):
    crm.chooses(syncing, removed_from_crm="delete")
    with ada.sandbox.settings(notifications=False):
        ada.edits(grace, jobTitle="Admiral")
        crm.deletes("c-1")
        eventually(lambda: crm.holds("c-1")["deleted"] is False)

    change = crm.hears("contact.created")
    assert (change["crm_id"], change["reason"], change["record"]["job_title"]) == (
        "c-1",
        "edit_outlived_delete",
        "Admiral",
    )
    assert ada.names() == ["Grace Hopper"]
    assert len(crm.call("GET", "/v1/conflicts?crm_id=c-1")["data"]) == 1


@pytest.mark.feature("F3")
def test_saved_again_after_it_was_deleted_a_contact_finds_its_kept_item(crm, ada, grace, syncing):
    crm.deletes("c-1")
    crm.syncs(syncing)
    record = crm.holds("c-1")["record_id"]
    crm.puts("c-1", **{**GRACE, "job_title": "Admiral"})

    eventually(lambda: ada.holds(grace)["jobTitle"] == "Admiral")
    assert ada.names() == ["Grace Hopper"]
    assert crm.holds("c-1")["record_id"] == record


@pytest.mark.feature("F3")
@pytest.mark.lesson(14)
def test_moved_out_of_the_folder_it_is_left_alone_and_followed_again_when_back(crm, ada, grace, syncing):
    crm.chooses(syncing, deleted_in_microsoft="delete")
    elsewhere = ada.makes_folder("Elsewhere")
    ada.moves(grace, to=elsewhere)
    crm.syncs_removals(syncing, ada)
    crm.patches("c-1", company="Navy")
    ada.edits(grace, jobTitle="Admiral")
    crm.syncs(syncing)

    assert (ada.names(), ada.names("Elsewhere")) == ([], ["Grace Hopper"])
    assert ada.holds(grace)["companyName"] in {None, ""}
    assert crm.news() == []

    ada.moves(grace, to=ada.folder_id())
    crm.syncs(syncing)

    now = eventually(lambda: (item := ada.holds(grace))["companyName"] and item)
    assert (now["companyName"], now["jobTitle"]) == ("Navy", "Admiral")
    assert crm.holds("c-1")["job_title"] == "Admiral"
    assert ada.names() == ["Grace Hopper"]
