"""The first sync: who is already there is linked, the rest is made, nothing else is touched."""

import json

import pytest
from world import FOLDER, eventually

GRACE = {
    "display_name": "Grace Hopper",
    "given_name": "Grace",
    "family_name": "Hopper",
    "emails": [{"address": "grace@example.org", "name": "Grace"}],
}


def mail(*addresses):
    return [{"address": address, "name": address} for address in addresses]


def in_outlook(name, *addresses, **fields):
    return {"displayName": name, "givenName": name, "emailAddresses": mail(*addresses), **fields}


@pytest.mark.feature("A3")
def test_only_a_folder_named_after_the_crm_is_made_and_synced(crm, ada, connected):
    ada.call("POST", "me/contacts", in_outlook("Private Friend", "friend@example.org"))
    crm.puts("c-1", **GRACE)

    run = crm.awaits(crm.chooses(connected)["run"])

    assert ada.names() == ["Grace Hopper"]
    assert [item["displayName"] for item in ada.call("GET", "me/contacts")["value"]] == ["Private Friend"]
    assert "Private" not in json.dumps(crm.news())
    assert (run["trigger"], run["status"], run["counts"]["to_microsoft"]["created"]) == (
        "initial",
        "succeeded",
        1,
    )


@pytest.mark.feature("A2")
def test_what_either_side_had_is_on_both_afterwards_and_counted(crm, ada, connected):
    ada.makes_folder()
    ada.sandbox.post(
        "/seed", mail=ada.mail, folder=FOLDER, contacts=[in_outlook(f"O {n}") for n in range(25)]
    )
    upserts = [
        {
            "crm_id": f"c-{n}",
            "display_name": f"C {n:02}",
            "owners": [{"user": "agent-1", "access": "primary"}],
        }
        for n in range(30)
    ]
    crm.call("POST", "/v1/contacts/batch", json={"upserts": upserts})

    run = crm.awaits(crm.chooses(connected)["run"])

    counts = run["counts"]
    assert (counts["pulled"], counts["linked"]) == (25, 0)
    assert counts["to_crm"] == {"created": 25, "updated": 0, "deleted": 0}
    assert counts["to_microsoft"] == {"created": 30, "updated": 0, "deleted": 0}
    assert run["progress"]["done"] == run["progress"]["total"] == 55
    assert len(ada.contacts()) == 55
    assert sorted(c["record"]["display_name"] for c in crm.news()) == sorted(f"O {n}" for n in range(25))


@pytest.mark.feature("A2")
@pytest.mark.lesson(15)
def test_who_is_there_already_is_linked_by_e_mail_and_blanks_are_filled_both_ways(crm, ada, connected):
    ada.makes_folder()
    item = ada.adds("G. Hopper", emailAddresses=mail("GRACE@Example.org"), companyName="Navy")
    crm.puts("c-1", **GRACE, job_title="Rear admiral")

    run = crm.awaits(crm.chooses(connected)["run"])

    assert (run["counts"]["linked"], run["counts"]["to_microsoft"]["created"]) == (1, 0)
    (now,) = ada.contacts()
    assert (now["id"], now["jobTitle"], now["companyName"]) == (item["id"], "Rear admiral", "Navy")
    assert crm.holds("c-1")["company"] == "Navy"
    assert [c["type"] for c in crm.news()] == ["contact.updated"]


@pytest.mark.feature("A2")
@pytest.mark.lesson(15)
def test_two_items_with_the_address_of_one_record_are_left_for_a_person_to_decide(crm, ada, connected):
    ada.makes_folder()
    ada.adds("Grace at work", emailAddresses=mail("grace@example.org"))
    ada.adds("Grace at home", emailAddresses=mail("grace@example.org"))
    crm.puts("c-1", **GRACE)

    run = crm.awaits(crm.chooses(connected)["run"])

    assert (run["counts"]["in_review"], run["counts"]["to_crm"]["created"]) == (2, 0)
    assert ada.names() == ["Grace at home", "Grace at work"]
    assert [c for c in crm.news() if c["type"] == "contact.created"] == []


@pytest.mark.feature("A3")
def test_a_folder_of_that_name_is_adopted_whatever_its_case(crm, ada, connected):
    folder = ada.makes_folder("ACME realty")
    item = ada.adds("Mary", folder="ACME realty")

    crm.awaits(crm.chooses(connected)["run"])
    crm.puts("c-1", **GRACE)

    change = crm.hears("contact.created")
    assert change["record"]["display_name"] == "Mary"
    eventually(lambda: ada.names("ACME realty") == ["Grace Hopper", "Mary"])
    folders = ada.call("GET", "me/contactFolders")["value"]
    assert [found["id"] for found in folders if found["displayName"].casefold() == "acme realty"] == [folder]
    assert ada.holds(item)["changeKey"] == item["changeKey"]


@pytest.mark.feature("F8")
def test_while_paused_nothing_is_read_or_written_then_all_is_at_once(crm, ada):
    connection = crm.connects(ada, paused=True)
    crm.puts("c-1", **GRACE)
    start = ada.mark()
    run = crm.chooses(connection)["run"]
    refused = crm.http.post(f"/v1/connections/{connection}/sync/contacts", json={})
    ada.sandbox.advance(3600)
    crm.puts("c-2", display_name="Ada")

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/paused")
    assert crm.call("GET", f"/v1/runs/{run}")["status"] == "queued"
    assert ada.requests(after=start) == []

    crm.call("PATCH", f"/v1/connections/{connection}", json={"paused": False})

    assert crm.awaits(run)["counts"]["to_microsoft"]["created"] == 2
    ada.sign_in()
    assert ada.names() == ["Ada", "Grace Hopper"]


@pytest.mark.feature("A4")
def test_pausing_stops_both_ways_and_what_was_missed_comes_afterwards(crm, ada, syncing):
    crm.puts("c-1", **GRACE)
    item = eventually(lambda: ada.named("Grace Hopper"))
    crm.call("PATCH", f"/v1/connections/{syncing}", json={"paused": True})
    eventually(lambda: crm.connection(syncing)["entities"]["contacts"]["state"] == "paused")
    crm.news()
    start = ada.mark()
    crm.patches("c-1", job_title="Rear admiral")
    ada.edits(item, companyName="Navy")

    assert [e["path"] for e in ada.requests(after=start) if e["method"] != "PATCH"] == []
    assert crm.news() == []

    crm.call("PATCH", f"/v1/connections/{syncing}", json={"paused": False})

    assert crm.hears("contact.updated")["changed"] == ["company"]
    eventually(lambda: ada.holds(item)["jobTitle"] == "Rear admiral")


@pytest.mark.feature("C7")
@pytest.mark.lesson(6)
def test_a_contact_that_microsoft_refuses_is_parked_alone(crm, ada, connected):
    crm.puts("c-bad", display_name="x" * 70_000)
    crm.puts("c-1", **GRACE)

    run = crm.awaits(crm.chooses(connected)["run"])

    assert run["status"] == "succeeded"
    assert (run["counts"]["parked"], run["counts"]["to_microsoft"]["created"]) == (1, 1)
    assert ada.names() == ["Grace Hopper"]
    assert crm.connection(connected)["entities"]["contacts"]["counts"]["parked"] == 1
    start = ada.mark()
    crm.patches("c-bad", display_name="Much shorter")
    eventually(lambda: ada.names() == ["Grace Hopper", "Much shorter"])
    assert len(ada.writes(after=start)) == 1
    assert crm.connection(connected)["entities"]["contacts"]["counts"]["parked"] == 0
