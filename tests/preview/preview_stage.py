"""Concord and Microsoft in one process: every call is real, nothing is sent over a socket, no job runs by itself.

A worker dies at the moment that ``Stage.moments`` names, if any.
"""
# ruff: noqa: ARG002

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import httpx
from sqlalchemy import select, text

from app import clock
from app.config import Settings
from app.graph.client import Graph
from app.graph.throttle import Permits
from app.main import create_app
from app.models import Base, Collection
from app.sync.connections import Connections
from app.sync.rehearsal import rehearse
from app.sync.resources import Resources
from app.sync.rounds import sync_collection
from sandbox.founding import Registration, found
from sandbox.main import create_app as create_sandbox
from sandbox.world import World as Microsoft
from tests.simulation.whole.stage import Moments, MortalDatabase, Wire

Json = dict[str, Any]
FOLDER = "Acme"
PRIMARY = [{"user": "agent-1", "access": "primary"}]
ABOUT_RUNS = {"runs", "plan_steps", "timers", "credentials", "idempotency_keys"}
ENDED = {"succeeded", "failed", "cancelled"}
_numbers = count(1)


@dataclass
class Tokens:
    """Tokens of the sandbox for the person behind each connection."""

    sandbox: httpx.AsyncClient
    mails: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)

    async def access_token(self, workspace: str, connection_id: str, *, now: datetime) -> str:
        if connection_id not in self.known:
            self.known[connection_id] = await self.of(self.mails[connection_id])
        return self.known[connection_id]

    async def of(self, mail: str) -> str:
        scopes = ["User.Read", "Contacts.ReadWrite", "Calendars.ReadWrite", "Tasks.ReadWrite"]
        answer = await self.sandbox.post("/_sandbox/tokens", json={"mail": mail, "scopes": scopes})
        return str(answer.json()["access_token"])

    async def refused(self, workspace: str, connection_id: str) -> None:
        self.known.pop(connection_id, None)


