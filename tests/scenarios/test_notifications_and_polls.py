"""Heard at once by notification, and by the poll where Microsoft says nothing; subscriptions kept alive."""

import time

import pytest
from world import eventually

DAY = 1440
HALF_LIFE = 10_080 * 60 / 2


@pytest.fixture
def rarely_polled(crm, ada):
    """Ada's connection in a workspace that polls once a day; subscribed, and quiet."""
    crm.call("PATCH", "/v1/workspace", json={"sync_interval_minutes": DAY})
    connection = crm.connects(ada)
    crm.puts("c-1", display_name="Grace Hopper", given_name="Grace")
    crm.awaits(crm.chooses(connection)["run"])
    ada.is_watched()
    crm.is_quiet(connection)
    ada.is_left_alone()
    crm.news()
    return connection


def subscribed(ada, *, after=0, method="POST", status=201):
    return [
        e for e in ada.requests(after=after, path="/subscriptions", method=method) if e["status"] == status
    ]


@pytest.mark.feature("A4")
@pytest.mark.lesson(19)
def test_an_edit_is_heard_within_two_seconds_by_one_round(crm, ada, rarely_polled):
    item, start = ada.named("Grace Hopper"), ada.mark()
    began = time.monotonic()
    ada.edits(item, jobTitle="Admiral")
    change = crm.hears("contact.updated", within=10)
    took = time.monotonic() - began
    ada.is_left_alone()

    assert (change["changed"], took < 2) == (["job_title"], True), took
    assert len(ada.rounds(after=start)) == 1
    assert [e["method"] for e in ada.requests(after=start) if "delta" not in e["path"]] == ["PATCH"]


@pytest.mark.feature("A4")
@pytest.mark.lesson(19)
def test_without_notifications_it_is_heard_at_the_poll_which_is_one_request(crm, ada, sandbox, rarely_polled):
    item, start = ada.named("Grace Hopper"), ada.mark()
    with sandbox.settings(notifications=False):
        ada.edits(item, jobTitle="Admiral")
        sandbox.advance(DAY * 60 / 2)
        ada.is_left_alone()
        assert (crm.news(), ada.rounds(after=start)) == ([], [])

        sandbox.advance(DAY * 60 / 2)
        change = crm.hears("contact.updated")
        ada.is_left_alone()

        assert change["changed"] == ["job_title"]
        assert (
            len(ada.requests(after=start, path="/contact")) == 2
        )  # the edit, and one request for the folder

        start = ada.mark()
        sandbox.advance(DAY * 60)
        eventually(lambda: ada.rounds(after=start))
        ada.is_left_alone()
        assert [e["path"] for e in ada.requests(after=start, path="/contact")] == [ada_round(ada, start)]


def ada_round(ada, start):
    (asked,) = ada.rounds(after=start)
    return asked["path"]


@pytest.mark.feature("F3")
@pytest.mark.lesson(17)
def test_an_item_that_a_write_finds_gone_is_seen_to_at_once_and_not_at_the_next_poll(
    crm, ada, sandbox, rarely_polled
):
    start = ada.mark()
    with sandbox.settings(notifications=False):
        ada.deletes(ada.named("Grace Hopper"))
        crm.patches("c-1", job_title="Admiral")
        sandbox.hurries(lambda: [item["jobTitle"] for item in ada.contacts()] == ["Admiral"])

    assert ada.rounds(after=start) == []


@pytest.mark.feature("A4")
@pytest.mark.lesson(19)
@pytest.mark.parametrize("fault", ["duplicate", "delay", "reorder", "lose"])
def test_notifications_repeated_late_out_of_order_or_lost_lose_and_repeat_nothing(
    crm, ada, sandbox, rarely_polled, fault
):
    sandbox.fault({"notification": fault}, times=10, mail=ada.mail)
    for number in range(5):
        ada.adds(f"Person {number}")
    item = ada.named("Grace Hopper")
    ada.edits(item, jobTitle="Captain")
    ada.edits(item, jobTitle="Admiral")
    if fault == "lose":
        crm.syncs(rarely_polled)

    sandbox.hurries(lambda: crm.holds("c-1")["job_title"] == "Admiral")
    eventually(lambda: len(crm.call("GET", "/v1/contacts?unnamed=true")["data"]) == 5)
    ada.is_left_alone()
    assert sorted(c["record"]["display_name"] for c in crm.news() if c["type"] == "contact.created") == [
        f"Person {n}" for n in range(5)
    ]
    assert len(ada.contacts()) == 6


