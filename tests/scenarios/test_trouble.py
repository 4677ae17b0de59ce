"""A Microsoft that is busy, forgetful or deaf costs time only: nothing is lost, doubled or deleted."""

import pytest
from world import eventually

LIVES = ("created", "updated", "deleted")


def people(crm, number):
    owners = [{"user": "agent-1", "access": "primary"}]
    upserts = [
        {"crm_id": f"c-{n}", "display_name": f"Person {n:03}", "owners": owners} for n in range(number)
    ]
    crm.call("POST", "/v1/contacts/batch", json={"upserts": upserts})


def each_once(crm, ada, number):
    marks = ada.marks(crm.mark_property)
    return len(marks) == number and set(marks.values()) == {1}


@pytest.mark.feature("A4")
@pytest.mark.lesson(20)
@pytest.mark.parametrize(
    ("fault", "times"),
    [
        pytest.param({"status": 429, "retry_after": 1}, 5, id="throttled"),
        pytest.param({"status": 503, "retry_after": 1}, 5, id="unavailable"),
        pytest.param({"status": 500}, 3, id="broken"),
        pytest.param({"status": 504}, 3, id="a gateway that gave up"),
        pytest.param({"latency_ms": 1000}, 3, id="slow"),
        pytest.param({"status": 401}, 1, id="a token refused"),
    ],
)
def test_a_microsoft_in_trouble_costs_time_only(crm, ada, sandbox, syncing, fault, times):
    sandbox.fault(fault, times=times, mail=ada.mail)
    people(crm, 10)

    sandbox.hurries(lambda: each_once(crm, ada, 10))
    sandbox.heals()
    assert crm.syncs(syncing)["status"] == "succeeded"
    assert crm.connection(syncing)["entities"]["contacts"]["problem"] is None
    assert crm.news() == []


@pytest.mark.feature("A4")
@pytest.mark.lesson(20)
def test_asked_to_wait_concord_waits_as_long_as_it_was_asked_to(crm, ada, sandbox, syncing):
    ada.is_watched()
    crm.is_quiet(syncing)
    sandbox.fault({"status": 429, "retry_after": 600}, times=1, mail=ada.mail, path="/v1.0/$batch")
    start = ada.mark()
    people(crm, 1)
    problem = eventually(lambda: crm.connection(syncing)["entities"]["contacts"]["problem"])
    ada.is_left_alone()

    assert problem["type"] == "/problems/throttled"
    assert [each["path"] for each in ada.requests(after=start)] == ["/v1.0/$batch"]

    sandbox.advance(601)

    eventually(lambda: len(ada.contacts()) == 1)
    eventually(lambda: crm.connection(syncing)["entities"]["contacts"]["problem"] is None)


@pytest.mark.feature("F3")
@pytest.mark.lesson(16)
def test_what_was_deleted_while_the_token_was_lost_is_found_by_the_round_that_begins_anew(
    crm, ada, sandbox, syncing
):
    people(crm, 12)
    eventually(lambda: len(ada.contacts()) == 12)
    crm.is_quiet(syncing)
    crm.news()
    with sandbox.settings(notifications=False):
        ada.deletes(ada.contacts()[0])
        sandbox.fault({"delta": "expire"}, path="*delta*", mail=ada.mail)
        crm.syncs_removals(syncing, ada)

    assert crm.hears("contact.deleted")["reason"] == "deleted_in_microsoft"


@pytest.mark.feature("F3")
@pytest.mark.lesson(16)
@pytest.mark.parametrize("fault", ["expire", "replay", "duplicate", "empty_page"])
def test_a_delta_that_expires_repeats_or_shows_nothing_deletes_and_doubles_nothing(
    crm, ada, sandbox, syncing, fault
):
    crm.chooses(syncing, deleted_in_microsoft="delete")
    people(crm, 12)
    eventually(lambda: len(ada.contacts()) == 12)
    crm.is_quiet(syncing)
    crm.news()
    start = ada.mark()
    ada.edits(ada.named("Person 007"), jobTitle="Agent")
    sandbox.fault({"delta": fault}, mail=ada.mail)
    crm.syncs(syncing)
    sandbox.advance(70)
    run = crm.syncs(syncing)

    assert [(c["crm_id"], c["changed"]) for c in crm.news()] == [("c-7", ["job_title"])]
    assert run["counts"]["to_crm"] == run["counts"]["to_microsoft"] == dict.fromkeys(LIVES, 0)
    assert [e["method"] for e in ada.writes(after=start)] == ["PATCH"]
    assert each_once(crm, ada, 12)
    assert crm.connection(syncing)["entities"]["contacts"]["counts"]["linked"] == 12


