"""A CRM over the API, the engine's turns taken by hand, and mailboxes of a sandbox that is a process of its own."""
# ruff: noqa: ASYNC220

import asyncio
import itertools
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from applications import running
from fastapi import FastAPI
from mailboxes import PLAIN

from app import clock
from app.config import Settings
from app.db import Database
from app.dev.services import free_port
from app.models import Collection, Connection, Link
from app.sync.due import due_record
from app.sync.resources import Resources
from app.sync.rounds import sync_collection
from app.sync.timers import due_timers
from tests.api.conftest import Tenant
from tests.graph.microsoft_stage import Microsoft, Tokens

Json = dict[str, Any]
GRANTED = ["Contacts.ReadWrite", "User.Read", "offline_access"]
FOLDER = "Acme Realty"
ADA = {"display_name": "Ada Lovelace", "given_name": "Ada", "emails": [{"address": "ada@example.org"}]}
numbers = itertools.count(1)


@pytest.fixture(scope="session")
async def sandbox() -> AsyncIterator[Microsoft]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "sandbox", "--port", str(port)])
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, **PLAIN) as http:
        try:
            for _ in range(400):
                try:
                    if (await http.get("/_sandbox/health")).is_success:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
            yield Microsoft(url, http)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
async def microsoft(sandbox: Microsoft) -> AsyncIterator[Microsoft]:
    """Microsoft, whose clock is ours; what it was told to get wrong is forgotten afterwards."""
    clock.follow(datetime.fromisoformat((await sandbox.http.get("/_sandbox/clock")).json()["now"]))
    yield sandbox
    await sandbox.http.delete("/_sandbox/faults")
    clock.follow(datetime.now(UTC))


@dataclass
class Mailboxes:
    """The tokens of each connection's mailbox, as its user once granted them."""

    microsoft: Microsoft
    mails: dict[str, str] = field(default_factory=dict)

    async def access_token(self, workspace: str, connection_id: str, *, now: datetime) -> str:
        return await Tokens(self.microsoft, mail=self.mails[connection_id]).access_token(
            workspace, connection_id, now=now
        )

    async def refused(self, workspace: str, connection_id: str) -> None:
        """Hear of it; each token is a fresh one."""


@pytest.fixture
async def app(settings: Settings, microsoft: Microsoft) -> AsyncIterator[FastAPI]:
    async with running(settings.model_copy(update={"microsoft_graph_url": microsoft.url})) as app:
        provided = app.state.provided
        provided["resources"] = replace(provided["resources"], tokens=Mailboxes(microsoft))
        yield app


