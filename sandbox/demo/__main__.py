"""python -m sandbox.demo: tell the story to whoever started the development stack."""

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sandbox.demo import story
from sandbox.demo.people import people
from sandbox.demo.sides import AnsweredError, Concord, Crm, Json, Outlook
from sandbox.demo.story import NeverSeenError, Stage

CONTACTS = 200
console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    path = os.environ.get("CONCORD_DEV_JSON"), os.environ.get("CONCORD_DEMO_CRM_URL")
    if not all(path):
        sys.exit("The demo is a part of `concord dev`, which says where everything is.")
    dev_json, crm = str(path[0]), str(path[1])
    dev = json.loads(Path(dev_json).read_text())
    if not dev["sandbox"]:
        sys.exit("The demo needs the sandbox's controls, which this Microsoft does not have.")
    try:
        stage = set_stage(dev, crm=crm)
        folder = tell(stage)
    except (AnsweredError, NeverSeenError, httpx.HTTPError) as error:
        sys.exit(f"The demo stops here: {error}")
    show_where_to_look(dev, stage, folder=folder, dev_json=dev_json)


def set_stage(dev: Json, *, crm: str) -> Stage:
    """Return everybody once the demo CRM answers."""
    somebody = dev["users"][0]
    concord = Concord(dev["api"], key=dev["workspace_key"])
    name = concord.call("GET", "/v1/workspace")["name"]
    stage = Stage(
        concord, Crm(crm), Outlook(dev["sandbox"], mail=somebody["mail"]), somebody["user"], folder=name
    )
    story.until(lambda: _answers(f"{crm}/health"), what="The demo CRM answers")
    return stage


def tell(stage: Stage) -> str:
    """Tell the story; return the id of the folder in Outlook where it happened."""
    connected = story.connect(stage)
    say("Connected", f"{connected['account']['email']} signed in at Microsoft: {connected['status']}")
    number = story.fill_the_crm(stage, people(CONTACTS, user=stage.user))
    say("CRM", f"{number} contacts, Concord knows them all")
    first_sync(stage, connected)
    folder = story.folder_id(stage)
    say("Outlook", f"{len(stage.outlook.contacts(folder))} contacts in the folder {stage.folder}")
    number, seconds = story.type_in_outlook(stage, folder)
    if number:
        say("Outlook → CRM", f"{number} people added in Outlook, named in the CRM", seconds)
    name, seconds = story.edit_in_outlook(stage, folder)
    say("Outlook → CRM", f"{name} edited in Outlook, arrived at the CRM's webhook", seconds)
    name, seconds = story.edit_in_crm(stage, folder)
    say("CRM → Outlook", f"{name} edited in the CRM, arrived in Outlook", seconds)
    return folder


def first_sync(stage: Stage, connected: Json) -> None:
    """Show the first sync while it runs."""
    columns = (
        TextColumn("[bold]{task.description:<15}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    last: Json | None = None
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task("First sync", total=None)
        for last in story.switch_on(stage, connected):
            progress: dict[str, Any] = last["progress"]
            bars.update(bar, completed=progress["done"], total=progress["total"])
    if last is None:
        say("Two-way sync", "is on, as it was left")
        return
    written = last["counts"]["to_microsoft"]["created"]
    say("First sync", f"{last['status']}: {written} contacts written to Outlook")


def say(what: str, sentence: str, seconds: float | None = None) -> None:
    took = "" if seconds is None else f" [green]in {seconds:.1f} s[/]"
    console.print(f"[bold]{what:<15}[/] {escape(sentence)}{took}")


def show_where_to_look(dev: Json, stage: Stage, *, folder: str, dev_json: str) -> None:
    """Print every address of interest, each on a line of its own to be copied or clicked."""
    console.print("\nLook around, edit on either side, and watch the other. Ctrl-C ends everything.")
    say("Demo CRM", stage.crm.url)
    say("The mailbox", f"{dev['sandbox']}/mailbox/{stage.outlook.mail}?folder={quote(folder, safe='')}")
    say("API", f"{dev['api']}/docs")
    say("Addresses, keys", dev_json)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
