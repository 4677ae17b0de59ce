"""Workers killed at the worst moments: no second item, nothing missing. ``KILLS=50`` for more of them."""

import asyncio
import os
import random
from collections import Counter

import pytest
from world import FOLDER, eventually

KILLS = int(os.environ.get("KILLS", "15"))
BATCH = "/v1.0/$batch"
MOMENTS = ("attempted", "never written", "written late", "written", "any")
LEASE = 11
OWNERS = [{"user": "agent-1", "access": "primary"}]


class Story:
    """What people do while workers die, and what must be true in the end."""

    def __init__(self, crm, ada):
        self.crm, self.ada = crm, ada
        self.jobs, self.added = {}, []

    def goes_on(self, turn):
        """Three people are new, three get another job, now and then one goes, and Ada adds one."""
        edited = random.sample(sorted(self.jobs), min(3, len(self.jobs)))
        gone = [edited.pop()] if edited and turn % 4 == 3 else []
        told = [f"c-{turn}-{n}" for n in range(3)] + edited
        self.jobs.update(dict.fromkeys(told, f"job {turn}"))
        for crm_id in gone:
            del self.jobs[crm_id]
        if turn % 3 == 2:
            self.added.append(self.ada.adds(f"Added {turn}")["displayName"])
        upserts = [
            {"crm_id": each, "display_name": each, "job_title": self.jobs[each], "owners": OWNERS}
            for each in told
        ]
        self.crm.call("POST", "/v1/contacts/batch", json={"upserts": upserts, "deletes": gone})

    def is_told(self):
        """Say whether Outlook holds exactly this, each once."""
        held = sorted((item["displayName"], item["jobTitle"] or "") for item in self.ada.contacts())
        wanted = sorted([*self.jobs.items(), *((name, "") for name in self.added)])
        assert held == wanted, (set(held) ^ set(wanted), len(held), len(wanted))
        return True


def spoils(sandbox, ada, moment):
    if moment in {"never written", "written late"}:
        sandbox.fault({"latency_ms": 200}, mail=ada.mail, path=BATCH)
    if moment == "never written":
        sandbox.fault({"drop": "before_commit"}, mail=ada.mail, path=BATCH)


async def comes(moment, *, workers, ada, standing, start):
    """Wait for the moment to kill."""
    match moment:
        case "attempted":
            await workers.attempt(more_than=standing)
        case "never written" | "written late":
            await workers.attempt(more_than=standing)
            await asyncio.sleep(0.05)
        case "written":
            eventually(lambda: ada.writes(after=start), every=0.002)
        case _:
            await asyncio.sleep(random.uniform(0.05, 0.5))


def windows(unanswered, marks):
    """Say in which window a worker died, by the creates it left unanswered."""
    hit = {"written, not noted" if mark in marks else "attempted, not written" for mark in unanswered}
    return Counter(hit or {"elsewhere"})


@pytest.mark.feature("A4")
@pytest.mark.lesson(3)
@pytest.mark.lesson(21)
async def test_a_worker_killed_again_and_again_makes_nothing_twice_and_forgets_nothing(
    crm, ada, sandbox, syncing, workers
):
    crm.chooses(syncing, removed_from_crm="delete")
    story, hit = Story(crm, ada), Counter()
    for turn in range(KILLS):
        moment = MOMENTS[turn % len(MOMENTS)]
        known, standing = await workers.attempts()
        start = ada.mark()
        spoils(sandbox, ada, moment)
        worker = workers.starts()
        story.goes_on(turn)
        await comes(moment, workers=workers, ada=ada, standing=standing, start=start)
        workers.dies(worker)
        await asyncio.sleep(0.25 if moment in {"never written", "written late"} else 0.01)
        sandbox.heals()
        hit += windows((await workers.attempts())[0] - known, ada.marks(crm.mark_property))
        sandbox.advance(LEASE)
    workers.starts()

    sandbox.hurries(story.is_told, within=60)
    sandbox.advance(121)
    crm.is_quiet(syncing)
    assert story.is_told()
    marks = ada.marks(crm.mark_property)
    assert marks.pop(None, 0) == len(story.added)
    assert set(marks.values()) == {1}
    assert sorted(c["record"]["display_name"] for c in crm.news()) == sorted(story.added)
    assert min(hit["attempted, not written"], hit["written, not noted"]) >= KILLS // 15, hit


def people(crm, numbers):
    upserts = [{"crm_id": f"c-{n}", "display_name": f"Person {n:03}", "owners": OWNERS} for n in numbers]
    crm.call("POST", "/v1/contacts/batch", json={"upserts": upserts})


@pytest.mark.feature("A2")
@pytest.mark.lesson(21)
@pytest.mark.parametrize("phase", ["pull", "push"])
async def test_a_first_sync_goes_on_by_itself_where_a_killed_worker_left_it(
    crm, ada, sandbox, connected, workers, phase
):
    ada.makes_folder()
    ada.sandbox.post(
        "/seed", mail=ada.mail, folder=FOLDER, contacts=[{"displayName": f"O {n}"} for n in range(60)]
    )
    people(crm, range(60))
    worker = workers.starts()
    with sandbox.settings(latency_ms=100, contacts_page_size=10):
        run = crm.chooses(connected)["run"]
        eventually(lambda: reached(crm, run, phase), every=0.01)
        workers.dies(worker)
    workers.starts()

    sandbox.hurries(lambda: crm.call("GET", f"/v1/runs/{run}")["status"] == "succeeded", within=60)
    sandbox.advance(121)
    crm.is_quiet(connected)
    counts = crm.call("GET", f"/v1/runs/{run}")["counts"]
    assert (counts["to_crm"]["created"], counts["to_microsoft"]["created"]) == (60, 60)
    marks = ada.marks(crm.mark_property)
    assert (marks.pop(None), len(marks), set(marks.values())) == (60, 60, {1})
    assert sorted(c["record"]["display_name"] for c in crm.news()) == sorted(f"O {n}" for n in range(60))


def reached(crm, run, phase):
    now = crm.call("GET", f"/v1/runs/{run}")
    assert now["status"] != "succeeded", "too late"
    return now["phase"] == phase and (phase == "pull" or now["counts"]["to_microsoft"]["created"] >= 20)


@pytest.mark.feature("F8")
@pytest.mark.lesson(21)
async def test_a_hundred_puts_arrive_though_the_worker_dies_and_redis_forgets_everything(
    crm, ada, sandbox, syncing, workers
):
    worker = workers.starts()
    for number in range(100):
        crm.puts(f"c-{number}", display_name=f"Person {number:03}")
        if number == 50:
            workers.dies(worker)
    workers.redis.flushall()
    workers.starts()

    sandbox.hurries(lambda: len(ada.contacts()) == 100, within=60)
    sandbox.advance(121)
    crm.is_quiet(syncing)
    assert ada.names() == [f"Person {number:03}" for number in range(100)]
    assert set(ada.marks(crm.mark_property).values()) == {1}
