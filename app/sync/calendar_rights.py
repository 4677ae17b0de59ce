"""What calendars say of who may edit them: a yes is believed for minutes, a no is read anew.

So whoever has just been given the right needn't wait, and whoever lost it keeps it for as long.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import orjson
from redis.exceptions import RedisError

from app.errors import Interruption
from app.graph.calendar_permissions import CalendarPermissions, calendar_permissions
from app.graph.protocol import GraphError
from app.models import Connection
from app.sync.accounts import addresses_of
from app.sync.mailboxes import open_mailbox
from app.sync.resources import Resources

BELIEVED: Final = timedelta(minutes=5)
AT_ONCE: Final = 8

Answer = CalendarPermissions | GraphError | Interruption


class CalendarRights:
    """The permissions of calendars, for one request: each is read at most once."""

    def __init__(self, resources: Resources, workspace: str, *, now: datetime) -> None:
        self._resources = resources
        self._workspace = workspace
        self._now = now
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def remembered(self, calendars: Iterable[str]) -> dict[str, CalendarPermissions]:
        """Return what was read in the last minutes, by connection; nothing while Redis is away."""
        wanted = list(calendars)
        kept: list[bytes | None] = []
        if wanted:
            with suppress(RedisError, OSError):
                kept = await self._resources.redis.mget([self._key(each) for each in wanted])
        known = {each: orjson.loads(text) for each, text in zip(wanted, kept, strict=False) if text}
        return {
            each: CalendarPermissions(told["roles"], told["everybody"])
            for each, told in known.items()
            if timedelta(0) <= self._now - datetime.fromisoformat(told["at"]) < BELIEVED
        }

    async def read(self, calendars: Iterable[str]) -> Mapping[str, Answer]:
        """Ask Microsoft, each mailbox as its owner; what one doesn't tell doesn't stop the others."""
        wanted = list(calendars)
        answers = await asyncio.gather(*(self._read(each) for each in wanted))
        return dict(zip(wanted, answers, strict=True))

    async def _read(self, connection_id: str) -> Answer:
        async with self._turns:
            async with self._resources.db.transaction(self._workspace) as session:
                mailbox = await open_mailbox(self._resources, session, connection_id)
            try:
                found = await calendar_permissions(mailbox)
            except (GraphError, Interruption) as failure:
                return failure
            await self._remember(connection_id, found)
            return found

    async def _remember(self, connection_id: str, found: CalendarPermissions) -> None:
        told = {"at": self._now.isoformat(), "roles": found.roles, "everybody": found.everybody}
        with suppress(RedisError, OSError):
            await self._resources.redis.set(self._key(connection_id), orjson.dumps(told), ex=BELIEVED)

    def _key(self, connection_id: str) -> str:
        return f"calendar-rights:{self._workspace}:{connection_id}"


def may_edit(permissions: CalendarPermissions, editors: Iterable[Connection], *, owner: Connection) -> bool:
    """Say whether any of these mailboxes may edit the owner's calendar."""
    return any(
        permissions.may_edit(addresses, inside=_colleagues(editor, owner))
        for editor in editors
        if (addresses := addresses_of(editor))
    )


def _colleagues(one: Connection, other: Connection) -> bool:
    """Say whether two accounts are of one organisation. Quirk: all personal ones are of one tenant."""
    kinds = {(connection.account or {}).get("kind") for connection in (one, other)}
    return kinds == {"work"} and one.tenant_id is not None and one.tenant_id == other.tenant_id