@pytest.mark.feature("F3")
@pytest.mark.lesson(16)
def test_what_was_deleted_while_the_token_expired_is_still_found_out(crm, ada, sandbox, syncing):
    crm.chooses(syncing, deleted_in_microsoft="delete")
    people(crm, 5)
    eventually(lambda: len(ada.contacts()) == 5)
    crm.is_quiet(syncing)
    crm.news()
    with sandbox.settings(notifications=False):
        ada.deletes(ada.named("Person 003"))
        sandbox.fault({"delta": "expire"}, mail=ada.mail)
        crm.syncs_removals(syncing, ada)

    assert [(c["type"], c["crm_id"]) for c in crm.news()] == [("contact.deleted", "c-3")]


@pytest.mark.story("a create's answer is lost")
@pytest.mark.feature("A4")
@pytest.mark.lesson(3)
@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_a_lost_answer_to_a_create_makes_no_second_contact(crm, ada, sandbox, syncing, moment):
    crm.is_quiet(syncing)
    sandbox.fault({"drop": moment}, skip=3, mail=ada.mail, method="POST", path="*/contacts")
    people(crm, 10)
    sandbox.hurries(lambda: each_once(crm, ada, 10))
    sandbox.advance(121)
    crm.syncs(syncing)

    assert each_once(crm, ada, 10)
    assert crm.connection(syncing)["entities"]["contacts"]["counts"]["linked"] == 10
    assert crm.news() == []


@pytest.mark.feature("A4")
@pytest.mark.lesson(4)
@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_a_lost_answer_to_an_update_or_a_delete_is_found_out(crm, ada, sandbox, syncing, moment):
    crm.chooses(syncing, removed_from_crm="delete")
    people(crm, 2)
    eventually(lambda: len(ada.contacts()) == 2)
    crm.is_quiet(syncing)
    item = ada.named("Person 000")
    sandbox.fault({"drop": moment}, mail=ada.mail, method="PATCH", path="*/contacts/*")
    crm.patches("c-0", job_title="Agent")
    sandbox.hurries(lambda: ada.holds(item)["jobTitle"] == "Agent")
    sandbox.fault({"drop": moment}, mail=ada.mail, method="DELETE", path="*/contacts/*")
    crm.deletes("c-1")
    sandbox.hurries(lambda: ada.names() == ["Person 000"])
    start = ada.mark()
    crm.is_quiet(syncing)

    assert ada.writes(after=start) == []
    assert crm.news() == []


@pytest.mark.feature("A4")
@pytest.mark.lesson(4)
def test_a_write_refused_as_out_of_date_listens_first_and_then_writes(crm, ada, sandbox, syncing):
    people(crm, 1)
    item = eventually(lambda: ada.named("Person 000"))
    crm.is_quiet(syncing)
    with sandbox.settings(notifications=False):
        ada.edits(item, companyName="Navy")
        crm.patches("c-0", job_title="Agent")
        now = eventually(lambda: (held := ada.holds(item))["jobTitle"] == "Agent" and held)

    assert now["companyName"] == "Navy"
    assert crm.hears("contact.updated")["changed"] == ["company"]


@pytest.mark.feature("A8")
@pytest.mark.feature("D8")
def test_a_mailbox_that_is_taken_away_deletes_nobody_and_comes_back(crm, ada, sandbox, syncing):
    crm.chooses(syncing, deleted_in_microsoft="delete")
    people(crm, 3)
    eventually(lambda: len(ada.contacts()) == 3)
    crm.is_quiet(syncing)
    sandbox.fault({"status": 404, "code": "MailboxNotEnabledForRESTAPI"}, times=None, mail=ada.mail)
    crm.call("POST", f"/v1/connections/{syncing}/sync/contacts", json={})
    problem = eventually(lambda: crm.connection(syncing)["problem"])
    sandbox.advance(70)

    assert (problem["type"], crm.connection(syncing)["status"]) == ("/problems/no-mailbox", "no_mailbox")
    assert [c["type"] for c in crm.news()] == []

    sandbox.heals()
    sandbox.advance(24 * 3600)
    eventually(lambda: crm.connection(syncing)["status"] == "active")
    ada.sign_in()
    crm.patches("c-1", job_title="Agent")
    eventually(lambda: ada.named("Person 001")["jobTitle"] == "Agent")
    assert each_once(crm, ada, 3)
