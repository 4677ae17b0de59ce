"""Runs: asked for once however often the button is pressed, and true to what they did."""

import json

import pytest
from world import eventually


def people(crm, number, *, first=0):
    owners = [{"user": "agent-1", "access": "primary"}]
    upserts = [
        {"crm_id": f"c-{n}", "display_name": f"Person {n:03}", "owners": owners}
        for n in range(first, first + number)
    ]
    crm.call("POST", "/v1/contacts/batch", json={"upserts": upserts})


def presses(crm, connection, **body):
    return crm.call("POST", f"/v1/connections/{connection}/sync/contacts", json=body)


@pytest.mark.feature("B9")
def test_pressing_sync_now_again_and_again_queues_nothing_twice(crm, ada, sandbox, syncing):
    crm.is_quiet(syncing)
    start = ada.mark()
    with sandbox.settings(latency_ms=300):
        pressed = [presses(crm, syncing)["id"] for _ in range(10)]
        for run in set(pressed):
            crm.awaits(run)

    assert len(set(pressed)) <= 2  # the one under way, and the one that waits for it
    assert len(ada.rounds(after=start)) <= 2


@pytest.mark.feature("B9")
def test_sync_now_of_all_entities_says_which_could_not_run_and_why(crm, ada, syncing):
    crm.is_quiet(syncing)
    started = crm.call("POST", f"/v1/connections/{syncing}/sync", json={"entities": ["contacts", "tasks"]})

    (run,) = started["runs"]
    assert crm.awaits(run["id"])["status"] == "succeeded"
    assert [skipped["entity"] for skipped in started["skipped"]] == ["tasks"]
    assert started["skipped"][0]["problem"]["cure"]


@pytest.mark.feature("A2")
def test_a_first_sync_shows_how_far_it_has_come_and_ends_with_finished(crm, ada, sandbox, connected):
    people(crm, 90)
    with sandbox.settings(latency_ms=150):
        run = crm.chooses(connected)["run"]
        events = watched(crm, run)

    kinds = [kind for kind, _ in events]
    assert (kinds[-1], set(kinds[:-1])) == ("finished", {"progress"})
    last, under_way = events[-1][1], [seen for _, seen in events if seen["phase"] == "push"]
    assert (last["status"], last["progress"]["done"], last["progress"]["total"]) == ("succeeded", 90, 90)
    assert [seen["progress"]["done"] for _, seen in events] == sorted(
        seen["progress"]["done"] for _, seen in events
    )
    assert any(
        0 < seen["progress"]["done"] < 90 and seen["progress"]["rate_per_second"] for seen in under_way
    )
    assert (
        crm.call("GET", f"/v1/runs/{run}")["counts"]["to_microsoft"]["created"] == len(ada.contacts()) == 90
    )


def watched(crm, run):
    """Return the (name, data) of a run's server-sent events, to the end."""
    events, name = [], ""
    with crm.http.stream("GET", f"/v1/runs/{run}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                events.append((name, json.loads(line.removeprefix("data: "))))
    return events


@pytest.mark.feature("A2")
def test_the_counts_of_all_runs_add_up_to_what_happened(crm, ada, sandbox, syncing):
    ada.is_watched()
    people(crm, 12)
    eventually(lambda: len(ada.contacts()) == 12)
    for item in ada.contacts()[:5]:
        ada.edits(item, jobTitle="Admiral")
    ada.adds("Mary Shelley")
    eventually(lambda: crm.call("GET", "/v1/contacts?unnamed=true")["data"])
    for number in range(3):
        crm.patches(f"c-{number + 7}", company="Navy")
    eventually(lambda: sum(item["companyName"] == "Navy" for item in ada.contacts()) == 3)
    crm.is_quiet(syncing)

    runs = crm.call("GET", f"/v1/runs?connection={syncing}&limit=200")["data"]
    counted = {
        side: {
            what: sum(run["counts"][side][what] for run in runs) for what in ("created", "updated", "deleted")
        }
        for side in ("to_crm", "to_microsoft")
    }
    assert counted["to_microsoft"] == {"created": 12, "updated": 3, "deleted": 0}
    assert counted["to_crm"] == {"created": 1, "updated": 5, "deleted": 0}


@pytest.mark.feature("B3")
def test_settings_changed_in_mid_run_let_at_most_the_batch_in_flight_land(crm, ada, sandbox, connected):
    people(crm, 100)
    with sandbox.settings(latency_ms=300):
        run = crm.chooses(connected)["run"]
        eventually(lambda: crm.call("GET", f"/v1/runs/{run}")["progress"]["done"] >= 20)
        crm.chooses(connected, direction="disabled")
        after_answer = ada.mark()

    assert crm.awaits(run)["status"] == "cancelled"
    assert crm.connection(connected)["entities"]["contacts"]["state"] == "disabled"
    ada.is_left_alone()
    assert len(ada.writes(after=after_answer)) <= 20
    assert len(ada.contacts()) < 100

    crm.awaits(crm.chooses(connected)["run"])

    eventually(lambda: len(ada.contacts()) == 100)
    assert max(ada.marks(crm.mark_property).values()) == 1


@pytest.mark.feature("B9")
def test_a_cancelled_run_ends_and_what_is_owed_is_still_written(crm, ada, sandbox, syncing):
    crm.is_quiet(syncing)
    with sandbox.settings(latency_ms=200):
        run = presses(crm, syncing, full=True)["id"]
        cancelled = crm.call("POST", f"/v1/runs/{run}/cancel")
        people(crm, 3)

    assert (cancelled["status"], crm.call("GET", f"/v1/runs/{run}")["status"]) == ("cancelled", "cancelled")
    eventually(lambda: len(ada.contacts()) == 3)
