"""One way or both, for good or for one run; and a sync that is switched off and on again."""

import pytest
from world import eventually

GRACE = {
    "display_name": "Grace Hopper",
    "given_name": "Grace",
    "job_title": "Rear admiral",
    "emails": [{"address": "grace@example.org", "name": "Grace"}],
}


@pytest.mark.feature("B3")
def test_before_a_direction_is_chosen_nothing_is_asked_of_the_mailbox(crm, ada, connected):
    start = ada.mark()
    crm.puts("c-1", **GRACE)
    refused = crm.http.post(f"/v1/connections/{connected}/sync/contacts", json={})

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/sync-disabled")
    assert ada.requests(after=start, path="/contact") == []
    assert crm.connection(connected)["entities"]["contacts"]["state"] == "disabled"


@pytest.mark.feature("E4")
def test_from_the_crm_alone_nothing_comes_back_and_what_outlook_changed_is_left_alone(crm, ada, connected):
    crm.puts("c-1", **GRACE)
    crm.awaits(crm.chooses(connected, direction="crm_to_microsoft")["run"])
    item = ada.named("Grace Hopper")
    ada.edits(item, jobTitle="Admiral")
    ada.adds("Only In Outlook")
    crm.syncs(connected, full=True)
    crm.patches("c-1", company="Navy")

    now = eventually(lambda: (held := ada.holds(item))["companyName"] == "Navy" and held)
    assert now["jobTitle"] == "Admiral"
    assert (crm.news(), crm.holds("c-1")["job_title"]) == ([], "Rear admiral")
    assert ada.requests(path="/subscriptions") == []


@pytest.mark.feature("E4")
def test_from_the_crm_alone_a_deletion_in_outlook_does_not_travel(crm, ada, sandbox, connected):
    crm.puts("c-1", **GRACE)
    chosen = crm.chooses(connected, direction="crm_to_microsoft", deleted_in_microsoft="delete")
    crm.awaits(chosen["run"])
    ada.deletes(ada.named("Grace Hopper"))
    crm.syncs_removals(connected, ada, full=True)

    assert (crm.news(), crm.holds("c-1")["deleted"], ada.names()) == ([], False, [])


@pytest.mark.feature("E4")
def test_from_outlook_alone_nothing_is_written_there(crm, ada, connected):
    ada.makes_folder()
    item = ada.adds("Mary Shelley", emailAddresses=[{"address": "mary@example.org", "name": "Mary"}])
    crm.puts("c-1", **GRACE)
    start = ada.mark()
    crm.awaits(crm.chooses(connected, direction="microsoft_to_crm", removed_from_crm="delete")["run"])
    crm.names(crm.hears("contact.created"), "c-2")
    crm.patches("c-2", job_title="Novelist")
    crm.syncs(connected, full=True)
    crm.deletes("c-2")
    crm.syncs(connected, full=True)

    assert ada.writes(after=start) == []
    assert (ada.names(), ada.holds(item)["changeKey"]) == (["Mary Shelley"], item["changeKey"])


@pytest.mark.feature("E4")
def test_made_two_way_later_what_differs_is_exchanged_without_duplicates(crm, ada, connected):
    crm.puts("c-1", **GRACE)
    crm.awaits(crm.chooses(connected, direction="crm_to_microsoft")["run"])
    item = ada.named("Grace Hopper")
    ada.edits(item, companyName="Navy")
    ada.adds("Mary Shelley")
    crm.news()

    run = crm.awaits(crm.chooses(connected, direction="two_way")["run"])

    assert (run["trigger"], run["full"], run["counts"]["to_crm"]) == (
        "settings",
        True,
        {"created": 1, "updated": 1, "deleted": 0},
    )
    assert crm.holds("c-1")["company"] == "Navy"
    assert sorted(c["type"] for c in crm.news()) == ["contact.created", "contact.updated"]
    assert ada.names() == ["Grace Hopper", "Mary Shelley"]


@pytest.mark.feature("A5")
def test_a_run_in_one_direction_moves_nothing_the_other_way(crm, ada, sandbox, syncing):
    ada.is_watched()
    crm.puts("c-1", **GRACE)
    item = eventually(lambda: ada.named("Grace Hopper"))
    crm.is_quiet(syncing)
    crm.news()
    with sandbox.settings(notifications=False):
        ada.edits(item, jobTitle="Admiral")
        start = ada.mark()
        run = crm.syncs(syncing, direction="to_microsoft")

        assert (run["direction"], ada.rounds(after=start), crm.news()) == ("to_microsoft", [], [])

        run = crm.syncs(syncing, direction="to_crm")

    assert (run["direction"], run["counts"]["to_crm"]["updated"]) == ("to_crm", 1)
    assert (ada.writes(after=start), crm.hears("contact.updated")["changed"]) == ([], ["job_title"])


@pytest.mark.feature("A5")
def test_a_run_from_outlook_alone_leaves_what_the_crm_owes_to_a_run_to_outlook(crm, ada, sandbox, syncing):
    sandbox.fault({"status": 503, "retry_after": 2}, times=1, mail=ada.mail, method="POST", path="*/contacts")
    crm.puts("c-1", **GRACE)
    eventually(lambda: ada.writes(after=0))

    run = crm.syncs(syncing, direction="to_crm")

    assert (run["status"], run["counts"]["to_microsoft"]["created"]) == ("succeeded", 0)
    eventually(lambda: ada.names() == ["Grace Hopper"])


@pytest.mark.feature("A6")
@pytest.mark.feature("F9")
def test_deleting_the_sync_stops_it_and_deletes_nothing_and_switching_on_again_links_again(crm, ada, syncing):
    crm.puts("c-1", **GRACE)
    item = eventually(lambda: ada.named("Grace Hopper"))
    mary = ada.adds("Mary Shelley")
    crm.names(crm.hears("contact.created"), "c-2")
    crm.is_quiet(syncing)
    crm.call("DELETE", f"/v1/connections/{syncing}/settings/contacts")
    start = ada.mark()
    crm.patches("c-1", company="Navy")
    ada.edits(item, jobTitle="Admiral")
    crm.patches("c-2", job_title="Novelist")
    refused = crm.http.post(f"/v1/connections/{syncing}/sync/contacts", json={})

    assert refused.status_code == 409
    assert [e["method"] for e in ada.writes(after=start)] == ["PATCH"]
    assert ada.names() == ["Grace Hopper", "Mary Shelley"]
    eventually(lambda: ada.requests(after=start, path="/subscriptions", method="DELETE"))

    run = crm.awaits(crm.chooses(syncing)["run"])

    assert (run["trigger"], run["counts"]["to_crm"]["created"], run["counts"]["to_microsoft"]["created"]) == (
        "initial",
        0,
        0,
    )
    now = eventually(lambda: (held := ada.holds(item))["companyName"] == "Navy" and held)
    assert (now["jobTitle"], crm.holds("c-1")["job_title"]) == ("Admiral", "Admiral")
    eventually(lambda: ada.holds(mary)["jobTitle"] == "Novelist")
    assert ada.names() == ["Grace Hopper", "Mary Shelley"]
