"""The people who work with this CRM, and how each one's Outlook is connected, as Concord tells it."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from sandbox.crm.concord import Concord, Json

FRESH_SECONDS = 0.8
GONE = {"disconnecting", "disconnected"}


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str
    mail: str


USERS = (
    User("agent-1", "Adele Vance", "adele@contoso.example"),
    User("agent-2", "Ben Walters", "ben@contoso.example"),
    User("agent-3", "Chris Green", "chris@contoso.example"),
    User("agent-4", "Dana Swope", "dana@outlook.example"),
)


@dataclass(frozen=True, slots=True)
class Card:
    """One user, their connection and its latest run; without a connection they can make one."""

    user: User
    connection: Json | None = None
    run: Json | None = None

    @property
    def contacts(self) -> Json:
        """How the sync of contacts stands."""
        entities: Json = (self.connection or {}).get("entities", {})
        return dict(entities.get("contacts", {}))

    @property
    def problem(self) -> Json | None:
        """What stands in the way, the connection's trouble before that of its contacts."""
        return (self.connection or {}).get("problem") or self.contacts.get("problem")

    @property
    def running(self) -> bool:
        return self.run is not None and self.run["status"] in {"queued", "running"}

    @property
    def percent(self) -> int | None:
        progress = self.run["progress"] if self.run else {}
        total = progress.get("total")
        return None if not total else min(100, 100 * int(progress["done"]) // int(total))


class Desk:
    def __init__(self, concord: Concord, *, home: str) -> None:
        self._concord, self._home = concord, home
        self._cards: list[Card] = []
        self._seen_at = float("-inf")

    async def cards(self) -> list[Card]:
        """Return everybody's card, at most a moment old. Raises ConcordSilentError or ConcordRefusedError."""
        if time.monotonic() - self._seen_at > FRESH_SECONDS:
            self._seen_at = time.monotonic()
            page = await self._concord.call("GET", "/v1/connections", params={"limit": 200})
            alive = {one["user"]: one for one in page["data"] if one["status"] not in GONE}
            self._cards = list(
                await asyncio.gather(*(self._card(user, alive.get(user.id)) for user in USERS))
            )
        return self._cards

    def owner_of(self, connection: str) -> str | None:
        """Return whose connection this is, as far as we have seen."""
        return next(
            (card.user.name for card in self._cards if (card.connection or {}).get("id") == connection), None
        )

    async def connect(self, user: str) -> str:
        """Return where the user's browser goes to sign in at Microsoft, for the first time or again."""
        known = await self._connection(user)
        back: dict[str, Any] = {"entities": ["contacts"], "return_url": f"{self._home}/connected"}
        if known is not None and known["status"] != "pending":
            path = f"/v1/connections/{known['id']}/reconnect"
            return str((await self._concord.call("POST", path, json=back))["authorize_url"])
        hint = next((one.mail for one in USERS if one.id == user), None)
        wish = {"user": user, "login_hint": hint, **back}
        made = await self._concord.call("POST", "/v1/connections", json=wish)
        return str(made["authorize_url"])

    async def confirm(self, user: str, *, account: str) -> None:
        await self._concord.call("POST", f"{await self._path(user)}/confirm", json={"account": account})

    async def disconnect(self, user: str) -> None:
        await self._concord.call("DELETE", await self._path(user), params={"crm_data": "keep"})

    async def sync(self, user: str, *, direction: str = "both") -> None:
        wanted = {"direction": direction}
        await self._concord.call("POST", f"{await self._path(user)}/sync/contacts", json=wanted)

    async def settings(self, user: str) -> Json:
        return await self._concord.call("GET", f"{await self._path(user)}/settings/contacts")

    async def choose(self, user: str, choices: Json) -> None:
        await self._concord.call("PATCH", f"{await self._path(user)}/settings/contacts", json=choices)

    def look_again(self) -> None:
        """Something was done: what we saw is old."""
        self._seen_at = float("-inf")

    async def _card(self, user: User, connection: Json | None) -> Card:
        if connection is None:
            return Card(user)
        latest = {"connection": connection["id"], "entity": "contacts", "limit": 1}
        runs = (await self._concord.call("GET", "/v1/runs", params=latest))["data"]
        return Card(user, connection, runs[0] if runs else None)

    async def _connection(self, user: str) -> Json | None:
        page = await self._concord.call("GET", "/v1/connections", params={"user": user})
        return next((one for one in page["data"] if one["status"] not in GONE), None)

    async def _path(self, user: str) -> str:
        known = await self._connection(user)
        if known is None:
            raise LookupError(f"{user} is not connected.")
        return f"/v1/connections/{known['id']}"
