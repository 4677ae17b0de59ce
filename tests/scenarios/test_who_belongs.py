"""Which contacts belong in a mailbox: by class, by owner, by age. Leaving is no deletion, coming back a merge."""

import pytest
from world import eventually

GRACE = {
    "display_name": "Grace Hopper",
    "given_name": "Grace",
    "job_title": "Rear admiral",
    "classes": ["buyer"],
    "emails": [{"address": "grace@example.org", "name": "Grace"}],
}
VERA = {"display_name": "Vera", "given_name": "Vera", "classes": ["vendor"]}


@pytest.fixture
def grace(crm, ada, connected):
    """Grace, a buyer, in Ada's Outlook, where only buyers sync; Vera, a vendor, is not there."""
    crm.puts("c-1", **GRACE)
    crm.puts("c-2", **VERA)
    crm.awaits(crm.chooses(connected, classes=["buyer"])["run"])
    crm.is_quiet(connected)
    return ada.named("Grace Hopper")


def stands(crm, crm_id):
    (seen,) = crm.call("GET", f"/v1/contacts/{crm_id}/sync")["data"]
    return seen["state"], seen["reason"]


@pytest.mark.feature("B4")
@pytest.mark.lesson(14)
def test_only_chosen_classes_sync_and_leaving_them_rests_until_it_comes_back(crm, ada, grace, connected):
    ada.is_watched()
    assert (ada.names(), stands(crm, "c-2")) == (["Grace Hopper"], ("out_of_scope", "class_not_selected"))
    crm.patches("c-1", classes=["vendor"])
    crm.patches("c-1", company="Navy")
    crm.is_quiet(connected)
    ada.edits(grace, jobTitle="Admiral")
    crm.syncs(connected, full=True)

    assert stands(crm, "c-1") == ("out_of_scope", "class_not_selected")
    assert (ada.holds(grace)["companyName"], crm.holds("c-1")["job_title"]) == (None, "Rear admiral")
    assert (ada.names(), crm.news()) == (["Grace Hopper"], [])

    crm.patches("c-1", classes=["vendor", "buyer"])

    now = eventually(lambda: (held := ada.holds(grace))["companyName"] == "Navy" and held)
    assert (now["jobTitle"], crm.hears("contact.updated")["changed"]) == ("Admiral", ["job_title"])
    assert (ada.names(), stands(crm, "c-1")[0]) == (["Grace Hopper"], "synced")


@pytest.mark.feature("B4")
def test_other_classes_are_chosen_and_the_mailbox_follows_by_itself(crm, ada, grace, connected):
    run = crm.awaits(crm.chooses(connected, classes=["vendor"])["run"])

    assert (run["trigger"], run["counts"]["to_microsoft"]["created"]) == ("settings", 1)
    assert (ada.names(), stands(crm, "c-1")) == (
        ["Grace Hopper", "Vera"],
        ("out_of_scope", "class_not_selected"),
    )
    crm.patches("c-1", company="Navy")
    crm.is_quiet(connected)
    assert ada.holds(grace)["companyName"] is None

    crm.awaits(crm.chooses(connected, classes=None)["run"])

    assert ada.holds(grace)["companyName"] == "Navy"
    assert (ada.names(), stands(crm, "c-1")[0]) == (["Grace Hopper", "Vera"], "synced")


@pytest.mark.feature("B4")
@pytest.mark.feature("C7")
def test_a_contact_of_outlook_has_no_class_and_syncs_until_the_crm_gives_it_one(crm, ada, grace, connected):
    mary = ada.adds("Mary")
    crm.names(crm.hears("contact.created"), "c-3")
    crm.patches("c-3", job_title="Novelist")
    eventually(lambda: ada.holds(mary)["jobTitle"] == "Novelist")

    crm.patches("c-3", classes=["vendor"], company="Lackington")

    eventually(lambda: stands(crm, "c-3") == ("out_of_scope", "class_not_selected"))
    crm.is_quiet(connected)
    assert (ada.names(), ada.holds(mary)["companyName"]) == (["Grace Hopper", "Mary"], None)


@pytest.mark.feature("B4")
@pytest.mark.lesson(15)
def test_who_is_in_the_folder_already_is_not_made_twice_in_the_crm_for_being_out_of_scope(
    crm, ada, connected
):
    ada.makes_folder()
    there = ada.adds("Gracie", emailAddresses=[{"address": "grace@example.org", "name": "Grace"}])
    crm.puts("c-1", **{**GRACE, "classes": ["vendor"]})
    crm.awaits(crm.chooses(connected, classes=["buyer"], left_scope="delete")["run"])

    assert (crm.news(), stands(crm, "c-1")) == ([], ("out_of_scope", "class_not_selected"))
    assert (ada.names(), ada.holds(there)["changeKey"]) == (["Gracie"], there["changeKey"])

    crm.patches("c-1", classes=["buyer"])

    eventually(lambda: ada.holds(there)["jobTitle"] == "Rear admiral")
    assert len(ada.contacts()) == 1


