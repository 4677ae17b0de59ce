"""A connection over its life: signed out, disconnected and connected again, without a duplicate."""

import httpx
import pytest
from world import eventually

GRACE = {"display_name": "Grace Hopper", "given_name": "Grace", "job_title": "Rear admiral"}


@pytest.fixture
def both(crm, ada, syncing):
    """One contact that the CRM made and one that Ada made, in sync."""
    crm.puts("c-1", **GRACE)
    ada.is_watched()
    eventually(lambda: ada.named("Grace Hopper"))
    ada.adds("Mary Shelley")
    crm.names(crm.hears("contact.created"), "c-2")
    crm.is_quiet(syncing)
    crm.news()
    return {item["displayName"]: item for item in ada.contacts()}


@pytest.mark.feature("A1")
def test_a_person_signs_in_by_a_mailed_link_and_their_contacts_begin_to_sync(crm, ada):
    made = crm.call("POST", "/v1/connections", json={"user": "agent-1", "entities": ["contacts"]})
    clicked = httpx.get(made["connect_url"], follow_redirects=False)
    crm.signs_in(clicked.headers["location"], ada)

    shown = crm.connection(made["id"])
    assert (shown["status"], shown["account"]["email"]) == ("active", ada.mail)
    crm.puts("c-1", **GRACE)
    crm.awaits(crm.chooses(made["id"])["run"])
    assert ada.names() == ["Grace Hopper"]


@pytest.mark.feature("A8")
def test_a_personal_account_syncs_like_any_other(crm, sandbox):
    person = sandbox.person(kind="personal")
    connection = crm.connects(person)
    crm.puts("c-1", **GRACE)
    crm.awaits(crm.chooses(connection)["run"])

    assert crm.connection(connection)["account"]["kind"] == "personal"
    assert person.names() == ["Grace Hopper"]


@pytest.mark.feature("D7")
@pytest.mark.feature("F9")
@pytest.mark.lesson(22)
def test_a_sign_in_that_must_be_repeated_is_said_and_then_all_goes_on_under_the_same_ids(
    crm, ada, sandbox, both, syncing
):
    sandbox.post("/entra", mail=ada.mail, refresh="invalid_grant")
    sandbox.advance(2 * 3600)
    crm.patches("c-1", job_title="Admiral")
    shown = eventually(lambda: (now := crm.connection(syncing))["status"] == "needs_sign_in" and now)
    ada.sign_in()
    ada.edits(both["Mary Shelley"], jobTitle="Novelist")

    assert shown["problem"]["cure"]["action"] == "reconnect"
    assert ada.holds(both["Grace Hopper"])["jobTitle"] == "Rear admiral"

    sandbox.post("/entra", mail=ada.mail, refresh="ok")
    again = crm.call("POST", f"/v1/connections/{syncing}/reconnect", json={})
    crm.signs_in(again["authorize_url"], ada)

    eventually(lambda: ada.holds(both["Grace Hopper"])["jobTitle"] == "Admiral")
    assert crm.hears("contact.updated")["crm_id"] == "c-2"
    assert (again["id"], crm.connection(syncing)["status"]) == (syncing, "active")
    assert ada.names() == ["Grace Hopper", "Mary Shelley"]


@pytest.mark.feature("B10")
@pytest.mark.feature("F9")
@pytest.mark.lesson(15)
def test_disconnected_and_connected_again_it_keeps_its_id_and_links_again(crm, ada, both, syncing):
    start = ada.mark()
    crm.call("DELETE", f"/v1/connections/{syncing}?crm_data=keep")
    gone = eventually(lambda: (now := crm.connection(syncing))["status"] == "disconnected" and now)
    crm.patches("c-1", company="Navy")
    ada.edits(both["Grace Hopper"], jobTitle="Admiral")

    assert (gone["receipt"]["tokens_erased"], gone["receipt"]["subscriptions_removed"]) == (True, 1)
    assert [e["method"] for e in ada.writes(after=start)] == ["PATCH"]
    assert (crm.news(), ada.names()) == ([], ["Grace Hopper", "Mary Shelley"])

    again = crm.call("POST", f"/v1/connections/{syncing}/reconnect", json={})
    crm.signs_in(again["authorize_url"], ada)
    crm.chooses(syncing)

    now = eventually(lambda: (item := ada.holds(both["Grace Hopper"]))["companyName"] and item)
    assert (now["companyName"], now["jobTitle"]) == ("Navy", "Admiral")
    assert [(c["type"], c["crm_id"]) for c in crm.news()] == [("contact.updated", "c-1")]
    crm.is_quiet(syncing)
    assert ada.names() == ["Grace Hopper", "Mary Shelley"]
    assert crm.connection(syncing)["entities"]["contacts"]["counts"]["linked"] == 2


@pytest.mark.feature("B10")
def test_disconnected_with_its_imports_deleted_only_those_are_deleted_and_only_in_the_crm(
    crm, ada, both, syncing
):
    start = ada.mark()
    crm.call("DELETE", f"/v1/connections/{syncing}?crm_data=delete_imported")
    eventually(lambda: crm.connection(syncing)["status"] == "disconnected")

    assert [(c["type"], c["crm_id"], c["reason"]) for c in crm.news()] == [
        ("contact.deleted", "c-2", "disconnected")
    ]
    assert crm.connection(syncing)["receipt"]["crm_deletions_announced"] == 1
    assert (ada.writes(after=start), ada.names()) == ([], ["Grace Hopper", "Mary Shelley"])


@pytest.mark.feature("F9")
@pytest.mark.lesson(15)
def test_another_account_once_confirmed_gets_the_records_and_the_old_mailbox_keeps_its_own(
    crm, ada, sandbox, both, syncing
):
    other = sandbox.person()
    start = ada.mark()
    again = crm.call("POST", f"/v1/connections/{syncing}/reconnect", json={})
    crm.signs_in(again["authorize_url"], other)
    assert crm.connection(syncing)["status"] == "needs_confirmation"

    crm.call("POST", f"/v1/connections/{syncing}/confirm", json={"account": other.mail})

    eventually(lambda: other.names() == ["Grace Hopper", "Mary Shelley"])
    assert ada.writes(after=start) == []
    assert ada.names() == ["Grace Hopper", "Mary Shelley"]
    assert [c for c in crm.news() if c["type"] in {"contact.deleted", "contact.created"}] == []


@pytest.mark.feature("B10")
def test_where_the_organisation_is_no_longer_entitled_everything_rests_until_it_is(crm, ada, both, syncing):
    crm.call("PATCH", "/v1/workspace", json={"entitled": False})
    crm.patches("c-1", job_title="Admiral")
    refused = crm.http.post("/v1/connections", json={"user": "agent-2", "entities": ["contacts"]})

    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-entitled")
    ada.is_left_alone()
    assert ada.holds(both["Grace Hopper"])["jobTitle"] == "Rear admiral"

    crm.call("PATCH", "/v1/workspace", json={"entitled": True})

    eventually(lambda: ada.holds(both["Grace Hopper"])["jobTitle"] == "Admiral")
