"""Tokens: sealed at rest, refreshed by one process at a time, the rotated one saved before it is used.

Microsoft does not void a refresh token by its use, so a process that dies between the answer and the save
locks nobody out; whoever comes next refreshes with the one that is stored.
https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database
from app.errors import Interruption, Refused, Unavailable
from app.graph.auth import Grant, Microsoft
from app.graph.entra import Application
from app.models import Token
from app.security.seal import KeyRing
from app.sync.connections import Connections
from app.sync.microsoft_apps import MicrosoftApps
from app.sync.standing import refused

MARGIN: Final = timedelta(minutes=5)
LAST_MOMENT: Final = timedelta(seconds=30)
LEASE: Final = timedelta(seconds=45)
PATIENCE: Final = timedelta(seconds=20)
LOOK: Final = timedelta(milliseconds=50)
JUST_REFRESHED: Final = timedelta(seconds=10)
ATTEMPTS: Final = 3


class Tokens:
    """The tokens of the transaction's workspace."""

    def __init__(self, session: AsyncSession, key_ring: KeyRing) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]
        self._key_ring = key_ring

    async def get(self, connection_id: str) -> Token | None:
        """Return a connection's tokens as they are now."""
        return await self.session.get(Token, (self.workspace, connection_id), populate_existing=True)

    async def lease(self, held: Token, *, now: datetime) -> bool:
        """Take the right to refresh these tokens, unless somebody has it or has done it."""
        free = or_(Token.refreshing_until.is_(None), Token.refreshing_until <= now)
        query = update(Token).where(*self._unmoved(held.connection_id, held.version), free)
        return await self._one(query.values(refreshing_until=now + LEASE))

    async def save(self, connection_id: str, grant: Grant, *, version: int, now: datetime) -> bool:
        """Store what a refresh gave, unless the tokens have moved on since."""
        values = self._sealed(connection_id, grant)
        query = update(Token).where(*self._unmoved(connection_id, version))
        return await self._one(query.values(version=version + 1, updated_at=now, **values))

    async def release(self, connection_id: str, *, version: int) -> bool:
        """Give the right to refresh back; answer False where the tokens have moved on."""
        query = update(Token).where(*self._unmoved(connection_id, version))
        return await self._one(query.values(refreshing_until=None))

    async def put(self, connection_id: str, grant: Grant, *, now: datetime) -> None:
        """Store the tokens of a sign-in in place of any earlier ones."""
        values = {"updated_at": now, **self._sealed(connection_id, grant)}
        row = {"workspace_id": self.workspace, "connection_id": connection_id, "version": 1, **values}
        query = insert(Token).values(row)
        query = query.on_conflict_do_update(
            index_elements=["workspace_id", "connection_id"], set_={**values, "version": Token.version + 1}
        )
        await self.session.execute(query)

    async def expire(self, connection_id: str, *, older_than: datetime) -> None:
        """Forget the access token, but not one that came after the one Microsoft refused."""
        query = update(Token).where(
            Token.workspace_id == self.workspace,
            Token.connection_id == connection_id,
            Token.updated_at < older_than,
        )
        await self.session.execute(query.values(access_token=None, access_expires_at=None))

    async def drop(self, connection_id: str) -> bool:
        """Erase a connection's tokens; say whether there were any."""
        query = delete(Token).where(
            Token.workspace_id == self.workspace, Token.connection_id == connection_id
        )
        return await self._one(query)

    def access_token(self, held: Token) -> str:
        """Return the access token in the clear."""
        sealed = held.access_token or b""
        return self._key_ring.open(sealed, of=self._identity(held.connection_id, "access")).decode()

    def refresh_token(self, held: Token) -> str:
        """Return the refresh token in the clear."""
        identity = self._identity(held.connection_id, "refresh")
        return self._key_ring.open(held.refresh_token, of=identity).decode()

    def _sealed(self, connection_id: str, grant: Grant) -> dict[str, Any]:
        access = self._key_ring.seal(grant.access_token.encode(), of=self._identity(connection_id, "access"))
        values: dict[str, Any] = {
            "access_token": access, "access_expires_at": grant.expires_at, "refreshing_until": None,
        }  # fmt: skip
        if grant.refresh_token is not None:
            identity = self._identity(connection_id, "refresh")
            values["refresh_token"] = self._key_ring.seal(grant.refresh_token.encode(), of=identity)
        return values

    def _unmoved(self, connection_id: str, version: int) -> list[Any]:
        here = Token.workspace_id == self.workspace, Token.connection_id == connection_id
        return [*here, Token.version == version]

    def _identity(self, connection_id: str, kind: str) -> str:
        return f"token:{self.workspace}:{connection_id}:{kind}"

    async def _one(self, statement: Any) -> bool:
        return (await self.session.execute(statement.returning(Token.connection_id))).first() is not None


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh that this process alone may make: what to make it with."""

    version: int
    refresh_token: str = field(repr=False)
    granted: list[str]
    application: Application | None


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Hands out access tokens of connections, in any number of processes at once."""

    db: Database
    key_ring: KeyRing
    microsoft: Microsoft

    async def access_token(self, workspace: str, connection_id: str, *, now: datetime) -> str:
        """Return a token that is good for some minutes.

        Raises Refused where a person must act, having put the connection into that state; else Unavailable.
        """
        for _ in range(ATTEMPTS):
            found = await self._found(workspace, connection_id, now=now)
            if isinstance(found, str):
                return found
            token = await self._refreshed(workspace, connection_id, found, now=now)
            if token is not None:
                return token
        raise Unavailable("The tokens keep moving.", after=PATIENCE)

    async def refused(self, workspace: str, connection_id: str) -> None:
        """Hear that Microsoft refused the access token: the next one will be fresh."""
        async with self.db.transaction(workspace) as session:
            tokens = Tokens(session, self.key_ring)
            await tokens.expire(connection_id, older_than=clock.now() - JUST_REFRESHED)

    async def _found(self, workspace: str, connection_id: str, *, now: datetime) -> str | Refresh:
        """Return a good token, or the right to get one, waiting while another process has that right."""
        waited = timedelta(0)
        while waited < PATIENCE:
            found = await self._look(workspace, connection_id, now=now + waited)
            if found is not None:
                return found
            await asyncio.sleep(LOOK.total_seconds())
            waited += LOOK
        raise Unavailable("Another process is still refreshing.", after=LEASE)

    async def _look(self, workspace: str, connection_id: str, *, now: datetime) -> str | Refresh | None:
        async with self.db.transaction(workspace) as session:
            tokens = Tokens(session, self.key_ring)
            held = await tokens.get(connection_id)
            if held is None:
                raise Refused("Nobody is signed in.", problem="sign-in-needed")
            left = (held.access_expires_at or now) - now
            if held.access_token is not None and left > MARGIN:
                return tokens.access_token(held)
            if await tokens.lease(held, now=now):
                connection = await Connections(session).get(connection_id)
                application = await MicrosoftApps(session, self.key_ring).serving(self.microsoft)
                granted = connection.granted_scopes if connection is not None else None
                return Refresh(held.version, tokens.refresh_token(held), granted or [], application)
            # Somebody else is refreshing: the old one does as long as it lasts.
            return tokens.access_token(held) if held.access_token is not None and left > LAST_MOMENT else None

    async def _refreshed(
        self, workspace: str, connection_id: str, right: Refresh, *, now: datetime
    ) -> str | None:
        """Refresh, save, and return the new token; None where the tokens have moved on meanwhile."""
        try:
            grant = await self._asked(right, now=now)
        except Refused as refusal:
            await self._dead(workspace, connection_id, right, refusal, now=now)
            return None
        except Interruption:
            async with self.db.transaction(workspace) as session:
                await Tokens(session, self.key_ring).release(connection_id, version=right.version)
            raise
        async with self.db.transaction(workspace) as session:
            tokens = Tokens(session, self.key_ring)
            saved = await tokens.save(connection_id, grant, version=right.version, now=now)
        return grant.access_token if saved else None

    async def _asked(self, right: Refresh, *, now: datetime) -> Grant:
        if right.application is None:
            raise Refused("No Microsoft application is configured.", problem="app-missing")
        return await self.microsoft.refresh(
            right.application, right.refresh_token, granted=right.granted, now=now
        )

    async def _dead(
        self, workspace: str, connection_id: str, right: Refresh, refusal: Refused, *, now: datetime
    ) -> None:
        """Declare the tokens dead, unless a sign-in or another process has replaced them meanwhile."""
        async with self.db.transaction(workspace) as session:
            tokens = Tokens(session, self.key_ring)
            if not await tokens.release(connection_id, version=right.version):
                return
            if refusal.problem == "operator-needed":
                await MicrosoftApps(session, self.key_ring).note_refusal(refusal.reason, now=now)
            await refused(
                session, connection_id, refusal, microsoft=self.microsoft, key_ring=self.key_ring, now=now
            )
        raise refusal
