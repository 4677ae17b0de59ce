"""What happens, step by step. Each step looks first how far things are: a second telling continues."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import httpx

from sandbox.crm.contact import Document
from sandbox.demo.sides import Concord, Crm, Json, Outlook

Seen = TypeVar("Seen")
LONGEST_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.03
OVER = {"disconnecting", "disconnected"}
TYPED_IN_OUTLOOK = (
    {"givenName": "Mary", "surname": "Shelley", "companyName": "Modern Prometheus"},
    {"givenName": "Emmy", "surname": "Noether", "companyName": "Göttingen"},
    {"givenName": "Ibn", "surname": "al-Haytham", "companyName": "Optics"},
    {"givenName": "Chien-Shiung", "surname": "Wu", "companyName": "Columbia"},
    {"givenName": "Ángela", "surname": "Ruiz Robles", "companyName": "Enciclopedia Mecánica"},
)


class NeverSeenError(Exception):
    """Something that should come about did not."""


@dataclass(frozen=True)
class Stage:
    """Everybody in the story: Concord, the CRM, and the person whose user id in the CRM is ``user``."""

    concord: Concord
    crm: Crm
    outlook: Outlook
    user: str
    folder: str

    def hang_up(self) -> None:
        """Close the connections to all of them."""
        for side in (self.concord, self.crm, self.outlook):
            side.http.close()


def until(look: Callable[[], Seen], *, what: str, within: float = LONGEST_SECONDS) -> Seen:
    """Return what ``look`` sees once it is truthy. Raises NeverSeenError."""
    deadline = time.monotonic() + within
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise NeverSeenError(f"{what}: not within {within:.0f} s.")
        time.sleep(LOOK_AGAIN_SECONDS)
    return seen


def connection(stage: Stage) -> Json | None:
    """Return the user's connection, if there is one."""
    page = stage.concord.call("GET", "/v1/connections", params={"user": stage.user})
    return next((one for one in page["data"] if one["status"] not in OVER), None)


def connect(stage: Stage) -> Json:
    """Sign in at Microsoft's own page and return, unless that was done before; return the connection."""
    known = connection(stage)
    if known is None or known["status"] == "pending":
        wish = {"user": stage.user, "login_hint": stage.outlook.mail, "entities": ["contacts"]}
        asked = stage.concord.call("POST", "/v1/connections", json=wish)
        page = asked["authorize_url"]
        visit = stage.outlook.control("sign-in", authorize_url=page, mail=stage.outlook.mail, grant="all")
        httpx.get(visit["location"], follow_redirects=True, timeout=30)  # the browser goes back to Concord
    return connection(stage) or {"status": "unknown"}


def fill_the_crm(stage: Stage, contacts: list[Document]) -> int:
    """Put contacts into the CRM unless it has some; return how many Concord has heard of in the end."""
    if not stage.crm.contacts():
        stage.crm.call("POST", "/api/contacts", json={"contacts": contacts})
    return len(until(lambda: _all_sent(stage), what="The CRM has sent its contacts"))


def _all_sent(stage: Stage) -> list[Json]:
    contacts = stage.crm.contacts()
    return [] if any(one["unsent"] and not one["trouble"] for one in contacts) else contacts


def switch_on(stage: Stage, connected: Json) -> Iterator[Json]:
    """Switch two-way contacts on, unless they are; yield the first sync's run as it moves."""
    path = f"/v1/connections/{connected['id']}/settings/contacts"
    if stage.concord.call("GET", path)["direction"] == "two_way":
        return
    chosen = stage.concord.call("PATCH", path, json={"direction": "two_way", "folder_name": stage.folder})
    yield from stage.concord.run_as_it_moves(chosen["run"], within=LONGEST_SECONDS)


def folder_id(stage: Stage) -> str:
    """Return the id of the folder that Concord made in Outlook."""
    (folder,) = until(lambda: stage.outlook.folders(stage.folder), what=f"A folder {stage.folder} in Outlook")
    return str(folder["id"])


def type_in_outlook(stage: Stage, folder: str, *, within: float = LONGEST_SECONDS) -> tuple[int, float]:
    """Add people in Outlook who are not there yet; return how many, and the seconds until the CRM has all."""
    there = {item["displayName"] for item in stage.outlook.contacts(folder)}
    people = {f"{person['givenName']} {person['surname']}": person for person in TYPED_IN_OUTLOOK}
    begun, missing = time.monotonic(), people.keys() - there
    for name in sorted(missing):
        stage.outlook.add(folder, displayName=name, **people[name])
    until(
        lambda: people.keys() <= {one["name"] for one in stage.crm.contacts()},
        what="All are in the CRM",
        within=within,
    )
    return len(missing), time.monotonic() - begun


def edit_in_outlook(stage: Stage, folder: str, *, within: float = LONGEST_SECONDS) -> tuple[str, float]:
    """Change a job title in Outlook; return whose, and the seconds until the CRM's webhook has it."""
    contact = _somebody(stage, number=0)
    item = _item(stage, folder, contact)
    said = f"Edited in Outlook at {datetime.now(UTC):%H:%M:%S.%f}"[:-3]
    begun = time.monotonic()
    stage.outlook.edit(item, jobTitle=said)
    until(
        lambda: stage.crm.contacts(said), what=f"{contact['name']}'s new job title in the CRM", within=within
    )
    return contact["name"], time.monotonic() - begun


def edit_in_crm(stage: Stage, folder: str, *, within: float = LONGEST_SECONDS) -> tuple[str, float]:
    """Change a job title in the CRM; return whose, and the seconds until Outlook has it."""
    contact = _somebody(stage, number=1)
    item = _item(stage, folder, contact)
    said = f"Edited in the CRM at {datetime.now(UTC):%H:%M:%S.%f}"[:-3]
    begun = time.monotonic()
    stage.crm.edit(contact["crm_id"], job_title=said)
    what = f"{contact['name']}'s new job title in Outlook"
    until(lambda: stage.outlook.contact(item)["jobTitle"] == said, what=what, within=within)
    return contact["name"], time.monotonic() - begun


def _item(stage: Stage, folder: str, contact: Json) -> Json:
    """Return the contact's counterpart in Outlook."""
    item = stage.outlook.named(folder, contact["name"])
    if item is None:
        raise NeverSeenError(f"{contact['name']} is not in Outlook.")
    return item


def _somebody(stage: Stage, *, number: int) -> Json:
    """Return the same person each time: one with a name of their own."""
    contacts = sorted(stage.crm.contacts(), key=lambda one: str(one["crm_id"]))
    names = [one["name"] for one in contacts]
    unique = [
        one for one in contacts if names.count(one["name"]) == 1 and one["document"].get("display_name")
    ]
    return unique[number]
