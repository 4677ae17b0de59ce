"""The sandbox's Entra at hand: a registered application, people, and both ends of a sign-in."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from sandbox.directory import Person
from sandbox.founding import Registration, found
from sandbox.main import create_app
from sandbox.world import World

CLIENT, SECRET = "5e6f0001-aaaa-4bbb-8ccc-000000000001", "concord's secret"
REDIRECT = "https://concord.example/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SCOPE = "openid profile email offline_access User.Read Contacts.ReadWrite"
ADELE = "adele@contoso.example"
ADMINISTRATED = "lee@fabrikam.example"
PERSONAL = "patti@outlook.example"
GRAPH = "https://graph.microsoft.com/"
DEFAULT = f"{GRAPH}.default"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Entra:
    world: World
    http: httpx.AsyncClient

    async def control(self, name: str, **body: Any) -> Any:
        answer = await self.http.post(f"/_sandbox/{name}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def person(self, mail: str) -> Person:
        person = self.world.person(mail)
        assert person is not None
        return person

    def authorize_url(self, tenant: str = "common", **changes: str | None) -> str:
        asked = {
            "client_id": CLIENT, "response_type": "code", "redirect_uri": REDIRECT, "scope": SCOPE,
            "state": "the state", "nonce": "the nonce", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        } | changes  # fmt: skip
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"http://localhost/{tenant}/oauth2/v2.0/authorize?{query}"

    async def sign_in(
        self,
        mail: str = ADELE,
        *,
        grant: str | list[str] = "all",
        tenant: str = "common",
        **changes: str | None,
    ) -> dict[str, str]:
        """Sign in and return what the application is told."""
        url = self.authorize_url(tenant, **changes)
        location = (await self.control("sign-in", authorize_url=url, mail=mail, grant=grant))["location"]
        return told(location)

    async def token(self, tenant: str = "common", **changes: str | None) -> httpx.Response:
        form = {"client_id": CLIENT, "client_secret": SECRET} | changes
        return await self.http.post(
            f"/{tenant}/oauth2/v2.0/token",
            data={name: value for name, value in form.items() if value is not None},
        )

    async def redeem(self, code: str, *, tenant: str = "common", **changes: str | None) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        }
        return await self.token(tenant, **form | changes)

    async def tokens(self, mail: str = ADELE, **sign_in: Any) -> dict[str, Any]:
        """Go all the way and return the token answer."""
        answer = await self.redeem((await self.sign_in(mail, **sign_in))["code"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refresh(self, token: str, **changes: str | None) -> httpx.Response:
        return await self.token(**{"grant_type": "refresh_token", "refresh_token": token} | changes)

    async def me(self, access_token: str) -> httpx.Response:
        return await self.http.get("/v1.0/me", headers={"Authorization": f"Bearer {access_token}"})

    async def approve(
        self, mail: str = ADMINISTRATED, *, grant: str = "all", **changes: str
    ) -> dict[str, str]:
        """Let an administrator of that person's organisation answer the adminconsent page."""
        asked = {
            "client_id": CLIENT,
            "redirect_uri": REDIRECT,
            "state": "s",
            "scope": DEFAULT,
        } | changes
        tenant = mail.partition("@")[2]
        url = f"http://localhost/{tenant}/v2.0/adminconsent?{urlencode(asked)}"
        return told((await self.control("sign-in", authorize_url=url, mail=mail, grant=grant))["location"])


@asynccontextmanager
async def entra_at_hand(folder: Path | None = None) -> AsyncIterator[Entra]:
    world = World(folder)
    world.found = lambda: found(world, Registration(CLIENT, SECRET, (REDIRECT,)))
    transport = httpx.ASGITransport(create_app(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield Entra(world, http)
    world.close()


def told(location: str) -> dict[str, str]:
    assert location.startswith(REDIRECT), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def scopes_of(answer: dict[str, Any]) -> set[str]:
    return set(answer["scope"].split())


def refusal(answer: httpx.Response) -> tuple[int, str, int]:
    """Return status, error and AADSTS code of a refused token request, and check Microsoft's shape."""
    document = answer.json()
    (code,) = document["error_codes"]
    description = document["error_description"]
    assert description.startswith(f"AADSTS{code}: ")
    assert f"Trace ID: {document['trace_id']}" in description
    assert f"Correlation ID: {document['correlation_id']}" in description
    assert f"Timestamp: {document['timestamp']}" in description
    assert document["error_uri"].endswith(f"code={code}")
    return answer.status_code, document["error"], code


async def outlook(entra: Entra, mail: str = ADELE) -> dict[str, str]:
    token = (await entra.control("tokens", mail=mail, scopes=["Contacts.ReadWrite", "User.Read"]))[
        "access_token"
    ]
    return {"Authorization": f"Bearer {token}"}


async def contacts(entra: Entra, mail: str = ADELE, path: str = "me/contacts") -> list[dict[str, Any]]:
    answer = await entra.http.get(f"/v1.0/{path}", params={"$top": 999}, headers=await outlook(entra, mail))
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]
