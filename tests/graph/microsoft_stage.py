"""The sandbox's controls, and tokens for whoever asks."""
# ruff: noqa: ARG002

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

ADELE = "adele@contoso.example"
SCOPES = ["User.Read", "Contacts.ReadWrite"]


@dataclass
class Microsoft:
    """The sandbox's controls."""

    url: str
    http: httpx.AsyncClient

    async def control(self, name: str, **body: Any) -> Any:
        answer = await self.http.post(f"/_sandbox/{name}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def fault(self, fault: dict[str, Any], *, times: int = 1, skip: int = 0, **match: Any) -> None:
        await self.control("faults", match=match, fault=fault, times=times, skip=skip)

    async def journal(self, mail: str = ADELE) -> list[dict[str, Any]]:
        return (await self.http.get("/_sandbox/journal", params={"mail": mail})).json()["entries"]


@dataclass
class Tokens:
    """Tokens of the sandbox for whoever asks; what was refused is replaced by a good one."""

    microsoft: Microsoft
    mail: str = ADELE
    scopes: list[str] = field(default_factory=lambda: SCOPES)
    token: str | None = None
    refusals: int = 0

    async def access_token(self, workspace: str, connection_id: str, *, now: datetime) -> str:
        if self.token is None:
            given = await self.microsoft.control("tokens", mail=self.mail, scopes=self.scopes)
            self.token = given["access_token"]
        return self.token

    async def refused(self, workspace: str, connection_id: str) -> None:
        self.refusals += 1
        self.token = None
