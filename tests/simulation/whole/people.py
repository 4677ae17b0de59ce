"""Who edits: people with Outlook, and a CRM of one of four habits. Each remembers what an edit replaced."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import httpx

from tests.simulation.whole.ledger import Ledger

Json = dict[str, Any]
FOLDER = "Acme Realty"
ELSEWHERE = "Elsewhere"
EMPTIED = {"job_title": "jobTitle", "department": "department", "office": "officeLocation"}
FIELDS = {**EMPTIED, "display_name": "displayName"}
NO_EDITS: Json = {}
MARK_PREFER = {"prefer": 'IdType="ImmutableId"'}


class Habit(Enum):
    """What the CRM does with the feed."""

    IMMEDIATE = auto()
    NEVER_ACKS = auto()
    WORKS_ITS_QUEUE_LATE = auto()
    ACKS_BEFORE_IT_APPLIES = auto()


def accepted(answer: httpx.Response) -> Json:
    assert answer.is_success, (
        f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    )
    return answer.json() if answer.content else {}


def person_of(item: Json) -> str:
    return str(item["givenName"])


@dataclass
class Outlook:
    """A person and their mailbox. People in it are known by their given name, which nobody edits."""

    user: str
    mail: str
    http: httpx.AsyncClient
    ledger: Ledger
    connection: str = ""
    folders: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, json: Json | None = None, **params: Any) -> Json:
        """Call by another name than Concord does: what troubles Concord doesn't trouble people."""
        path = path if path.startswith("users/") else f"users/{self.mail}/{path}"
        return accepted(await self.http.request(method, f"/v1.0/{path}", json=json, params=params or None))

    async def folder(self, name: str) -> str | None:
        if name not in self.folders:
            shown = await self.call("GET", "contactFolders", **{"$top": 100})
            self.folders |= {found["displayName"]: found["id"] for found in shown["value"]}
        return self.folders.get(name)

    async def items(self, folder: str = FOLDER) -> list[Json]:
        found_in = await self.folder(folder)
        if found_in is None:
            return []
        found: list[Json] = []
        path, params = f"contactFolders/{found_in}/contacts", {"$top": 500}
        while path:
            page = await self.call("GET", path, **params)
            found += page["value"]
            path, params = page.get("@odata.nextLink", "").partition("/v1.0/")[2], {}
        return found

    async def adds(self, person: str) -> None:
        folder = await self.folder(FOLDER)
        if folder is not None:
            address = [{"address": f"{person.lower()}@example.org", "name": person}]
            body = {"givenName": person, "displayName": person, "emailAddresses": address}
            await self.call("POST", f"contactFolders/{folder}/contacts", body)
            self.ledger.born(person, owner=self.user)

    async def edits(self, item: Json, *names: str) -> None:
        person, body = person_of(item), {"displayName": item["displayName"]}
        for name in names:
            seen = [item.get(FIELDS[name])]
            body[FIELDS[name]] = self.ledger.edit(person, name, replaced=seen, by=self.user)
        await self.call("PATCH", f"contacts/{item['id']}", body)

    async def empties(self, item: Json, name: str) -> None:
        wire = EMPTIED[name]
        self.ledger.empty(person_of(item), name, replaced=[item.get(wire)], by=self.user)
        body = {"displayName": item["displayName"], wire: None}
        await self.call("PATCH", f"contacts/{item['id']}", body)

    async def deletes(self, item: Json) -> None:
        await self.call("DELETE", f"contacts/{item['id']}")
        self.ledger.deleted(person_of(item), by=self.user)

    async def moves(self, item: Json, *, to: str) -> None:
        if await self.folder(to) is None:
            await self.call("POST", "contactFolders", {"displayName": to})
        body = {"mail": self.mail, "id": item["id"], "to": await self.folder(to)}
        accepted(await self.http.post("/_sandbox/move", json=body))
        self.ledger.moved(person_of(item), of=self.user, away=to != FOLDER)


@dataclass
class Put:
    """A whole record on its way to Concord, and the edits that it carries, each with what it gave a field."""

    crm_id: str
    body: Json
    edits: Json = field(default_factory=dict)


