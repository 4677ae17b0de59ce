"""Measure matching, notifications, previews, pulls, pushes, latency and the API: ``python -m bench``."""

import argparse
import asyncio
import statistics
import time

from rich.console import Console
from rich.table import Table

from bench import floors
from bench.calendars import CHANGED, EVENTS, SERIES, first_look
from bench.matching import matched
from bench.notifications import NOTIFICATIONS, stormed
from bench.stage import FOLDER, Cost, Newcomer, Stage, eventually, stage

BATCH = 1000
MATCHED = (2_500, 5_000, 10_000)


def main() -> None:
    wish = argparse.ArgumentParser(description=__doc__)
    wish.add_argument("--contacts", type=int, default=10_000, help="how many to pull")
    wish.add_argument("--push", type=int, default=2_000, help="how many to push")
    wish.add_argument("--edits", type=int, default=50, help="how many single edits each way")
    given = wish.parse_args()
    table = Table("figure", "measured", "floor", "ratio", "target", "worker CPU", "peak MB", "requests")
    for number in MATCHED:
        matching(table, number)
    notified(table)
    with stage() as ready:
        previewed(table, ready, contacts=given.contacts)
        for latency in (0, 80):
            pulled(table, ready, contacts=given.contacts, latency=latency)
        pushed(table, ready, contacts=given.push)
        looked_at(table, ready)
        latencies(table, ready, edits=given.edits)
        api(table, ready)
    Console(width=140).print(table)


def matching(table: Table, number: int) -> None:
    seconds, matches = matched(number)
    assert len(matches.links) > number // 4, len(matches.links)
    rate, target = f"{seconds / number * 1e6:.0f} µs each", "≤ 10 s for 10,000, linear"
    table.add_row(f"match {number:,} with as many", f"{seconds:.2f} s", "", rate, target, "", "", "")


def notified(table: Table) -> None:
    storm = stormed()
    table.add_row(
        f"{NOTIFICATIONS:,} notifications", f"{storm.rate:,.0f}/s", "", "", "≥ 2,500/s, each under 3 s",
        "", "", f"longest wait {storm.waits[-1]:.2f} s",
    )  # fmt: skip


def pulled(table: Table, ready: Stage, *, contacts: int, latency: int) -> None:
    person, folder = _with_contacts(ready, contacts)
    ready.control("/settings", latency_ms=latency)
    try:
        postgres = str(ready.data / "postgres")
        floor = asyncio.run(floors.pull(ready.dev["sandbox"], person.token, folder, postgres=postgres))
        run, cost = person.measured(person.switch_on)
    finally:
        ready.control("/settings", latency_ms=0)
    counts = run["counts"]  # some of the made-up people may be one person: these wait in review
    assert counts["to_crm"]["created"] + counts["in_review"] == contacts, run
    target = "≤ 1.5" if latency == 0 else "≤ 1.35"
    _row(table, f"pull {contacts:,} at {latency} ms", cost, floor=floor, target=target)


def previewed(table: Table, ready: Stage, *, contacts: int) -> None:
    person, _ = _with_contacts(ready, contacts)
    path = f"/v1/connections/{person.connection}/settings/contacts/preview"
    wish = {"direction": "two_way", "folder_name": FOLDER}
    seen = len(person.entries())
    run, cost = person.measured(lambda: person.ended(person.crm.post(path, json=wish).json()["id"]))
    writes = [entry for entry in person.entries()[seen:] if entry["method"] not in {"GET", "OPTIONS"}]
    held = person.crm.get("/v1/contacts", params={"limit": 1}).json()["data"]
    assert run["status"] == "succeeded", run
    assert not held, held
    assert not [entry for entry in writes if "/contacts" in entry["path"]], writes
    table.add_row(
        f"preview of {contacts:,}", f"{cost.seconds:.2f} s", "", "", "nothing written", f"{cost.cpu:.2f} s",
        f"{cost.megabytes:.0f}", f"{cost.http}",
    )  # fmt: skip


def _with_contacts(ready: Stage, contacts: int) -> tuple[Newcomer, str]:
    person = ready.newcomer()
    folder = person.make_folder()
    ready.control("/seed", mail=person.mail, generate={"contacts": contacts, "seed": 7}, folder="Acme Realty")
    return person, folder


