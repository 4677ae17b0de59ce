"""What comes back, and what is set aside: restoring a run, syncing one contact again, parked and cut links."""

import pytest
from world import eventually


@pytest.fixture
def two(crm, ada, syncing):
    """Grace and Mary, on both sides."""
    for crm_id, name in (("c-1", "Grace"), ("c-2", "Mary")):
        crm.puts(crm_id, display_name=name, job_title="Admiral")
    eventually(lambda: ada.names() == ["Grace", "Mary"])
    crm.is_quiet(syncing)
    crm.news()
    return {item["displayName"]: item for item in ada.contacts()}


@pytest.mark.feature("F3")
def test_what_a_run_deleted_comes_back_on_both_sides(crm, ada, two, syncing):
    with ada.sandbox.settings(notifications=False):
        ada.deletes(two["Grace"])
        run = crm.syncs_removals(syncing, ada)
    assert (run["counts"]["to_crm"]["deleted"], crm.holds("c-1")["deleted"]) == (1, True)

    restored = crm.call("POST", f"/v1/runs/{run['id']}/restore")
    assert restored["trigger"] == "restore"
    done = crm.awaits(restored["id"])

    assert (done["status"], done["counts"]["to_crm"]["created"]) == ("succeeded", 1)
    assert eventually(lambda: ada.named("Grace"))["jobTitle"] == "Admiral"
    assert [c["type"] for c in crm.news()] == ["contact.deleted", "contact.created"]
    assert crm.holds("c-1")["deleted"] is False


@pytest.mark.feature("F3")
def test_removed_by_its_user_a_contact_is_written_again_when_it_is_synced_by_hand(crm, ada, two, syncing):
    crm.chooses(syncing, deleted_in_microsoft="keep")
    ada.deletes(two["Grace"])
    crm.syncs_removals(syncing, ada)
    crm.syncs(syncing, full=True)
    assert ada.names() == ["Mary"]

    run = crm.call("POST", "/v1/contacts/c-1/sync")

    assert crm.awaits(run["id"])["counts"]["to_microsoft"]["created"] == 1
    assert ada.names() == ["Grace", "Mary"]


@pytest.mark.lesson(6)
def test_a_refused_contact_is_parked_with_its_next_attempt_and_stops_nobody(crm, ada, two, syncing):
    fault = {"code": "ErrorPropertyValidationFailure", "status": 400}
    ada.sandbox.fault(fault, mail=ada.mail, method="PATCH", path="/v1.0/me/contacts/*", times=1)
    crm.patches("c-1", job_title="Commodore")
    crm.puts("c-3", display_name="Hedy")

    (parked,) = eventually(lambda: crm.call("GET", f"/v1/links?connection={syncing}&state=parked")["data"])
    assert (parked["crm_id"], parked["attempts"], parked["state"]) == ("c-1", 1, "linked")
    assert parked["problem"]["type"] == "/problems/unsupported-value"
    assert parked["problem"]["next_attempt_at"] == parked["next_attempt_at"] is not None
    eventually(lambda: "Hedy" in ada.names())
    assert ada.holds(two["Grace"])["jobTitle"] == "Admiral"

    again = crm.call("POST", f"/v1/links/{parked['id']}/retry")

    assert (again["problem"], again["attempts"]) == (None, 0)
    eventually(lambda: ada.holds(two["Grace"])["jobTitle"] == "Commodore")
    assert crm.call("GET", "/v1/links?state=parked")["data"] == []


def test_a_link_that_is_cut_leaves_both_sides_as_they_are(crm, ada, two, syncing):
    links = crm.call("GET", f"/v1/links?connection={syncing}&state=linked")["data"]
    (link,) = [link for link in links if link["crm_id"] == "c-1"]

    assert crm.call("POST", f"/v1/links/{link['id']}/unlink")["state"] == "severed"

    crm.patches("c-1", job_title="Commodore")
    ada.edits(two["Grace"], companyName="Navy")
    crm.syncs(syncing, full=True)
    assert ada.holds(two["Grace"])["jobTitle"] == "Admiral"
    assert crm.holds("c-1")["company"] is None
    assert (ada.names(), crm.news()) == (["Grace", "Mary"], [])


@pytest.mark.feature("F3")
@pytest.mark.lesson(6)
@pytest.mark.parametrize("known", [True, False], ids=["a contact we know", "somebody new"])
def test_an_item_that_cannot_be_taken_over_holds_up_nobody(crm, ada, two, syncing, known):
    with ada.sandbox.settings(notifications=False):
        poison = {"personalNotes": "no text\u0000at all"}
        item = ada.edits(two["Grace"], **poison) if known else ada.adds("Nobody", **poison)
        ada.edits(two["Mary"], jobTitle="Commodore")
        ada.adds("Hedy")
        run = crm.syncs(syncing)

    runs = crm.call("GET", "/v1/runs")["data"]  # a round of its own accord may have come first
    assert (run["status"], sum(each["counts"]["parked"] for each in runs)) == ("succeeded", 1)
    assert {c["type"]: c["record"]["display_name"] for c in crm.news()} == {
        "contact.updated": "Mary",
        "contact.created": "Hedy",
    }
    assert crm.syncs(syncing)["status"] == "succeeded"
    (parked,) = crm.call("GET", "/v1/links?state=parked")["data"]
    assert (parked["item"]["id"], parked["problem"]["type"]) == (item["id"], "/problems/unreadable-item")

    ada.edits(item, personalNotes="a text")
    crm.call("POST", f"/v1/links/{parked['id']}/retry")
    change = crm.hears("contact.updated" if known else "contact.created")

    assert change["record"]["notes"] == "a text"
    assert crm.call("GET", "/v1/links?state=parked")["data"] == []
