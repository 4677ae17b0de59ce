"""What happens while something else is under way: each write is a moment in which the world moves on."""

import pytest
from world import eventually

BATCH = "/v1.0/$batch"
GRACE = {"display_name": "Grace Hopper", "given_name": "Grace", "job_title": "Rear admiral"}


@pytest.fixture
def grace(crm, ada, syncing):
    """Grace, in the CRM as c-1 and in Ada's Outlook; what the CRM deletes is deleted there, not the other way."""
    crm.chooses(syncing, removed_from_crm="delete", deleted_in_microsoft="keep")
    crm.puts("c-1", **GRACE)
    item = eventually(lambda: ada.named("Grace Hopper"))
    crm.is_quiet(syncing)
    crm.news()
    return item


@pytest.fixture
def slowly(sandbox, ada):
    """Let Microsoft take its time over the next write; it is under way when this returns."""

    def write(asked):
        sandbox.slowly(asked, mail=ada.mail, path=BATCH)

    return write


@pytest.mark.feature("F3")
def test_saved_again_while_its_item_is_being_deleted_it_is_made_again(crm, ada, grace, syncing, slowly):
    slowly(lambda: crm.deletes("c-1"))
    crm.puts("c-1", **{**GRACE, "job_title": "Admiral"})

    eventually(lambda: [item["jobTitle"] for item in ada.contacts()] == ["Admiral"])
    crm.is_quiet(syncing)
    assert len(ada.contacts()) == 1
    assert crm.holds("c-1")["deleted"] is False


@pytest.mark.feature("A4")
def test_edited_in_the_crm_while_an_edit_is_being_written_both_arrive(crm, ada, grace, syncing, slowly):
    slowly(lambda: crm.patches("c-1", job_title="Admiral"))
    crm.patches("c-1", company="Navy")
    crm.patches("c-1", job_title="Captain")

    eventually(lambda: ((item := ada.holds(grace))["jobTitle"], item["companyName"]) == ("Captain", "Navy"))
    crm.is_quiet(syncing)
    assert (crm.holds("c-1")["job_title"], crm.news()) == ("Captain", [])


@pytest.mark.story("typed while we write")
@pytest.mark.feature("A4")
def test_edited_in_outlook_while_an_edit_is_being_written_both_stay(crm, ada, grace, syncing, slowly):
    slowly(lambda: crm.patches("c-1", job_title="Admiral"))
    ada.edits(grace, companyName="Navy")

    eventually(lambda: ((item := ada.holds(grace))["jobTitle"], item["companyName"]) == ("Admiral", "Navy"))
    eventually(lambda: (crm.holds("c-1")["company"], crm.holds("c-1")["job_title"]) == ("Navy", "Admiral"))


@pytest.mark.feature("F3")
def test_deleted_in_outlook_while_an_edit_is_being_written_it_is_made_again_with_the_edit(
    crm, ada, sandbox, grace, syncing, slowly
):
    slowly(lambda: crm.patches("c-1", job_title="Admiral"))
    ada.deletes(grace)

    sandbox.hurries(lambda: [item["jobTitle"] for item in ada.contacts()] == ["Admiral"])
    assert crm.holds("c-1")["deleted"] is False


@pytest.mark.feature("A4")
@pytest.mark.lesson(14)
def test_its_owner_leaves_and_comes_back_while_it_is_being_made(crm, ada, grace, syncing, slowly):
    slowly(lambda: crm.puts("c-2", display_name="Mary"))
    crm.patches("c-2", owners=[])
    crm.is_quiet(syncing)
    assert ada.names() == ["Grace Hopper", "Mary"]

    crm.patches("c-2", owners=[{"user": "agent-1", "access": "primary"}], job_title="Novelist")

    eventually(lambda: ada.named("Mary")["jobTitle"] == "Novelist")
    assert ada.names() == ["Grace Hopper", "Mary"]


@pytest.mark.feature("A6")
@pytest.mark.feature("F9")
def test_switched_off_while_an_item_is_being_made_and_on_again_it_is_there_once(
    crm, ada, sandbox, grace, syncing, slowly
):
    slowly(lambda: crm.puts("c-2", display_name="Mary"))
    crm.call("DELETE", f"/v1/connections/{syncing}/settings/contacts")
    eventually(lambda: ada.names() == ["Grace Hopper", "Mary"])
    run = crm.awaits(crm.chooses(syncing)["run"])
    sandbox.advance(121)
    crm.is_quiet(syncing)

    assert (run["counts"]["to_crm"]["created"], ada.names()) == (0, ["Grace Hopper", "Mary"])
    assert crm.news() == []
    crm.patches("c-2", job_title="Novelist")
    eventually(lambda: ada.named("Mary")["jobTitle"] == "Novelist")


@pytest.mark.feature("F3")
def test_taken_back_out_of_deleted_items_it_is_followed_again(crm, ada, sandbox, grace, syncing):
    ada.moves(grace, to="deleteditems")
    crm.syncs_removals(syncing, ada)
    assert crm.connection(syncing)["entities"]["contacts"]["counts"]["linked"] == 0

    ada.moves(grace, to=ada.folder_id())
    crm.syncs(syncing)
    crm.patches("c-1", job_title="Admiral")

    eventually(lambda: ada.holds(grace)["jobTitle"] == "Admiral")
    assert (ada.names(), crm.news()) == (["Grace Hopper"], [])


@pytest.mark.feature("F9")
@pytest.mark.feature("F3")
def test_what_was_deleted_in_outlook_while_disconnected_is_not_made_again(crm, ada, sandbox, grace, syncing):
    crm.call("DELETE", f"/v1/connections/{syncing}?crm_data=keep")
    eventually(lambda: crm.connection(syncing)["status"] == "disconnected")
    ada.deletes(grace)
    again = crm.call("POST", f"/v1/connections/{syncing}/reconnect", json={})
    crm.signs_in(again["authorize_url"], ada)
    start, run = ada.mark(), crm.chooses(syncing)["run"]
    eventually(lambda: ada.rounds(after=start))
    sandbox.hurries(lambda: crm.call("GET", f"/v1/runs/{run}")["status"] == "succeeded")
    crm.patches("c-1", job_title="Admiral")
    crm.is_quiet(syncing)

    assert (ada.names(), crm.holds("c-1")["deleted"]) == ([], False)


@pytest.mark.feature("C7")
def test_a_parked_contact_that_the_crm_deletes_is_parked_no_more(crm, ada, grace, syncing):
    crm.puts("c-2", display_name="x" * 70_000)
    eventually(lambda: crm.connection(syncing)["entities"]["contacts"]["counts"]["parked"] == 1)
    crm.deletes("c-2")

    eventually(lambda: crm.connection(syncing)["entities"]["contacts"]["counts"]["parked"] == 0)
    assert ada.names() == ["Grace Hopper"]


@pytest.mark.feature("A4")
def test_an_edit_that_microsoft_refuses_is_parked_and_the_next_one_goes_through(crm, ada, grace, syncing):
    crm.patches("c-1", nickname="x" * 70_000)
    eventually(lambda: crm.connection(syncing)["entities"]["contacts"]["counts"]["parked"] == 1)
    ada.edits(grace, companyName="Navy")
    crm.syncs(syncing)
    assert crm.holds("c-1")["company"] == "Navy"

    crm.patches("c-1", nickname="Amazing Grace")

    eventually(lambda: ada.holds(grace)["nickName"] == "Amazing Grace")
    assert crm.connection(syncing)["entities"]["contacts"]["counts"]["parked"] == 0
