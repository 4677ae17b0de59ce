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


@pytest.mark.feature("F3")
@pytest.mark.parametrize(("decision", "left"), [("put_back", 12), ("cancel", 4)])
def test_put_back_writes_again_what_vanished_and_no_word_means_apply(
    crm, ada, twelve, syncing, decision, left
):
    run = empties_outlook(crm, ada, syncing, twelve[:8])
    if decision == "cancel":
        crm.call("POST", f"/v1/runs/{run['id']}/cancel")
    else:
        answers(crm, run, decision)
    crm.is_quiet(syncing)
    crm.syncs(syncing, full=True)

    assert len(ada.contacts()) == left
    assert [c for c in crm.news() if c["type"].startswith("contact.")] == []
    assert crm.connection(syncing)["entities"]["contacts"]["state"] == "in_sync"
    assert crm.call("GET", f"/v1/runs?connection={syncing}&status=awaiting_approval")["data"] == []


@pytest.mark.feature("B6")
@pytest.mark.lesson(1)
@pytest.mark.parametrize(
    ("decision", "left", "lives"), [("apply", 4, False), ("put_back", 12, True), ("cancel", 12, False)]
)
def test_a_mass_deletion_by_the_crm_waits_before_the_first_item_goes(
    crm, ada, twelve, syncing, decision, left, lives
):
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
    if decision == "cancel":
        crm.call("POST", f"/v1/runs/{run['id']}/cancel")
    else:
        answers(crm, run, decision)
    crm.is_quiet(syncing)

    assert len(ada.contacts()) == left
    assert [crm.holds(f"c-{n}")["deleted"] for n in range(8)] == [not lives] * 8
    assert [c["type"] for c in crm.news()] == ["contact.created"] * (8 if lives else 0)
    assert crm.syncs(syncing, full=True)["counts"]["to_crm"]["created"] == 0


@pytest.mark.feature("F3")
@pytest.mark.lesson(3)
@pytest.mark.parametrize(("decision", "left"), [("apply", 9), ("put_back", 0)])
def test_more_creations_in_outlook_than_allowed_wait(crm, ada, syncing, decision, left):
    crm.call("PATCH", "/v1/workspace", json={"breaker": {"max_creates": 8}})
    people(crm, 9)
    run = asked(crm, syncing)

    assert (run["approval"]["reason"], run["approval"]["would"]["to_microsoft"]["created"]) == (
        "creations",
        9,
    )
    assert ada.contacts() == []
    answers(crm, run, decision)
    crm.is_quiet(syncing)

    assert len(ada.contacts()) == left
    (state,) = crm.call("GET", "/v1/contacts/c-0/sync")["data"]
    assert state["reason"] == ("in_scope" if left else "declined")


@pytest.mark.feature("F3")
@pytest.mark.lesson(3)
@pytest.mark.parametrize(("decision", "told"), [("apply", 4), ("put_back", 0)])
def test_more_imports_than_allowed_wait(crm, ada, syncing, decision, told):
    crm.is_quiet(syncing)
    crm.call("PATCH", "/v1/workspace", json={"breaker": {"max_creates": 3}})
    with ada.sandbox.settings(notifications=False):
        for number in range(4):
            ada.adds(f"Person {number}")
        crm.syncs(syncing)
    run = asked(crm, syncing)

    assert sorted(s["title"] for s in run["approval"]["samples"]) == [f"Person {n}" for n in range(4)]
    assert (run["approval"]["side"], crm.news()) == ("crm", [])
    answers(crm, run, decision)
    crm.syncs(syncing, full=True)

    assert [c["type"] for c in crm.news()] == ["contact.created"] * told
    assert len(ada.contacts()) == 4


@pytest.mark.feature("F3")
def test_what_happened_meanwhile_is_decided_anew(crm, ada, twelve, syncing):
    names = {item["displayName"]: item for item in twelve}
    run = empties_outlook(crm, ada, syncing, [names[f"Person {n:03}"] for n in range(8)])
    crm.patches("c-0", job_title="Admiral")
    crm.deletes("c-1")

    assert answers(crm, run, "apply")["counts"]["to_crm"]["deleted"] == 6

    again = eventually(lambda: ada.named("Person 000"))
    assert (again["jobTitle"], crm.holds("c-0")["deleted"]) == ("Admiral", False)


@pytest.mark.feature("F3")
@pytest.mark.lesson(1)
@pytest.mark.parametrize(
    ("decision", "left", "told"), [("put_back", 12, 0), ("apply", 0, 12), ("cancel", 0, 0)]
)
def test_the_whole_folder_deleted_deletes_nobody_and_asks(crm, ada, twelve, syncing, decision, left, told):
    ada.call("DELETE", f"me/contactFolders/{ada.folder_id()}")
    crm.syncs(syncing)

    run = asked(crm, syncing)
    assert (run["approval"]["reason"], run["approval"]["would"]["to_crm"]["deleted"]) == (
        "collection_gone",
        12,
    )
    assert crm.connection(syncing)["entities"]["contacts"]["problem"]["type"] == "/problems/folder-gone"
    assert crm.news() == []
    if decision == "cancel":
        crm.call("POST", f"/v1/runs/{run['id']}/cancel")
    else:
        answers(crm, run, decision)

    eventually(lambda: crm.connection(syncing)["entities"]["contacts"]["state"] == "in_sync")
    assert eventually(lambda: len(ada.contacts()) == left or None)
    assert [c["type"] for c in crm.news()] == ["contact.deleted"] * told
