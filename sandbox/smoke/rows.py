"""The rows of the table: each does a part of the story and reads, from outside, that it came true."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from sandbox.crm.hook import PATH
from sandbox.demo import story
from sandbox.demo.people import people
from sandbox.demo.sides import Json
from sandbox.demo.story import until
from sandbox.smoke.scene import QUICK_SECONDS, Scene

ENDED = {"succeeded", "failed", "cancelled", "awaiting_approval"}
UNAUTHORIZED = 401
Read = Callable[[Scene], str]


class WrongError(Exception):
    """What was read is not what should be there."""


@dataclass(frozen=True)
class Row:
    """``read`` returns what it saw, or raises; ``needs``: the rows that it goes on from.

    ``owns``: it needs a stack of its own, to stop it.
    """

    name: str
    title: str
    read: Read
    needs: tuple[str, ...] = ("folder",)
    owns: bool = False


def must(holds: object, seen: str) -> str:
    """Return what was seen, or raise it as wrong."""
    if not holds:
        raise WrongError(seen)
    return seen


def started(scene: Scene) -> str:
    ready = httpx.get(f"{scene.dev['api']}/readyz", timeout=QUICK_SECONDS)
    must(ready.is_success, f"/readyz answered {ready.status_code}: {ready.text[:200]}")
    health = httpx.get(f"{scene.dev['sandbox']}/_sandbox/health", timeout=QUICK_SECONDS)
    must(health.is_success, f"The sandbox answered {health.status_code}.")
    scene.start_crm()
    took = f" in {scene.stack.seconds:.1f} s" if scene.stack else ""
    return f"API, its database and queue, sandbox, demo CRM{took}"


def signed_in(scene: Scene) -> str:
    connected = story.connect(scene.stage)
    scene.connection = connected["id"]
    account = (connected["account"] or {}).get("email")
    return must(connected["status"] == "active" and account == scene.mail, f"{account} {connected['status']}")


def loaded(scene: Scene) -> str:
    story.fill_the_crm(scene.stage, people(scene.contacts, user=scene.stage.user))
    known = len(held(scene))
    return must(known == scene.contacts, f"{known} of {scene.contacts} known to Concord")


def first_sync(scene: Scene) -> str:
    begun = time.monotonic()
    *_, run = story.switch_on(scene.stage, {"id": scene.connection})
    made, parked = run["counts"]["to_microsoft"]["created"], run["counts"]["parked"]
    seen = f"{run['status']}: {made} written, {parked} refused, {time.monotonic() - begun:.1f} s"
    return must(run["status"] == "succeeded" and made == scene.contacts, seen)


def folder(scene: Scene) -> str:
    found = scene.stage.outlook.folders(scene.stage.folder)
    must(len(found) == 1, f"{len(found)} folders {scene.stage.folder} in Outlook")
    scene.outlook_folder = found[0]["id"]
    return f"One folder {scene.stage.folder}"


def counted(scene: Scene) -> str:
    found = len(scene.stage.outlook.contacts(scene.outlook_folder))
    return must(found == scene.contacts, f"{found} of {scene.contacts} counted through Graph")


def marked(scene: Scene) -> str:
    items = scene.stage.outlook.contacts(scene.outlook_folder, expand=scene.dev["mark_property"])
    marks = Counter(prop["value"] for item in items for prop in item.get("singleValueExtendedProperties", []))
    twice = [mark for mark, times in marks.items() if times > 1]
    must(not twice, f"{len(twice)} marks are there more than once")
    return must(marks.total() == len(items), f"{len(marks)} different marks on {len(items)} items")


def agreed(scene: Scene) -> str:
    items = Counter(_essence_there(item) for item in scene.stage.outlook.contacts(scene.outlook_folder))
    ours = Counter(_essence_here(contact["document"]) for contact in scene.stage.crm.contacts())
    alone = [*(items - ours), *(ours - items)]
    return must(
        not alone, f"{ours.total()} compared, {len(alone)} not the same{f': {alone[0]}' if alone else ''}"
    )


def added(scene: Scene) -> str:
    number, seconds = story.type_in_outlook(scene.stage, scene.outlook_folder, within=scene.patience)
    until(lambda: not held(scene, unnamed="true"), what="All have a name", within=scene.patience)
    return f"{number} added, all named, {seconds:.1f} s"


def heard(scene: Scene) -> str:
    name, seconds = story.edit_in_outlook(scene.stage, scene.outlook_folder, within=scene.patience)
    return f"{name} in {seconds:.1f} s"


def written(scene: Scene) -> str:
    name, seconds = story.edit_in_crm(scene.stage, scene.outlook_folder, within=scene.patience)
    return f"{name} in {seconds:.1f} s"


def signed(scene: Scene) -> str:
    forged = {
        "webhook-id": "dlv_forged",
        "webhook-timestamp": f"{time.time():.0f}",
        "webhook-signature": "v1,Zm9yZ2Vk",
    }
    answer = httpx.post(f"{scene.stage.crm.url}{PATH}", json={"data": {"changes": []}}, headers=forged)
    must(answer.status_code == UNAUTHORIZED, f"A forged delivery was answered {answer.status_code}.")
    deliveries = scene.stage.crm.call("GET", "/api/deliveries")["data"]
    good = sum(one["verified"] for one in deliveries)
    refused = sum(not one["verified"] and one["id"] != "dlv_forged" for one in deliveries)
    return must(good and not refused, f"{good} verified, {refused} refused, a forged one answered 401")


def quiet(scene: Scene) -> str:
    before = journal(scene)[-1]["seq"]
    sent = scene.stage.crm.call("POST", "/api/send-again")["sent"]
    path = f"/v1/connections/{scene.connection}/sync/contacts"
    run = scene.stage.concord.call("POST", path, json={"full": True})["id"]
    ended = until(lambda: _ended(scene, run), what="The sync has ended", within=scene.patience) or {}
    entries = journal(scene, after=before)
    writes = [one for one in entries if one["method"] != "GET" and "/contacts" in one["path"]]
    must(len(entries) > 0 and ended["status"] == "succeeded", f"The sync {ended['status']}.")
    return must(
        not writes, f"{sent} sent again, {len(entries)} requests at Graph, {len(writes)} of them writes"
    )


def stopped(scene: Scene) -> str:
    assert scene.stack is not None  # noqa: S101 - the row owns its stack
    scene.stop_crm()
    begun = time.monotonic()
    code = scene.stack.stop(signal.SIGTERM)
    there = "is still there" if scene.stack.dev_json.exists() else "is gone"
    seen = f"exit {code} after {time.monotonic() - begun:.1f} s, dev.json {there}"
    return must(code == 0 and there == "is gone", seen)


def continued(scene: Scene) -> str:
    expected, was = scene.contacts + len(story.TYPED_IN_OUTLOOK), scene.connection
    scene.start_again()
    connected = story.connection(scene.stage) or {"id": None, "status": "no connection"}
    must(
        connected["id"] == was and connected["status"] == "active",
        f"The connection is {connected['status']}.",
    )
    scene.start_crm()
    both = len(scene.stage.crm.contacts()), len(scene.stage.outlook.contacts(scene.outlook_folder))
    must(both == (expected, expected), f"{both[0]} contacts in the CRM, {both[1]} in Outlook, of {expected}")
    _, seconds = story.edit_in_outlook(scene.stage, scene.outlook_folder, within=scene.patience)
    return f"same connection, {expected} contacts on both sides, an edit in {seconds:.1f} s"


def nothing_left(scene: Scene) -> str:
    assert scene.stack is not None  # noqa: S101 - the row owns its stack
    scene.stop_crm()
    code = scene.stack.stop(signal.SIGINT)
    must(code == 0, f"exit {code}")
    left = [process.name() for process in scene.stack.left_running()]
    return must(not left, f"{len(left)} processes left{': ' if left else ''}{', '.join(left)}")


ROWS = (
    Row("started", "Everything answers", started, needs=()),
    Row("signed-in", "A person signed in at Microsoft (OAuth)", signed_in, needs=("started",)),
    Row("loaded", "The CRM's contacts are at Concord", loaded, needs=("signed-in",)),
    Row("first-sync", "The first sync went through", first_sync, needs=("loaded",)),
    Row("folder", "Its folder is in Outlook", folder, needs=("first-sync",)),
    Row("counted", "Every contact is in Outlook", counted),
    Row("marked", "None is there twice, by mark", marked),
    Row("agreed", "Both sides hold the same", agreed),
    Row("added", "Added in Outlook → named in the CRM", added),
    Row("heard", "Edited in Outlook → the CRM's webhook", heard),
    Row("written", "Edited in the CRM → Outlook", written),
    Row("signed", "Deliveries are signed", signed, needs=("added",)),
    Row("quiet", "Sending all again writes nothing", quiet),
    Row("stopped", "SIGTERM ends the stack", stopped, needs=("started",), owns=True),
    Row("continued", "A second start continues", continued, needs=("added", "stopped"), owns=True),
    Row("nothing-left", "SIGINT ends it, and no process stays", nothing_left, needs=("started",), owns=True),
)


def leading_to(name: str) -> list[Row]:
    """Return this row and those it needs, in their order."""
    named = {row.name: row for row in ROWS}
    wanted, waiting = set[str](), [name]
    while waiting:
        wanted.add(one := waiting.pop())
        waiting += named[one].needs
    return [row for row in ROWS if row.name in wanted]


def held(scene: Scene, **query: Any) -> list[Json]:
    """Return the contacts that Concord holds, read page by page."""
    found: list[Json] = []
    cursor: dict[str, str] = {}
    while True:
        page = scene.stage.concord.call("GET", "/v1/contacts", params={"limit": 200, **query, **cursor})
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def journal(scene: Scene, *, after: int = 0) -> list[Json]:
    """Return what was asked of the person's mailbox, by anybody, after a place in the journal."""
    where: dict[str, str | int] = {"mail": scene.mail, "after": after}
    answer = httpx.get(f"{scene.dev['sandbox']}/_sandbox/journal", params=where, timeout=30)
    entries: list[Json] = answer.raise_for_status().json()["entries"]
    return entries


def _ended(scene: Scene, run: str) -> Json | None:
    now = scene.stage.concord.call("GET", f"/v1/runs/{run}")
    return now if now["status"] in ENDED else None


def _essence_there(item: Json) -> tuple[Any, ...]:
    emails = [entry["address"] for entry in item["emailAddresses"]]
    return (item["displayName"], item["companyName"], item["jobTitle"], item["mobilePhone"], *emails)


def _essence_here(contact: Json) -> tuple[Any, ...]:
    mobiles = [phone["number"] for phone in contact.get("phones") or [] if phone["label"] == "mobile"]
    emails = [entry["address"] for entry in contact.get("emails") or []][:3]  # Outlook holds three
    named = (contact.get(field) for field in ("display_name", "company", "job_title"))
    return (*named, next(iter(mobiles), None), *emails)
