"""All of Concord and all of Microsoft in one process, without a socket, so that a whole world costs a second.

The real API, engine, PostgreSQL, Redis and sandbox; only who hands out tokens is ours, since MSAL would want
https. A process dies where the engine waits: before or after a request to Graph, before or after a commit.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import httpx
from pydantic import SecretStr

from app import clock, jobs
from app.config import Settings
from app.db import Database
from app.errors import Refused
from app.graph.client import Graph
from app.graph.throttle import Permits
from app.main import create_app
from app.sync.collections import due_collections
from app.sync.resources import Resources, opened
from app.sync.timers import due_timers
from sandbox.faults import ConnectionDroppedError
from sandbox.founding import Registration, found
from sandbox.main import create_app as create_sandbox
from sandbox.world import World as Microsoft

GRAPH = "http://graph.example"
SCOPES = ["User.Read", "Contacts.ReadWrite"]
OURS = {
    "microsoft_client_id": "5c0f4f4e-0000-4000-8000-000000000001",
    "microsoft_client_secret": SecretStr("only-for-tests"),
}
JOBS = frozenset({"collection", "record", "connection"})


class Killed(BaseException):
    """The worker is no more."""


@dataclass
class Moments:
    """The moments at which a worker may die; it dies when ``left`` of them have passed."""

    left: int | None = None
    deaths: int = 0

    def passes(self) -> None:
        if self.left is None:
            return
        if self.left == 0:
            self.left, self.deaths = None, self.deaths + 1
            raise Killed
        self.left -= 1


class Wire(httpx.AsyncBaseTransport):
    """The way to Graph."""

    def __init__(self, app: Any, moments: Moments) -> None:
        self.to, self.moments = httpx.ASGITransport(app), moments

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.moments.passes()
        try:
            response = await self.to.handle_async_request(request)
        except ConnectionDroppedError as broken:
            raise httpx.ReadError("the connection broke") from broken
        self.moments.passes()
        return response


class MortalDatabase(Database):
    """The worker's way to PostgreSQL."""

    moments: Moments

    @asynccontextmanager
    async def transaction(self, workspace: str | None) -> AsyncIterator[Any]:
        async with super().transaction(workspace) as session:
            yield session
            self.moments.passes()
        self.moments.passes()


@dataclass
class Tokens:
    """Tokens of the sandbox for whoever is connected; who is signed out has none."""

    microsoft: Any
    control: httpx.AsyncClient
    mails: dict[str, str] = field(default_factory=dict)
    signed_out: set[str] = field(default_factory=set)
    held: dict[str, str] = field(default_factory=dict)

    async def access_token(self, _: str, connection_id: str, *, now: Any) -> str:  # noqa: ARG002
        if connection_id in self.signed_out:
            raise Refused("The sign-in has ended.", problem="sign-in-needed")
        if connection_id not in self.held:
            body = {"mail": self.mails[connection_id], "scopes": SCOPES}
            answer = await self.control.post("/_sandbox/tokens", json=body)
            self.held[connection_id] = answer.json()["access_token"]
        return self.held[connection_id]

    async def refused(self, _: str, connection_id: str) -> None:
        self.held.pop(connection_id, None)


@dataclass
class Stage:
    """What every world of a test session shares."""

    operator: httpx.AsyncClient
    api: Any
    microsoft: httpx.AsyncClient
    sandbox: Any
    resources: Resources
    moments: Moments
    number: int = 0

    @property
    def tokens(self) -> Any:
        return self.resources.tokens

    def crm(self, key: str) -> httpx.AsyncClient:
        return _client(self.api, "http://concord.example", key)

    def outlook(self, token: str) -> httpx.AsyncClient:
        return _client(self.sandbox, GRAPH, token)

    async def advances(self, seconds: float) -> None:
        """Let time pass for everybody."""
        answer = await self.microsoft.post("/_sandbox/clock", json={"advance_seconds": seconds})
        clock.follow(datetime.fromisoformat(answer.json()["now"]))
        self.tokens.held.clear()

    async def due(self, workspace: str) -> list[tuple[str, str]]:
        """Return what the sweep would ring for."""
        now = clock.now()
        async with Database.transaction(self.resources.db, workspace) as session:
            found = [("collection", each) for _, each in await due_collections(session, now=now, limit=100)]
            timers = await due_timers(session, now=now, limit=1000)
        mine = [timer for timer in timers if timer.workspace_id == workspace and timer.kind in JOBS]
        return found + [(timer.kind, timer.target) for timer in mine]

    async def works(self, workspace: str, *, dies_in: int | None = None) -> bool:
        """Do once what is due, as a worker would; say whether anything was."""
        due = await self.due(workspace)
        for kind, target in due:
            self.moments.left = dies_in
            try:
                await jobs.work({"resources": self.resources}, kind, workspace, target)
            except Killed:
                return True
            finally:
                self.moments.left = None
        return bool(due)


def _client(app: Any, url: str, key: str | None = None) -> httpx.AsyncClient:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=url, headers=headers, timeout=60)


@asynccontextmanager
async def staged(settings: Settings) -> AsyncIterator[Stage]:
    """Open everything, for as many worlds as one likes."""
    settings = settings.model_copy(update=OURS)
    world = Microsoft()
    world.found = lambda: found(world, Registration())
    sandbox, api, moments = create_sandbox(world), create_app(settings), Moments()
    database = MortalDatabase(settings.database_url)
    database.moments = moments
    graph_http = httpx.AsyncClient(transport=Wire(sandbox, moments), timeout=60)
    operator = _client(api, "http://concord.example", settings.operator_key.get_secret_value())
    async with (
        opened(settings) as handles,
        api.router.lifespan_context(api),
        _client(sandbox, GRAPH) as microsoft,
        graph_http,
        operator,
    ):
        await microsoft.post("/_sandbox/settings", json={"notifications": False})
        resources = replace(
            handles,
            db=database,
            graph=Graph(graph_http, permits=Permits(handles.redis), base_url=GRAPH),
            tokens=Tokens(handles.tokens.microsoft, microsoft),
        )
        yield Stage(operator, api, microsoft, sandbox, resources, moments)
    await database.close()
    world.close()
