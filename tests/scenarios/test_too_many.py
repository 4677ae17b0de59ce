"""So much at once that somebody is asked first: the breaker, its approvals, and what each decision does."""

import pytest
from world import eventually


def people(crm, count):
    owners = [{"user": "agent-1", "access": "primary"}]
    upserts = [
        {"crm_id": f"c-{n}", "owners": owners, "display_name": f"Person {n:03}", "job_title": "Agent"}
        for n in range(count)
    ]
    assert crm.call("POST", "/v1/contacts/batch", json={"upserts": upserts})["failed"] == 0


@pytest.fixture
def twelve(crm, ada, syncing):
    """Twelve contacts, on both sides; nothing else is going on."""
    ada.is_watched()
    people(crm, 12)
    items = eventually(lambda: len(found := ada.contacts()) == 12 and found)
    crm.is_quiet(syncing)
    crm.news()
    return items


def asked(crm, connection):
    """Wait for the question that is open about this connection."""
    return eventually(
        lambda: next(
            iter(crm.call("GET", f"/v1/runs?connection={connection}&status=awaiting_approval")["data"]), None
        )
    )


def empties_outlook(crm, ada, connection, items):
    with ada.sandbox.settings(notifications=False):
        for item in items:
            ada.deletes(item)
        crm.syncs_removals(connection, ada)
    return asked(crm, connection)


def answers(crm, run, decision):
    crm.call("POST", f"/v1/runs/{run['id']}/approve", json={"decision": decision})
    return crm.awaits(run["id"])


@pytest.mark.feature("F3")
@pytest.mark.lesson(1)
def test_a_mass_deletion_in_outlook_waits_and_the_rest_goes_on(crm, ada, twelve, syncing):
    run = empties_outlook(crm, ada, syncing, twelve[:8])

    told = next(c for c in crm.news(records_only=False) if c["type"] == "run.awaiting_approval")
    assert (told["reason"], told["record"]["id"]) == ("deletions", run["id"])
    approval = run["approval"]
    assert (approval["reason"], approval["side"], len(approval["samples"])) == ("deletions", "crm", 8)
    assert approval["would"]["to_crm"] == {"created": 0, "updated": 0, "deleted": 8}
    entity = crm.connection(syncing)["entities"]["contacts"]
    assert (entity["state"], entity["problem"]["cure"]["action"]) == ("awaiting_approval", "approve_run")
    (state,) = crm.call("GET", f"/v1/contacts/{approval['samples'][0]['crm_id']}/sync")["data"]
    assert (state["state"], state["reason"]) == ("awaiting_approval", "awaiting_approval")
    crm.puts("c-99", display_name="Grace")
    eventually(lambda: ada.named("Grace"))
    ada.edits(twelve[-1], jobTitle="Admiral")
    assert crm.hears("contact.updated")["record"]["job_title"] == "Admiral"

    assert answers(crm, run, "apply")["counts"]["to_crm"]["deleted"] == 8

    gone = [c for c in crm.news() if c["type"] == "contact.deleted"]
    assert [len(gone), {c["reason"] for c in gone}] == [8, {"approved"}]
    crm.syncs(syncing, full=True)
    assert crm.connection(syncing)["entities"]["contacts"]["state"] == "in_sync"
    assert len(ada.contacts()) == 5


@pytest.mark.feature("B6")
@pytest.mark.lesson(1)
def test_a_mass_deletion_by_the_crm_waits_before_the_first_item_goes(crm, ada, twelve, syncing):
    crm.chooses(syncing, removed_from_crm="delete")
    crm.call("POST", "/v1/contacts/batch", json={"deletes": [f"c-{n}" for n in range(8)]})
    run = asked(crm, syncing)

    approval = run["approval"]
    assert (approval["reason"], approval["side"], approval["would"]["to_microsoft"]["deleted"]) == (
        "deletions",
        "microsoft",
        8,
    )
    assert len(ada.contacts()) == 12
    answers(crm, run, "put_back")
    crm.is_quiet(syncing)

    assert len(ada.contacts()) == 12
    assert [crm.holds(f"c-{n}")["deleted"] for n in range(8)] == [False] * 8
    assert [c["type"] for c in crm.news()] == ["contact.created"] * 8
    assert crm.syncs(syncing, full=True)["counts"]["to_crm"]["created"] == 0


@pytest.mark.feature("F3")
@pytest.mark.lesson(1)
def test_the_whole_folder_deleted_deletes_nobody_and_asks(crm, ada, twelve, syncing):
    ada.call("DELETE", f"me/contactFolders/{ada.folder_id()}")
    crm.syncs(syncing)

    run = asked(crm, syncing)
    assert (run["approval"]["reason"], run["approval"]["would"]["to_crm"]["deleted"]) == (
        "collection_gone",
        12,
    )
    assert crm.connection(syncing)["entities"]["contacts"]["problem"]["type"] == "/problems/folder-gone"
    assert crm.news() == []
    answers(crm, run, "put_back")

    eventually(lambda: crm.connection(syncing)["entities"]["contacts"]["state"] == "in_sync")
    assert eventually(lambda: len(ada.contacts()) == 12)
    assert crm.news() == []