@pytest.mark.feature("A4")
@pytest.mark.lesson(18)
def test_a_subscription_is_renewed_at_half_its_life(crm, ada, sandbox, rarely_polled):
    (made,) = subscribed(ada)
    with sandbox.settings(notifications=False):  # nor is Concord reminded
        sandbox.advance(HALF_LIFE - 3600)
        ada.is_left_alone()
        assert subscribed(ada, after=made["seq"], method="PATCH", status=200) == []

        sandbox.advance(3700)
        eventually(lambda: subscribed(ada, after=made["seq"], method="PATCH", status=200))
    assert subscribed(ada, after=made["seq"]) == []


@pytest.mark.feature("A4")
@pytest.mark.lesson(18)
def test_a_subscription_that_ran_out_while_nobody_worked_is_made_again_and_what_was_missed_is_pulled(
    crm, ada, sandbox, world, rarely_polled
):
    start = ada.mark()
    with world.frozen("worker"):
        ada.edits(ada.named("Grace Hopper"), jobTitle="Admiral")
        sandbox.advance(2 * HALF_LIFE + 60)
        time.sleep(0.6)  # Microsoft ends it
    eventually(lambda: subscribed(ada, after=start))
    assert crm.hears("contact.updated")["changed"] == ["job_title"]

    ada.is_left_alone()
    ada.sign_in()
    ada.edits(ada.named("Grace Hopper"), jobTitle="Captain")
    assert crm.hears("contact.updated", within=10)["record"]["job_title"] == "Captain"


@pytest.mark.feature("A4")
@pytest.mark.lesson(18)
def test_a_subscription_that_microsoft_denies_once_is_adopted_and_goes_on(crm, ada, sandbox, rarely_polled):
    start = ada.mark()
    gone = {"status": 404, "code": "ResourceNotFound"}
    sandbox.fault(gone, mail=ada.mail, method="PATCH", path="/v1.0/subscriptions/*")
    with sandbox.settings(notifications=False):
        sandbox.advance(HALF_LIFE + 60)
        eventually(lambda: subscribed(ada, after=start, status=409))
    ada.is_left_alone()
    ada.sign_in()
    ada.edits(ada.named("Grace Hopper"), jobTitle="Captain")

    assert crm.hears("contact.updated", within=10)["record"]["job_title"] == "Captain"


@pytest.mark.feature("A4")
@pytest.mark.lesson(18)
def test_a_subscription_that_can_not_be_had_stops_nothing(crm, ada, sandbox, connected):
    sandbox.fault(
        {"status": 403, "code": "ExtensionError"},
        times=None,
        mail=ada.mail,
        method="POST",
        path="/v1.0/subscriptions",
    )
    crm.awaits(crm.chooses(connected)["run"])
    ada.adds("Mary Shelley")
    crm.syncs(connected)

    assert crm.hears("contact.created")["record"]["display_name"] == "Mary Shelley"
    assert crm.connection(connected)["status"] == "active"


@pytest.mark.feature("A4")
@pytest.mark.lesson(18)
def test_what_was_missed_while_concord_was_out_of_reach_for_hours_is_looked_for(
    crm, ada, sandbox, world, rarely_polled
):
    item = ada.named("Grace Hopper")
    with world.frozen("api"):
        ada.edits(item, jobTitle="Admiral")
        time.sleep(0.5)
        sandbox.advance(4 * 3600 + 60)
        time.sleep(4)  # Microsoft gives each try three seconds

    assert crm.hears("contact.updated")["changed"] == ["job_title"]