@dataclass
class Outlook:
    """A person with Outlook, and the connection that leads to their mailbox."""

    microsoft: Microsoft
    connection: str
    mail: str
    user: str

    async def call(self, method: str, path: str, **body: Any) -> Json:
        token = await Tokens(self.microsoft, mail=self.mail).access_token("", "", now=clock.now())
        headers = {"authorization": f"Bearer {token}", "prefer": 'IdType="ImmutableId"'}
        answer = await self.microsoft.http.request(
            method, f"/v1.0/me{path}", json=body or None, headers=headers
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    async def folder(self, name: str = FOLDER) -> str:
        folders = (await self.call("GET", "/contactFolders"))["value"]
        known = {each["displayName"]: each["id"] for each in folders}
        return known.get(name) or (await self.call("POST", "/contactFolders", displayName=name))["id"]

    async def contacts(self) -> list[Json]:
        return (await self.call("GET", f"/contactFolders/{await self.folder()}/contacts"))["value"]

    async def adds(self, name: str, address: str) -> Json:
        return await self.call(
            "POST", f"/contactFolders/{await self.folder()}/contacts",
            displayName=name, givenName=name, emailAddresses=[{"address": address, "name": name}],
        )  # fmt: skip

    async def edits(self, item: Json, **fields: Any) -> None:
        await self.call("PATCH", f"/contacts/{item['id']}", displayName=item["displayName"], **fields)

    async def deletes(self, item: Json) -> None:
        await self.call("DELETE", f"/contacts/{item['id']}")

    async def moves(self, item: Json, *, to: str) -> None:
        await self.microsoft.control("move", mail=self.mail, id=item["id"], to=await self.folder(to))


@dataclass
class Stage:
    """One workspace: its CRM's back end, its users' mailboxes, and a worker that works when told to."""

    tenant: Tenant
    resources: Resources
    microsoft: Microsoft
    people: dict[str, Outlook] = field(default_factory=dict)

    @property
    def db(self) -> Database:
        return self.resources.db

    async def call(self, method: str, path: str, **more: Any) -> Json:
        answer = await self.tenant.http.request(method, path, **more)
        assert answer.is_success, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    async def connects(self, user: str = "agent-7", **chosen: Any) -> Outlook:
        """Connect a user as if they had signed in, choose a direction and settings, and sync for the first time."""
        domain, now = f"t{next(numbers)}.example", clock.now()
        await self.microsoft.control("tenants", domain=domain)
        mail = f"{user}@{domain}"
        await self.microsoft.control("users", mail=mail, display_name=user, mailbox=True, kind="work")
        connection = f"con_{user}"
        async with self.db.transaction(self.tenant.id) as session:
            session.add(Connection(
                workspace_id=self.tenant.id, id=connection, user=user, status="active", requested=["contacts"],
                granted_scopes=GRANTED, connected_at=now, created_at=now, updated_at=now,
                account={"email": mail, "display_name": user, "tenant_id": domain, "kind": "work"},
            ))  # fmt: skip
        assert isinstance(self.resources.tokens, Mailboxes)
        self.resources.tokens.mails[connection] = mail
        self.people[user] = Outlook(self.microsoft, connection, mail, user)
        if chosen.get("direction", "two_way") != "disabled":
            await self.chooses(user, **({"direction": "two_way"} | chosen))
            await self.works(user)
        return self.people[user]

    async def chooses(self, user: str = "agent-7", **settings: Any) -> None:
        await self.call("PATCH", f"/v1/connections/con_{user}/settings/contacts", json=settings)

    async def puts(self, crm_id: str = "c-1", *, owners: Any = "agent-7", **fields: Any) -> Json:
        if isinstance(owners, str):
            owners = [{"user": owners, "access": "primary"}]
        return await self.call("PUT", f"/v1/contacts/{crm_id}", json={"owners": owners, **ADA, **fields})

    async def works(self, user: str = "agent-7") -> None:
        """Let a worker do what a collection is due for, and whatever is due of records."""
        async with self.db.transaction(None) as session:
            due = await due_timers(session, now=clock.now(), limit=100)
        for timer in [timer for timer in due if timer.kind == "record"]:
            await due_record(self.resources, timer.workspace_id, timer.target)
        await sync_collection(self.resources, self.tenant.id, (await self.collection(user)).id)

    async def syncs(self, user: str = "agent-7", **body: Any) -> None:
        """Press "sync now"; removals are looked at once their quiet moment is over."""
        for seconds in (0, 6):
            await self.advances(seconds=seconds)
            await self.call("POST", f"/v1/connections/con_{user}/sync/contacts", json=body)
            await self.works(user)

    async def advances(self, **by: float) -> None:
        told = await self.microsoft.control("clock", advance_seconds=timedelta(**by).total_seconds())
        clock.follow(datetime.fromisoformat(told["now"]))

    async def fault(self, user: str = "agent-7", *, times: int = 1, **fault: Any) -> None:
        """Let Microsoft fail at the next write of a contact."""
        match = {"mail": self.people[user].mail, "path": "/v1.0/*contacts*"}
        for method in ("POST", "PATCH"):
            await self.microsoft.fault(fault, times=times, method=method, **match)

    async def grants(self, *scopes: str, user: str = "agent-7") -> None:
        """Let a user take permissions back, as another sign-in of theirs would leave it."""
        async with self.db.transaction(self.tenant.id) as session:
            connection = await session.get(Connection, (self.tenant.id, f"con_{user}"))
            assert connection is not None
            connection.granted_scopes = list(scopes)

    async def hears(self, kind: str) -> Json:
        """Read the feed; return the last change of this type."""
        changes = (await self.call("GET", "/v1/changes", params={"limit": 1000}))["changes"]
        return next(change for change in reversed(changes) if change["type"] == kind)

    async def acks(self, *items: Json) -> None:
        told = await self.call("POST", "/v1/changes/ack", json={"changes": list(items)})
        assert told["failed"] == 0, told

    async def collection(self, user: str = "agent-7") -> Collection:
        return await self._one(Collection, Collection.connection_id == f"con_{user}")

    async def link(self, record_id: str, user: str = "agent-7") -> Link:
        return await self._one(Link, Link.record_id == record_id, Link.connection_id == f"con_{user}")

    async def _one(self, model: Any, *where: Any) -> Any:
        from sqlalchemy import select

        async with self.db.transaction(self.tenant.id) as session:
            return (await session.scalars(select(model).where(*where))).one()

    async def explains(self, crm_id: str = "c-1", user: str = "agent-7", **params: Any) -> Json:
        """Return the explanation of a contact in one user's mailbox."""
        whole = await self.call("GET", f"/v1/contacts/{crm_id}/explain", params=params)
        return next(each for each in whole["connections"] if each["user"] == user)

    async def stands(self, record_id: str, user: str = "agent-7") -> tuple[str, str] | None:
        """Return how a record is said to stand in one user's mailbox where it is read, not explained."""
        told = await self.call("GET", f"/v1/records/{record_id}", params={"include": "sync"})
        return next(((s["state"], s["reason"]) for s in told["sync"] if s["user"] == user), None)

    async def finds(self, user: str = "agent-7", **params: Any) -> list[Json]:
        return (await self.call("GET", f"/v1/connections/con_{user}/explain", params=params))["data"]


@pytest.fixture
async def stage(workspace: Tenant, app: FastAPI, microsoft: Microsoft) -> Stage:
    return Stage(workspace, app.state.provided["resources"], microsoft)


@pytest.fixture
async def ada(stage: Stage) -> Outlook:
    """Agent 7's mailbox, in sync both ways."""
    return await stage.connects()
