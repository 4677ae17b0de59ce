"""A workspace, its CRM, two people with Outlook, and what must hold of them once all is quiet."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app import clock
from app.graph.account import Account
from app.graph.auth import Grant, SignedIn
from app.models import Link
from app.sync.collections import Collections
from app.sync.connections import Connections
from app.sync.identity import Arrival, settle_identity
from tests.simulation.whole.ledger import Ledger
from tests.simulation.whole.people import (
    ELSEWHERE,
    FIELDS,
    FOLDER,
    Crm,
    Habit,
    Json,
    Outlook,
    accepted,
    person_of,
)
from tests.simulation.whole.stage import SCOPES, Stage

RESOLUTIONS = ("crm_wins", "microsoft_wins", "newest_wins", "ask")
DIRECTIONS = ("two_way", "crm_to_microsoft", "microsoft_to_crm")
ONE_IS_MANY = {"min_deletes": 0, "max_delete_percent": 0}
ENDINGS = (5, 130, 700, 130, 4_000, 130, 4_000, 130)
WRITES = {"POST", "PATCH", "DELETE"}


class Wrong(AssertionError):  # noqa: N818  named after what it is
    """Something that must hold does not."""


@dataclass
class World:
    stage: Stage
    seed: str
    dice: random.Random = field(init=False)
    ledger: Ledger = field(default_factory=Ledger)
    people: list[Outlook] = field(default_factory=list)
    workspace: str = ""
    begun: int = 0
    troubled: bool = False
    asked: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)

    async def begins(self) -> None:
        self.dice = random.Random(self.seed)
        self.stage.number += 1
        made = accepted(
            await self.stage.operator.post("/v1/workspaces", json={"name": FOLDER, "entities": ["contacts"]})
        )
        self.workspace = made["id"]
        breaker = self.dice.choice(({}, {}, ONE_IS_MANY))
        await self.stage.crm(made["key"]["secret"]).patch("/v1/workspace", json={"breaker": breaker})
        self.crm = Crm(self.stage.crm(made["key"]["secret"]), self.dice.choice(list(Habit)), self.ledger)
        self.begun = await self._journal_end()
        for number in (1, 2):
            await self._person_begins(f"agent-{number}")

    async def _person_begins(self, user: str) -> None:
        mail = f"{user}.{self.stage.number}@contoso.example"
        made = accepted(
            await self.stage.microsoft.post("/_sandbox/users", json={"mail": mail, "display_name": user})
        )
        person = Outlook(user, mail, await self._own_outlook(mail), self.ledger)
        body = {"user": user, "login_hint": mail, "entities": ["contacts"]}
        person.connection = (await self.crm.call("POST", "/v1/connections", json=body))["id"]
        self.stage.tokens.mails[person.connection] = mail
        self.people.append(person)
        await self.signs_in(person, tenant=made["tenant_id"], oid=made["id"])
        await self.chooses(
            person,
            direction="two_way",
            conflict_resolution=self.dice.choice(RESOLUTIONS),
            removed_from_crm=self.dice.choice(("keep", "delete")),
            deleted_in_microsoft=self.dice.choice(("keep", "recreate", "delete")),
        )

    async def _own_outlook(self, mail: str) -> Any:
        given = accepted(
            await self.stage.microsoft.post("/_sandbox/tokens", json={"mail": mail, "scopes": SCOPES})
        )
        http = self.stage.outlook(given["access_token"])
        http.headers["prefer"] = 'IdType="ImmutableId"'
        return http

    async def signs_in(self, person: Outlook, *, tenant: str, oid: str) -> None:
        """Let Microsoft's sign-in come back with this person."""
        now = clock.now()
        grant = Grant("not used", now + timedelta(hours=1), "not used", tuple(SCOPES))
        account = Account(person.mail, person.user, tenant, "work", frozenset({person.mail}))
        arrival = Arrival(SignedIn(grant, tenant, oid, person.user, person.mail), account, has_mailbox=True)
        self.stage.tokens.signed_out.discard(person.connection)
        resources = self.stage.resources
        async with resources.db.transaction(self.workspace) as session:
            connection = await Connections(session).locked(person.connection)
            assert connection is not None
            await settle_identity(session, resources, connection, arrival, now=now)

    async def chooses(self, person: Outlook, **settings: Any) -> None:
        path = f"/v1/connections/{person.connection}/settings/contacts"
        await self.crm.call("PATCH", path, json={"folder_name": FOLDER, **settings})

    async def rings(self, person: Outlook) -> None:
        """Let a notification come in, called for or not."""
        async with self.stage.resources.db.transaction(self.workspace) as session:
            collection = await Collections(session).of(person.connection, "contacts")
            if collection is not None and (collection.hears or collection.sends):
                Collections(session).ring([collection.id], now=clock.now(), pull=True)

    # How it ends

    async def ends(self) -> None:
        """Heal everything, let everything arrive, and demand agreement and silence."""
        await self.stage.microsoft.delete("/_sandbox/faults")
        for person in self.people:
            await self._comes_back(person)
        for last, wait in [*((False, wait) for wait in ENDINGS), (True, ENDINGS[-1])]:
            before = await self.writes()
            await self._settles(wait)
            decided = await self.decides()
            told = await self.crm.reads()
            if last:
                self._check(not decided, f"There is no end of questions: {decided}")
                written = (await self.writes())[len(before) :]
                self._check(not told and not written, f"There is no end of it: {self.crm.queue} {written}")
            await self.crm.works()
        for person in self.people:
            person.http = await self._own_outlook(person.mail)
        await self.agrees()

    async def _comes_back(self, person: Outlook) -> None:
        shown = await self.crm.call("GET", f"/v1/connections/{person.connection}")
        if shown["paused"]:
            await self.crm.call("PATCH", f"/v1/connections/{person.connection}", json={"paused": False})
        if shown["status"] != "active" or person.connection in self.stage.tokens.signed_out:
            user = accepted(
                await self.stage.microsoft.post(
                    "/_sandbox/users", json={"mail": person.mail, "display_name": person.user}
                )
            )
            await self.signs_in(person, tenant=user["tenant_id"], oid=user["id"])
        await self.chooses(person, direction="two_way", classes=[], ownership="all_assigned")

    async def decides(self) -> list[str]:
        """Let people answer whatever Concord asks; return what they said."""
        said = []
        waiting = {"status": "awaiting_approval"}
        for run in (await self.crm.call("GET", "/v1/runs", params=waiting))["data"]:
            decision = self.dice.choice(("apply", "put_back", None))
            if decision is None:
                await self.crm.call("POST", f"/v1/runs/{run['id']}/cancel")
            else:
                await self.crm.call("POST", f"/v1/runs/{run['id']}/approve", json={"decision": decision})
            self.asked[run["approval"]["reason"]] += 1
            said.append(f"{run['approval']['reason']} {decision}")
        for row in (await self.crm.call("GET", "/v1/conflicts", params={"status": "open"}))["data"]:
            take = self.dice.choice(("crm", "microsoft"))
            await self.crm.call("POST", f"/v1/conflicts/{row['id']}/resolve", json={"take": take})
            said.append(f"{row['field']} {take}")
        return said

    async def _settles(self, wait: float) -> None:
        await self.crm.arrives()
        await self.stage.advances(wait)
        for person in self.people:
            await self.rings(person)
        for _ in range(40):
            if not await self.stage.works(self.workspace):
                await self.stage.advances(6)  # the quiet in which removals gather
                if not await self.stage.works(self.workspace):
                    return
        self._check(False, f"There is no end of work: {await self.stage.due(self.workspace)}")

    async def writes(self) -> list[Json]:
        """Return what Concord has written at Graph, and was answered with success."""
        return [
            entry
            for entry in await self.entries()
            if entry["method"] in WRITES and entry["status"] < 300 and "/contacts" in entry["path"]
        ]

    async def entries(self) -> list[Json]:
        shown = await self.stage.microsoft.get("/_sandbox/journal", params={"after": self.begun})
        mine = {person.mail for person in self.people}
        return [e for e in shown.json()["entries"] if e["mail"] in mine and e["client_request_id"]]

    async def _journal_end(self) -> int:
        entries = (await self.stage.microsoft.get("/_sandbox/journal")).json()["entries"]
        return entries[-1]["seq"] if entries else 0

    # What must hold

    async def agrees(self) -> None:
        records = {r["given_name"]: r for r in await self._records()}
        await self._nobody_is_doubled()
        self._nobody_vanished(records)
        for person in self.people:
            await self._mailbox_holds(person, records)
        self._crm_holds(records)
        await self._every_edit_is_somewhere(records)
        await self._counts_are_true()

    async def _records(self) -> list[Json]:
        page = await self.crm.call("GET", "/v1/contacts", params={"limit": 200})
        return page["data"]

    async def _nobody_is_doubled(self) -> None:
        everybody = Counter(r["given_name"] for r in await self._records())
        self._check({p for p, n in everybody.items() if n > 1} == set(), f"records twice: {everybody}")
        for person in self.people:
            there = Counter(person_of(item) for item in await person.items())
            self._check({p for p, n in there.items() if n > 1} == set(), f"{person.user}: twice: {there}")

    def _nobody_vanished(self, records: dict[str, Json]) -> None:
        """Nothing is gone that nobody deleted; what the CRM keeps is what Concord keeps."""
        for person, owner in self.ledger.owner.items():
            if not self.ledger.deletions[person] and (person, owner) not in self.ledger.away:
                self._check(person in records, f"{person} is gone, and nobody deleted them")
                self._check(self.crm.of_person(person), f"{person} is gone from the CRM")

    async def _mailbox_holds(self, outlook: Outlook, records: dict[str, Json]) -> None:
        there = {person_of(item): item for item in await outlook.items()}
        apart = await self._may_differ(outlook)
        for person, record in records.items():
            mine = any(owner["user"] == outlook.user for owner in record["owners"])
            away = (person, outlook.user) in self.ledger.away
            if not mine or away or self.ledger.deletions[person]:
                continue
            self._check(person in there, f"{person} is not in {outlook.user}'s Outlook")
            for name, wire in FIELDS.items():
                here, shown = record[name], there[person].get(wire) or None
                if record["record_id"] in apart and here != shown:
                    continue
                self._check(here == shown, f"{person}.{name}: {here!r}, but {outlook.user} sees {shown!r}")

    async def _may_differ(self, outlook: Outlook) -> set[str]:
        """Return the records of which somebody let a clear be: both sides keep what they have."""
        query = select(Link.record_id, Link.decisions).where(Link.connection_id == outlook.connection)
        async with self.stage.resources.db.transaction(self.workspace) as session:
            rows = (await session.execute(query)).all()
        return {
            record for record, decisions in rows
            if record and any(each["code"] == "declined" for each in decisions or ())
        }  # fmt: skip

    def _crm_holds(self, records: dict[str, Json]) -> None:
        for person, record in records.items():
            crm_id = self.crm.of_person(person)
            self._check(crm_id is not None, f"the CRM lacks {person}")
            for name in FIELDS:
                held = self.crm.store[str(crm_id)].get(name)
                self._check(held == record[name], f"{person}.{name}: {record[name]!r}, the CRM has {held!r}")
        strangers = {held["given_name"] for held in self.crm.store.values()} - records.keys()
        self._check(not strangers, f"the CRM holds {strangers}, Concord doesn't")

    async def _every_edit_is_somewhere(self, records: dict[str, Json]) -> None:
        conflicts = (await self.crm.call("GET", "/v1/conflicts", params={"limit": 200}))["data"]
        kept: dict[tuple[str, str], set[Any]] = {}
        shown: dict[str, list[Json]] = {}
        for row in conflicts:
            other = (row["other"] or {}).get("value")
            values = {each for each in (row["crm"], row["microsoft"], other) if isinstance(each, str)}
            kept.setdefault((row["record_id"], row["field"]), set()).update(values)
        for outlook in self.people:
            for item in [*await outlook.items(), *await outlook.items(ELSEWHERE)]:
                shown.setdefault(person_of(item), []).append(item)
        for person, name in list(self.ledger.replaced):
            if person not in records or self.ledger.deletions[person]:
                continue
            record = records[person]
            visible = {record[name], *kept.get((record["record_id"], name), ())}
            visible |= {item[FIELDS[name]] or None for item in shown.get(person, ())}
            lost = self.ledger.lost(person, name, visible=visible)
            self._check(not lost, f"{person}.{name}: {lost} lost; {visible} are visible")

    async def _counts_are_true(self) -> None:
        runs = await self.crm.call("GET", "/v1/runs", params={"limit": 200})
        counted: Counter[str] = Counter()
        for run in runs["data"]:
            counted.update(run["counts"]["to_microsoft"])
        methods = Counter(entry["method"] for entry in await self.writes())
        happened = {"created": methods["POST"], "updated": methods["PATCH"], "deleted": methods["DELETE"]}
        wrong = {
            name: (counted[name], number)
            for name, number in happened.items()
            if counted[name] > number or (counted[name] < number and not self.troubled)
        }
        self._check(not wrong, f"the runs counted (counted, happened): {wrong}")

    def _check(self, holds: Any, what: str) -> None:
        if not holds:
            raise Wrong(f"{what}\nseed {self.seed}, {self.crm.habit.name}\n" + "\n".join(self.said))
