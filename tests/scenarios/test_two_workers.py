"""Two workers and one collection: the lease is fenced, and whoever lost it harms nothing."""

import asyncio
import os
import signal
import time
from datetime import datetime

import pytest

BATCH = "/v1.0/$batch"
OWNERS = [{"user": "agent-1", "access": "primary"}]


def people(crm, numbers, **fields):
    upserts = [
        {"crm_id": f"c-{n}", "display_name": f"Person {n:03}", "owners": OWNERS, **fields} for n in numbers
    ]
    crm.call("POST", "/v1/contacts/batch", json={"upserts": upserts})


def each_once(crm, ada, number):
    marks = ada.marks(crm.mark_property)
    assert (len(marks), set(marks.values())) == (number, {1}), marks
    return True


@pytest.mark.feature("A4")
@pytest.mark.lesson(3)
async def test_two_workers_rung_for_one_collection_at_once_write_everything_once(
    crm, ada, sandbox, syncing, workers
):
    workers.starts()
    workers.starts()
    for start in range(0, 100, 10):
        people(crm, range(start, start + 10))
        crm.call("POST", f"/v1/connections/{syncing}/sync/contacts", json={})

    sandbox.hurries(lambda: len(ada.contacts()) >= 100)
    crm.is_quiet(syncing)
    assert each_once(crm, ada, 100)
    assert crm.news() == []


@pytest.mark.feature("A4")
@pytest.mark.lesson(3)
async def test_a_lease_that_is_taken_over_while_its_holder_still_writes_makes_nothing_twice(
    crm, ada, sandbox, syncing, workers
):
    workers.starts()
    workers.starts()
    for turn in range(5):
        _, standing = await workers.attempts()
        sandbox.fault({"latency_ms": 300}, mail=ada.mail, path=BATCH)
        people(crm, range(10 * turn, 10 * turn + 10))
        await workers.attempt(more_than=standing)
        sandbox.advance(11)  # for Concord the lease is over, but its holder is well alive
        await asyncio.sleep(0.6)

    sandbox.hurries(lambda: len(ada.contacts()) >= 50, within=60)
    sandbox.advance(121)
    crm.is_quiet(syncing)
    assert each_once(crm, ada, 50)
    assert crm.news() == []


@pytest.mark.feature("A4")
@pytest.mark.lesson(3)
async def test_a_worker_frozen_while_it_writes_notes_nothing_once_another_has_taken_over(
    crm, ada, sandbox, syncing, workers
):
    frozen = workers.starts()
    sandbox.fault({"latency_ms": 300}, mail=ada.mail, path=BATCH)
    people(crm, range(10))
    await workers.attempt()
    await asyncio.sleep(0.1)
    os.kill(frozen, signal.SIGSTOP)
    await asyncio.sleep(0.3)
    workers.redis.flushall()
    workers.starts()
    sandbox.hurries(lambda: len(ada.contacts()) == 10)
    crm.is_quiet(syncing)
    people(crm, range(10), job_title="Agent")
    sandbox.hurries(lambda: all(item["jobTitle"] == "Agent" for item in ada.contacts()))
    start = ada.mark()
    os.kill(frozen, signal.SIGCONT)
    await asyncio.sleep(1)
    crm.is_quiet(syncing)

    assert ada.writes(after=start) == []
    assert each_once(crm, ada, 10)
    assert crm.news() == []


@pytest.mark.feature("A4")
@pytest.mark.lesson(3)
async def test_a_worker_frozen_just_before_it_writes_does_not_write_once_its_lease_is_over(
    crm, ada, sandbox, syncing, workers
):
    frozen, start = workers.starts(), ada.mark()
    crm.is_quiet(syncing)
    pauses(workers, sandbox, syncing, seconds=1.5)
    people(crm, range(5))
    await workers.attempt()
    began = time.monotonic()
    os.kill(frozen, signal.SIGSTOP)
    assert ada.writes(after=start) == []
    workers.redis.flushall()
    workers.starts()
    sandbox.hurries(lambda: len(ada.contacts()) == 5, within=60)
    crm.is_quiet(syncing)
    await asyncio.sleep(max(0, began + 10.5 - time.monotonic()))
    os.kill(frozen, signal.SIGCONT)
    await asyncio.sleep(1)
    crm.is_quiet(syncing)

    assert each_once(crm, ada, 5)
    assert crm.news() == []


def pauses(workers, sandbox, connection, *, seconds):
    """Let no request to this mailbox begin for a while, as after Microsoft asked for patience."""
    now = datetime.fromisoformat(sandbox.http.get("/clock").json()["now"]).timestamp()
    workers.redis.set(f"permits:{{{connection}}}:paused", round((now + seconds) * 1000))
