"""The API over ASGI, signing people in at a sandbox that is a process of its own, over HTTPS, by MSAL."""

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from applications import running
from mailboxes import PLAIN
from pydantic import SecretStr

from app import clock
from app.config import Settings
from app.dev.services import free_port
from app.sync.resources import Resources

CLIENT_ID, CLIENT_SECRET = "concord-tests", "its secret"
CALLBACK = "http://127.0.0.1:8000/oauth/callback"
numbers = itertools.count(1)


@dataclass
class Microsoft:
    """The sandbox's controls."""

    http: httpx.AsyncClient
    url: str
    authority: str
    ca: str

    async def control(self, name: str, **body: Any) -> Any:
        answer = await self.http.post(f"/_sandbox/{name}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def person(
        self, *, kind: str = "work", mailbox: bool = True, domain: str = "", **tenant: Any
    ) -> str:
        domain = domain or ("outlook.example" if kind == "personal" else f"t{next(numbers)}.example")
        if kind == "work":
            await self.control("tenants", domain=domain, **tenant)
        mail = f"ada{next(numbers)}@{domain}"
        await self.control("users", mail=mail, display_name="Ada Lovelace", mailbox=mailbox, kind=kind)
        return mail

    async def sign_in(self, url: str, mail: str, grant: Any = "all") -> str:
        return (await self.control("sign-in", authorize_url=url, mail=mail, grant=grant))["location"]

    async def advance(self, **time: float) -> None:
        """Move Microsoft's clock and ours."""
        told = await self.control("clock", advance_seconds=timedelta(**time).total_seconds())
        clock.follow(datetime.fromisoformat(told["now"]))

    async def journal(self, mail: str, *, path: str) -> list[dict[str, Any]]:
        told = (await self.http.get("/_sandbox/journal", params={"mail": mail})).json()
        return [entry for entry in told["entries"] if path in entry["path"]]


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[tuple[str, str]]:
    port, tls_port = free_port(), free_port()
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--tls-port", str(tls_port)]
    environment = {"SANDBOX_CLIENT_ID": CLIENT_ID, "SANDBOX_CLIENT_SECRET": CLIENT_SECRET}
    process = subprocess.Popen([*command, "--redirect-uri", CALLBACK], env=os.environ | environment)
    yield f"http://127.0.0.1:{port}", f"https://localhost:{tls_port}"
    process.terminate()
    process.wait(10)


@pytest.fixture
async def microsoft(sandbox_process: tuple[str, str]) -> AsyncIterator[Microsoft]:
    """Microsoft, whose clock is ours."""
    url, authority = sandbox_process
    async with httpx.AsyncClient(base_url=url, **PLAIN) as http:
        for _ in range(400):
            try:
                if (await http.get("/_sandbox/health")).is_success:
                    break
            except httpx.TransportError:
                await asyncio.sleep(0.05)
        ca = (await http.get("/_sandbox/ca")).json()["path"]
        clock.follow(datetime.fromisoformat((await http.get("/_sandbox/clock")).json()["now"]))
        yield Microsoft(http, url, authority, ca)
        await http.delete("/_sandbox/faults")
    clock.follow(datetime.now(UTC))


@pytest.fixture
def microsoft_settings(settings: Settings, microsoft: Microsoft) -> Settings:
    return settings.model_copy(
        update={
            "microsoft_client_id": CLIENT_ID,
            "microsoft_client_secret": SecretStr(CLIENT_SECRET),
            "microsoft_graph_url": microsoft.url,
            "microsoft_authority": microsoft.authority,
            "microsoft_ca": microsoft.ca,
            "microsoft_browser_url": microsoft.url,
        }
    )


@dataclass
class Back:
    """Where a browser ended after a sign-in."""

    location: str

    @property
    def told(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.location).query))


@dataclass
class Office:
    """One workspace's back end, and the browsers of its users."""

    http: httpx.AsyncClient
    microsoft: Microsoft
    resources: Resources
    workspace: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, *, expect: int = 200, **options: Any) -> Any:
        answer = await self.http.request(method, path, headers=self.headers, **options)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def asks(self, login_hint: str | None, *, expect: int = 201, **body: Any) -> Any:
        wish = {"user": "agent-1", "entities": ["contacts"], "login_hint": login_hint, **body}
        return await self.call("POST", "/v1/connections", expect=expect, json=wish)

    async def returns(self, location: str) -> Back:
        """Follow Microsoft's redirect back to us, as the browser does."""
        answer = await self.http.get(location)
        assert answer.status_code == 302, answer.text
        return Back(answer.headers["location"])

    async def signs_in(self, authorize_url: str, mail: str, grant: Any = "all") -> Back:
        return await self.returns(await self.microsoft.sign_in(authorize_url, mail, grant))

    async def connects(self, mail: str, *, grant: Any = "all", **body: Any) -> Any:
        made = await self.asks(mail, **body)
        await self.signs_in(made["authorize_url"], mail, grant)
        return await self.shows(made["id"])

    async def shows(self, connection_id: str) -> Any:
        return await self.call("GET", f"/v1/connections/{connection_id}")

    async def reconnects(self, connection_id: str, mail: str, grant: Any = "all", **body: Any) -> Any:
        again = await self.call("POST", f"/v1/connections/{connection_id}/reconnect", json=body)
        await self.signs_in(again["authorize_url"], mail, grant)
        return await self.shows(connection_id)


@asynccontextmanager
async def running_office(settings: Settings, microsoft: Microsoft) -> AsyncIterator[Any]:
    async with running(settings) as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as http:

            async def found(name: str = "Acme Realty") -> Office:
                key = settings.operator_key.get_secret_value()
                entities = ["contacts", "calendar", "tasks", "mail", "files"]
                made = await http.post(
                    "/v1/workspaces",
                    json={"name": name, "entities": entities},
                    headers={"Authorization": f"Bearer {key}"},
                )
                assert made.status_code == 201, made.text
                secret = made.json()["key"]["secret"]
                resources: Resources = app.state.provided["resources"]
                headers = {"Authorization": f"Bearer {secret}"}
                return Office(http, microsoft, resources, made.json(), headers)

            yield found


@pytest.fixture
async def new_office(microsoft_settings: Settings, microsoft: Microsoft) -> AsyncIterator[Any]:
    async with running_office(microsoft_settings, microsoft) as found:
        yield found


@pytest.fixture
async def office(new_office: Any) -> Office:
    made: Office = await new_office()
    return made


@pytest.fixture
def opened_office() -> Any:
    """Open an API with other settings."""
    return running_office