@dataclass
class Stage:
    api: httpx.AsyncClient
    sandbox: httpx.AsyncClient
    resources: Resources
    tokens: Tokens
    moments: Moments

    async def newcomer(
        self, *, user: str = "agent-1", workspace: Json | None = None, kind: str = "work"
    ) -> "Person":
        """Make a workspace (or take one) with a connection of a new person, nothing switched on."""
        mail = f"p{next(_numbers)}@{'contoso' if kind == 'work' else 'outlook'}.example"
        await self.control("users", mail=mail, display_name="Ada", mailbox=True, kind=kind)
        if workspace is None:
            workspace = (await self.api.post("/v1/workspaces", json={"name": FOLDER})).json()
        now = clock.now()
        async with self.resources.db.transaction(workspace["id"]) as session:
            connection = Connections(session).add(
                now=now, user=user, login_hint=mail, requested=["contacts", "calendar", "tasks"],
                granted_scopes=[
                    "User.Read", "Contacts.ReadWrite", "Calendars.ReadWrite", "Tasks.ReadWrite", "offline_access",
                ],
            )  # fmt: skip
            connection.status, connection.tenant_id = "active", "contoso"
            connection.account = {
                "email": mail,
                "display_name": "Ada",
                "tenant_id": "contoso",
                "kind": "work",
            }
        self.tokens.mails[connection.id] = mail
        return Person(self, workspace, connection.id, mail, await self.tokens.of(mail), user)

    async def control(self, name: str, **body: Any) -> Any:
        answer = await self.sandbox.post(f"/_sandbox/{name}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@dataclass
class Person:
    """Somebody with Outlook, a connection, and the CRM's back end."""

    stage: Stage
    workspace: Json
    connection: str
    mail: str
    token: str
    user: str
    entity: str = "contacts"

    async def crm(self, method: str, path: str, body: Any = None, *, status: int | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.workspace['key']['secret']}"}
        answer = await self.stage.api.request(method, path, json=body, headers=headers)
        assert answer.status_code == status if status else answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def outlook(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Prefer": 'IdType="ImmutableId"'}
        answer = await self.stage.sandbox.request(method, f"/v1.0/me/{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    @property
    def settings(self) -> str:
        return f"/v1/connections/{self.connection}/settings/contacts"

    async def chooses(self, **settings: Any) -> Json:
        return await self.crm("PATCH", self.settings, {"folder_name": FOLDER, **settings})

    async def puts(self, crm_id: str, *, owners: Any = PRIMARY, **fields: Any) -> Json:
        return await self.crm("PUT", f"/v1/contacts/{crm_id}", {"owners": owners, **fields})

    async def folders(self) -> list[Json]:
        return (await self.outlook("GET", "contactFolders?$top=100"))["value"]

    async def folder(self) -> str:
        """Return the id of the synced folder, made if it isn't there."""
        for folder in await self.folders():
            if folder["displayName"] == FOLDER:
                return folder["id"]
        return (await self.outlook("POST", "contactFolders", {"displayName": FOLDER}))["id"]

    async def contacts(self) -> list[Json]:
        return (await self.outlook("GET", f"contactFolders/{await self.folder()}/contacts?$top=500"))["value"]

    async def adds(self, **fields: Any) -> Json:
        fields = {"givenName": fields["displayName"], **fields}
        return await self.outlook("POST", f"contactFolders/{await self.folder()}/contacts", fields)

    async def edits(self, item: Json, **fields: Any) -> None:
        await self.outlook("PATCH", f"contacts/{item['id']}", {"displayName": item["displayName"], **fields})

    async def deletes(self, *items: Json) -> None:
        for item in items:
            await self.outlook("DELETE", f"contacts/{item['id']}")

    async def moves(self, item: Json) -> None:
        """Drag an item into another folder."""
        await self.stage.control("move", mail=self.mail, id=item["id"], to="contacts")

    async def runs(self, **wanted: str) -> list[Json]:
        query = "&".join(f"{name}={value}" for name, value in wanted.items())
        return (await self.crm("GET", f"/v1/runs?limit=200&{query}"))["data"]

    async def everything(self) -> Json:
        """Return every row of the workspace, but for those that a preview is itself made of."""
        tables = [table for table in Base.metadata.tables if table not in ABOUT_RUNS]
        named = {table: "id" if table == "workspaces" else "workspace_id" for table in tables}
        return {
            table: [
                row["row"]
                for row in await self.rows(
                    f"SELECT row_to_json(t)::text AS row FROM {table} AS t "
                    f"WHERE {named[table]} = :workspace ORDER BY 1",
                    workspace=self.workspace["id"],
                )
            ]
            for table in tables
        }

    async def previews(self, **settings: Any) -> Json:
        """Preview a choice; return the run once it has ended."""
        run = await self.crm("POST", f"{self.settings}/preview", settings)
        await rehearse(self.stage.resources, self.workspace["id"], run["id"])
        return await self.crm("GET", f"/v1/runs/{run['id']}")

    async def plan(self, run: Json, **wanted: Any) -> list[Json]:
        steps, more = [], {"limit": 200, **wanted}
        while True:
            query = "&".join(f"{name}={value}" for name, value in more.items())
            page = await self.crm("GET", f"/v1/runs/{run['id']}/plan?{query}")
            steps += page["data"]
            if page["next_cursor"] is None:
                return steps
            more["cursor"] = page["next_cursor"]

    async def syncs(self, *, patience: int = 60) -> None:
        """Let the collection take its turns until nothing is due soon, time passing by itself."""
        for _ in range(30):
            collection = await self.collection()
            if collection is None or collection.due_at is None:
                return
            ahead = collection.due_at - clock.now()
            if ahead > timedelta(seconds=patience):
                return
            if ahead > timedelta(0):
                clock.follow(collection.due_at + timedelta(milliseconds=5))
            await sync_collection(self.stage.resources, self.workspace["id"], collection.id)
        raise AssertionError("There is no end of it.")

    async def collection(self) -> Collection | None:
        query = select(Collection).where(
            Collection.connection_id == self.connection, Collection.entity == self.entity
        )
        async with self.stage.resources.db.transaction(self.workspace["id"]) as session:
            return (await session.scalars(query)).one_or_none()

    async def rows(self, sql: str, **values: Any) -> list[Json]:
        async with self.stage.resources.db.transaction(self.workspace["id"]) as session:
            return [dict(row._mapping) for row in await session.execute(text(sql), values)]

    async def journal_end(self) -> int:
        """Return the place of the last request in this mailbox's journal."""
        entries = await self.journal()
        return int(entries[-1]["seq"]) if entries else 0

    async def journal(self, *, after: int = 0) -> list[Json]:
        answer = await self.stage.sandbox.get("/_sandbox/journal", params={"mail": self.mail, "after": after})
        return answer.json()["entries"]


@asynccontextmanager
async def staged(settings: Settings) -> AsyncIterator[Stage]:
    """Open both sides."""
    microsoft = Microsoft(None)
    microsoft.found = lambda: found(microsoft, Registration())
    outlook, moments = create_sandbox(microsoft), Moments()
    transport = httpx.ASGITransport(outlook)
    app = create_app(settings)
    database = MortalDatabase(settings.database_url)
    database.moments = moments
    try:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://graph.example") as sandbox,
            httpx.AsyncClient(transport=Wire(outlook, moments)) as wire,
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://concord.example",
                headers={"Authorization": f"Bearer {settings.operator_key.get_secret_value()}"},
            ) as api,
        ):  # fmt: skip
            opened: Resources = app.state.provided["resources"]
            graph = Graph(wire, permits=Permits(opened.redis), base_url="http://graph.example")
            tokens = Tokens(sandbox)
            resources = replace(opened, db=database, graph=graph, tokens=tokens)  # type: ignore[arg-type]
            app.state.provided["resources"] = resources
            yield Stage(api, sandbox, resources, tokens, moments)
    finally:
        await database.close()
        microsoft.close()
