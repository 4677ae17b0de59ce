"""A running sandbox, and people with Outlook open: real HTTP, nothing of the sandbox is replaced."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from mailboxes import PLAIN
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.founding import Registration, found
from sandbox.graph.exchange import Exchange
from sandbox.main import create_app
from sandbox.serving import Door, Server
from sandbox.world import World

SCOPES = ["User.Read", "Contacts.ReadWrite", "Calendars.ReadWrite", "Tasks.ReadWrite"]
MARK = "String {c9a3b2f0-5d1e-4b7a-9a64-0c7f5a1d2e30} Name concordLink"
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


class Outlook(httpx.AsyncClient):
    """A person's own client of Graph."""

    async def made(self, path: str = "me/contacts", **body: Any) -> dict[str, Any]:
        answer = await self.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def read(self, url: str, **headers: str) -> dict[str, Any]:
        answer = await self.get(url, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def round(self, url: str, *, size: int = 200, **headers: str) -> tuple[list[dict[str, Any]], str]:
        """Follow a delta round to its end; return its rows and the deltaLink."""
        prefer = ", ".join(
            [f"odata.maxpagesize={size}", *([headers["Prefer"]] if "Prefer" in headers else [])]
        )
        rows: list[dict[str, Any]] = []
        while True:
            page = await self.read(url, Prefer=prefer)
            rows += page["value"]
            assert ("@odata.nextLink" in page) is not ("@odata.deltaLink" in page)
            if "@odata.deltaLink" in page:
                return rows, page["@odata.deltaLink"]
            url = page["@odata.nextLink"]

    async def batch(self, *items: dict[str, Any]) -> dict[str, dict[str, Any]]:
        answer = await self.post("$batch", json={"requests": items})
        assert answer.status_code == 200, answer.text
        return {reply["id"]: reply for reply in answer.json()["responses"]}


@dataclass
class Stage:
    """The sandbox, its controls, and its world for what no control shows."""

    world: World
    url: str
    controls: httpx.AsyncClient

    @property
    def exchange(self) -> Exchange:
        return self.world.exchange

    async def control(self, name: str, **body: Any) -> Any:
        answer = await self.controls.post(f"/_sandbox/{name}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def outlook(
        self, mail: str = "adele@contoso.example", *, scopes: list[str] = SCOPES, **headers: str
    ) -> Outlook:
        token = (await self.control("tokens", mail=mail, scopes=scopes))["access_token"]
        return self.client(token, **headers)

    def client(self, token: str | None, **headers: str) -> Outlook:
        authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
        return Outlook(base_url=f"{self.url}/v1.0/", headers={**authorization, **headers}, **PLAIN)

    async def fault(self, fault: dict[str, Any], **order: Any) -> None:
        await self.control("faults", fault=fault, **order)

    async def advance(self, **period: float) -> None:
        await self.control("clock", advance_seconds=timedelta(**period).total_seconds())

    def subscriptions(self) -> list[dict[str, Any]]:
        """Return what is kept of every subscription."""
        return [body for kind, body in self.world._snapshot() if kind == "subscription.kept"]

    def rebuild(self) -> None:
        """Forget everything and read it back from what a shortened log would hold; time goes on."""
        parts = [part for part in self.world._parts if part is not self.world.clock]
        rows = [row for part in parts for row in part.snapshot()]
        for part in parts:
            part.clear()
        for kind, body in rows:
            self.world._appliers[kind](body)

    async def journal(self, mail: str = "adele@contoso.example", *, after: int = 0) -> list[dict[str, Any]]:
        answer = await self.controls.get("/_sandbox/journal", params={"mail": mail, "after": after})
        return answer.json()["entries"]

    async def mark(self, mail: str = "adele@contoso.example") -> int:
        entries = await self.journal(mail)
        return entries[-1]["seq"] if entries else 0


@asynccontextmanager
async def staged(folder: Path | None = None) -> AsyncIterator[Stage]:
    """Serve a world on a free port until the block ends."""
    world = World(folder)
    world.found = lambda: found(world, Registration())
    config = uvicorn.Config(
        create_app(world), host="127.0.0.1", port=0, http=Door, log_level="warning", lifespan="on",
        server_header=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    try:
        async with (
            serving(config) as url,
            httpx.AsyncClient(base_url=url, **PLAIN) as controls,
        ):
            yield Stage(world, url, controls)
    finally:
        world.close()


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a refusal in Graph's shape, and check the shape."""
    error = answer.json()["error"]
    assert error["message"]
    inner = error["innerError"]
    assert inner["request-id"] == answer.headers["request-id"]
    assert inner["client-request-id"] == answer.headers["client-request-id"]
    assert inner["date"]
    return answer.status_code, error["code"]


@dataclass
class Listener:
    """An endpoint for notifications that answers as it is told to, and remembers what it was sent."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    delay: float = 0
    echo: Callable[[str], Response] = lambda token: Response(token, media_type="text/plain")
    handshakes: list[str] = field(default_factory=list)
    posts: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)

    @property
    def heard(self) -> list[dict[str, Any]]:
        return [entry for _, entries in self.posts for entry in entries]

    async def answer(self, request: Request) -> Response:
        if (token := request.query_params.get("validationToken")) is not None:
            self.handshakes.append(str(request.url))
            await asyncio.sleep(self.delay)
            return self.echo(token)
        status = self.answers.pop(0) if self.answers else 202
        entries = (await request.json())["value"]
        if status < 300:
            self.posts.append((request.path_params["path"], entries))
        await asyncio.sleep(self.delay)
        return Response(status_code=status)

    async def hears(self, count: int, *, within: float = 5) -> list[dict[str, Any]]:
        """Wait until that many entries have come, and return all."""
        async with asyncio.timeout(within):
            while len(self.heard) < count:  # noqa: ASYNC110 — seen from outside, as by any client
                await asyncio.sleep(0.01)
        return self.heard

    async def hears_nothing_more(self, *, within: float = 0.25) -> None:
        before = len(self.heard)
        await asyncio.sleep(within)
        assert len(self.heard) == before, self.heard[before:]


@dataclass
class Switchboard:
    """One server for every listener of a session: each has a path of its own, and hears nothing of the others."""

    url: str = ""
    listeners: dict[str, Listener] = field(default_factory=dict)

    def listener(self) -> Listener:
        key = uuid.uuid4().hex
        self.listeners[key] = Listener(url=f"{self.url}/{key}")
        return self.listeners[key]

    async def answer(self, request: Request) -> Response:
        return await self.listeners[request.path_params["key"]].answer(request)


@asynccontextmanager
async def listening() -> AsyncIterator[Switchboard]:
    """Serve listeners on a free port until the block ends."""
    board = Switchboard()
    app = Starlette(routes=[Route("/{key}{path:path}", board.answer, methods=["POST"])])
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    async with serving(config) as board.url:
        yield board


@asynccontextmanager
async def serving(config: uvicorn.Config) -> AsyncIterator[str]:
    server = Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 — uvicorn has nothing to wait for
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