@dataclass
class Crm:
    """The CRM's own store, and its habit with what it reads."""

    http: httpx.AsyncClient
    habit: Habit
    ledger: Ledger
    store: dict[str, Json] = field(default_factory=dict)
    owners: dict[str, list[Json]] = field(default_factory=dict)
    classes: dict[str, list[str]] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    under_way: list[Put] = field(default_factory=list)
    queue: list[Json] = field(default_factory=list)
    cursor: str | None = None

    async def call(self, method: str, path: str, **kwargs: Any) -> Json:
        return accepted(await self.http.request(method, path, **kwargs))

    def of_person(self, person: str) -> str | None:
        return next((each for each, held in self.store.items() if held["given_name"] == person), None)

    def saves(self, person: str, owners: list[str]) -> None:
        """Enter a person who is new."""
        crm_id = f"c-{person}"
        address = [{"address": f"{person.lower()}@example.org", "name": person}]
        names = {"given_name": person, "display_name": person, "emails": address}
        self.store[crm_id] = {**names, **dict.fromkeys(EMPTIED)}
        self.owners[crm_id] = [{"user": user, "access": "full"} for user in owners]
        self.ledger.born(person, owner=owners[0])
        self._send(crm_id)

    def edits(self, crm_id: str, *names: str) -> None:
        held = self.store[crm_id]
        given = {
            name: self.ledger.edit(held["given_name"], name, replaced=[held.get(name)], by="crm")
            for name in names
        }
        held |= given
        self._send(crm_id, given)

    def empties(self, crm_id: str, name: str) -> None:
        held = self.store[crm_id]
        given = self.ledger.empty(held["given_name"], name, replaced=[held.get(name)], by="crm")
        held[name] = None
        self._send(crm_id, {name: given})

    def assigns(self, crm_id: str, owners: list[str]) -> None:
        self.owners[crm_id] = [{"user": user, "access": "full"} for user in owners]
        self._send(crm_id)

    def classifies(self, crm_id: str, classes: list[str]) -> None:
        self.classes[crm_id] = classes
        self._send(crm_id)

    async def deletes(self, crm_id: str) -> None:
        await self.arrives(only=crm_id)
        held = self.store.pop(crm_id)
        self.ledger.deleted(held["given_name"], by="crm")
        await self.call("DELETE", f"/v1/contacts/{crm_id}")

    def _send(self, crm_id: str, edits: Json = NO_EDITS) -> None:
        body = {**self.store[crm_id], "owners": self.owners[crm_id]}
        if crm_id in self.classes:
            body["classes"] = self.classes[crm_id]
        self.under_way.append(Put(crm_id, body, edits))

    async def arrives(self, *, only: str | None = None) -> None:
        """Let what is under way arrive, in the order of each record."""
        for put in [put for put in self.under_way if only in {None, put.crm_id}]:
            self.under_way.remove(put)
            if put.crm_id not in self.store:
                continue
            held = self.store[put.crm_id]
            for name, value in put.edits.items():
                if put.body[name] != held.get(name):
                    self.ledger.knew(held["given_name"], name, value, also=held.get(name))
            await self.call("PUT", f"/v1/contacts/{put.crm_id}", json=put.body)

    async def reads(self) -> bool:
        """Read the feed to its end; say whether there was anything."""
        seen = False
        while True:
            after = {"after": self.cursor} if self.cursor else {}
            page = await self.call("GET", "/v1/changes", params={"limit": 1000, **after})
            self.cursor = page["next_cursor"]
            news = [change for change in page["changes"] if change["type"].startswith("contact.")]
            self.queue += news
            seen = seen or bool(news)
            if not page["has_more"]:
                break
        if self.habit is Habit.ACKS_BEFORE_IT_APPLIES:
            await self._acks([{"id": change["id"]} for change in self.queue if change["crm_id"]])
        if self.habit is not Habit.WORKS_ITS_QUEUE_LATE:
            await self.works()
        return seen

    async def works(self) -> None:
        """Apply what was read, in order, and tell Concord by one's habit."""
        queue, self.queue = self.queue, []
        acks = [ack for change in queue for ack in self._applied(change)]
        naming = [ack for ack in acks if "crm_id" in ack]
        quiet = self.habit in {Habit.NEVER_ACKS, Habit.ACKS_BEFORE_IT_APPLIES}
        await self._acks(naming if quiet else acks)

    async def _acks(self, items: list[Json]) -> None:
        if items:
            told = await self.call("POST", "/v1/changes/ack", json={"changes": items})
            wrong = [result for result in told["results"] if result["status"] >= 500]
            assert not wrong, wrong

    def _applied(self, change: Json) -> Iterator[Json]:
        record, crm_id = change["record"], change["crm_id"]
        if change["type"] == "contact.merged":
            return
        if crm_id is None:
            crm_id = self._new_id(record)
            yield {"id": change["id"], "crm_id": crm_id}
        else:
            yield {"id": change["id"]}
        if change["revision"] <= self.revisions.get(crm_id, 0):
            return
        self.revisions[crm_id] = change["revision"]
        if change["type"] == "contact.deleted":
            self.store.pop(crm_id, None)
        elif crm_id not in self.store:
            if change["type"] == "contact.created":
                names = ("given_name", "display_name", "emails", *FIELDS)
                self.store[crm_id] = {name: record[name] for name in names}
                self.owners[crm_id] = record["owners"]
        else:
            self.store[crm_id] |= {name: record[name] for name in change["changed"] if name in record}

    def _new_id(self, record: Json) -> str:
        """Return the id under which a newcomer is saved: the same whenever the same change is read again."""
        return f"c-{record['given_name']}"