@pytest.mark.feature("B5")
@pytest.mark.feature("D3")
def test_only_the_users_own_and_only_new_ones_where_so_chosen(crm, ada, connected):
    own, other = [{"user": "agent-1", "access": "primary"}], [{"user": "agent-1", "access": "full"}]
    crm.puts("c-1", display_name="Old", owners=own, created_at="2020-01-01T00:00:00Z")
    crm.puts("c-2", display_name="Unknown", owners=own)
    crm.awaits(crm.chooses(connected, ownership="primary_only", existing_records="only_new")["run"])
    later = {"created_at": "2100-01-01T00:00:00Z"}
    crm.puts("c-3", display_name="Assigned", owners=other, **later)
    crm.puts("c-4", display_name="New", owners=own, **later)
    eventually(ada.names)
    crm.is_quiet(connected)

    assert ada.names() == ["New"]
    assert [stands(crm, f"c-{n}")[1] for n in (1, 2, 3)] == [
        "before_start_date", "no_created_at", "not_primary_owner",
    ]  # fmt: skip

    crm.awaits(crm.chooses(connected, existing_records="from_date", existing_since="2020-01-01")["run"])

    assert ada.names() == ["New", "Old"]


@pytest.mark.story("our own delete comes back")
@pytest.mark.feature("F3")
@pytest.mark.lesson(14)
@pytest.mark.parametrize("answer", ["heard", "lost"])
def test_left_contacts_are_deleted_in_outlook_if_so_chosen_and_made_again_when_they_are_back(
    crm, ada, sandbox, grace, connected, answer
):
    crm.chooses(connected, left_scope="delete", deleted_in_microsoft="delete")
    if answer == "lost":
        sandbox.fault({"drop": "after_commit"}, mail=ada.mail, method="DELETE", path="*/contacts/*")
    crm.patches("c-1", classes=["vendor"])

    sandbox.hurries(lambda: ada.names() == [])
    crm.is_quiet(connected)
    assert (crm.news(), crm.holds("c-1")["deleted"]) == ([], False)
    assert stands(crm, "c-1") == ("out_of_scope", "class_not_selected")

    crm.patches("c-1", classes=["buyer"])

    eventually(lambda: ada.names() == ["Grace Hopper"])
    assert crm.news() == []


@pytest.mark.feature("F3")
@pytest.mark.lesson(14)
def test_an_edit_in_outlook_outlives_the_deletion_of_what_left(crm, ada, sandbox, grace, connected):
    ada.is_watched()
    crm.chooses(connected, left_scope="delete")
    crm.is_quiet(connected)
    with sandbox.settings(notifications=False):
        ada.edits(grace, jobTitle="Admiral")
        crm.patches("c-1", classes=["vendor"])
        crm.is_quiet(connected)

    assert (ada.names(), crm.holds("c-1")["job_title"]) == (["Grace Hopper"], "Rear admiral")
    crm.patches("c-1", classes=["buyer"])
    eventually(lambda: crm.holds("c-1")["job_title"] == "Admiral")
    assert ada.holds(grace)["jobTitle"] == "Admiral"


@pytest.mark.feature("B4")
@pytest.mark.feature("E4")
def test_where_only_outlook_speaks_a_contact_out_of_scope_is_not_heard_until_it_is_back(
    crm, ada, sandbox, connected
):
    ada.makes_folder()
    mary = ada.adds("Mary")
    start = ada.mark()
    wanted = crm.chooses(connected, direction="microsoft_to_crm", classes=["buyer"], left_scope="delete")
    crm.awaits(wanted["run"])
    crm.names(crm.hears("contact.created"), "c-1")
    crm.patches("c-1", classes=["vendor"])
    eventually(lambda: stands(crm, "c-1") == ("out_of_scope", "class_not_selected"))
    with sandbox.settings(notifications=False):
        ada.edits(mary, jobTitle="Novelist")
        crm.syncs(connected)
        assert (crm.news(), crm.holds("c-1")["job_title"]) == ([], None)

        crm.patches("c-1", classes=["buyer"])

        assert crm.hears("contact.updated")["changed"] == ["job_title"]
    assert [e["method"] for e in ada.writes(after=start)] == ["PATCH"]


@pytest.mark.feature("F3")
def test_what_is_deleted_in_outlook_while_it_is_out_of_scope_stays_in_the_crm(crm, ada, grace, connected):
    crm.chooses(connected, deleted_in_microsoft="delete")
    crm.patches("c-1", classes=["vendor"], company="Navy")
    crm.is_quiet(connected)
    ada.deletes(grace)
    crm.syncs_removals(connected, ada)

    assert (ada.names(), crm.news(), crm.holds("c-1")["deleted"]) == ([], [], False)