def looked_at(table: Table, ready: Stage) -> None:
    cost, floor, asked = first_look(ready)
    assert asked["events"] <= SERIES + CHANGED, asked
    target = f"one pass, ≤ {SERIES + CHANGED} events read"
    name = f"a year of {EVENTS:,} events"
    _row(table, f"{name}: {asked['pages']} pages, {asked['events']} read", cost, floor=floor, target=target)


def pushed(table: Table, ready: Stage, *, contacts: int) -> None:
    person, other = ready.newcomer(), ready.newcomer()
    owners = [{"user": "agent-1", "access": "primary"}]
    for start in range(0, contacts, BATCH):
        upserts = [
            {"crm_id": f"c-{n}", "owners": owners, "display_name": f"Person {n}"}
            for n in range(start, min(start + BATCH, contacts))
        ]
        person.crm.post("/v1/contacts/batch", json={"upserts": upserts, "deletes": []}).raise_for_status()
    ready.control("/settings", latency_ms=80)
    try:
        folder = other.make_folder()
        floor = asyncio.run(floors.push(ready.dev["sandbox"], other.token, folder, contacts=contacts))
        run, cost = person.measured(person.switch_on)
    finally:
        ready.control("/settings", latency_ms=0)
    assert run["counts"]["to_microsoft"]["created"] == contacts, run
    _row(table, f"push {contacts:,} at 80 ms", cost, floor=floor, target="≤ 1.1, ≤ 110 requests")


def latencies(table: Table, ready: Stage, *, edits: int) -> None:
    person = ready.newcomer()
    person.switch_on()
    made = person.crm.put("/v1/contacts/c-1", json={"owners": [{"user": "agent-1", "access": "primary"}]})
    made.raise_for_status()
    place = person.outlook.get("me/contactFolders").json()["value"][0]["id"]
    items = f"me/contactFolders/{place}/contacts"
    (item,) = eventually(lambda: person.outlook.get(items).json()["value"])
    out, back = [], []
    for number in range(edits):
        began, title = time.monotonic(), f"Title {number}"
        person.crm.patch("/v1/contacts/c-1", json={"job_title": title}).raise_for_status()
        eventually(lambda t=title: person.outlook.get(f"me/contacts/{item['id']}").json()["jobTitle"] == t)
        out.append(time.monotonic() - began)
        began, title = time.monotonic(), f"Office {number}"
        body = {"officeLocation": title, "displayName": item["displayName"]}
        person.outlook.patch(f"me/contacts/{item['id']}", json=body).raise_for_status()
        eventually(lambda t=title: person.crm.get("/v1/contacts/c-1").json()["office"] == t)
        back.append(time.monotonic() - began)
    for name, taken in (("CRM → Outlook", out), ("Outlook → CRM", back)):
        table.add_row(
            f"one edit, {name}", f"median {statistics.median(taken):.3f} s", "", "",
            "median ≤ 0.25 s, p99 ≤ 1 s", "", "", f"max {max(taken):.3f} s",
        )  # fmt: skip


def api(table: Table, ready: Stage) -> None:
    person = ready.newcomer()
    owners = [{"user": "agent-1", "access": "primary"}]
    began, puts = time.monotonic(), 300
    for number in range(puts):
        person.crm.put(
            f"/v1/contacts/c-{number}", json={"owners": owners, "display_name": f"Person {number}"}
        )
    rate = puts / (time.monotonic() - began)
    table.add_row(
        "PUT of a record, one client", f"{rate:.0f}/s", "", "", "≥ 400/s (many clients)", "", "", ""
    )
    began = time.monotonic()
    upserts = [{"crm_id": f"b-{n}", "owners": owners, "display_name": f"P {n}"} for n in range(BATCH)]
    person.crm.post("/v1/contacts/batch", json={"upserts": upserts, "deletes": []}).raise_for_status()
    table.add_row("batch of 1,000", f"{time.monotonic() - began:.2f} s", "", "", "≤ 1 s", "", "", "")


def _row(table: Table, name: str, cost: Cost, *, floor: float, target: str) -> None:
    table.add_row(
        name, f"{cost.seconds:.2f} s", f"{floor:.2f} s", f"{cost.seconds / floor:.2f}", target,
        f"{cost.cpu:.2f} s", f"{cost.megabytes:.0f}", f"{cost.http} ({cost.graph} with batch items)",
    )  # fmt: skip


if __name__ == "__main__":
    main()
