"""SQL of authorizations: visits to Microsoft's sign-in page, each answered once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.graph.auth import Flow
from app.ids import new_id
from app.models import Authorization, Connection, Route
from app.security.seal import KeyRing
from app.sync.routes import Routes

GOOD_FOR = timedelta(hours=1)
KEPT_FOR = timedelta(days=1)
AUTHORIZATION = "authorization"


class Authorizations:
    """The authorizations of the transaction's workspace; the verifier and the nonce are sealed."""

    def __init__(self, session: AsyncSession, key_ring: KeyRing) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]
        self._key_ring = key_ring

    async def open(
        self, connection: Connection, *, scopes: Sequence[str], now: datetime
    ) -> tuple[Authorization, str]:
        """Make room for a sign-in to this connection; return it with the ``state`` that leads back to it."""
        await self._sweep_out(connection.id, now=now)
        row = Authorization(
            workspace_id=self.workspace, id=new_id("ath", now), connection_id=connection.id, sealed=b"",
            scopes=list(scopes), entities=list(connection.requested), return_url=connection.return_url,
            return_state=connection.return_state, expires_at=now + GOOD_FOR, used_at=None,
        )  # fmt: skip
        self.session.add(row)
        route = Routes(self.session).open(
            AUTHORIZATION, row.id, workspace=self.workspace, expires_at=now + KEPT_FOR
        )
        return row, f"{route}.{self._key_ring.sign(f'state:{route}')}"

    def keep(self, row: Authorization, flow: Flow) -> None:
        """Seal what the answer must match."""
        row.sealed = self._key_ring.seal(orjson.dumps(flow), of=self._identity(row.id))

    def kept(self, row: Authorization) -> Flow:
        """Return what the answer must match."""
        flow: Flow = orjson.loads(self._key_ring.open(row.sealed, of=self._identity(row.id)))
        return flow

    async def use(self, authorization_id: str, *, now: datetime) -> tuple[Authorization | None, bool]:
        """Return the authorization, and whether this is its first use, in time. It can't be used again."""
        query = select(Authorization).where(
            Authorization.workspace_id == self.workspace, Authorization.id == authorization_id
        )
        row = (await self.session.scalars(query.with_for_update())).one_or_none()
        if row is None or row.used_at is not None or row.expires_at <= now:
            return row, False
        row.used_at = now
        return row, True

    async def drop(self, connection_id: str) -> None:
        """Forget every sign-in to a connection, and the routes that lead to them."""
        here = Authorization.workspace_id == self.workspace, Authorization.connection_id == connection_id
        dropped = delete(Authorization).where(*here).returning(Authorization.id)
        ids = list(await self.session.scalars(dropped))
        await self.session.execute(
            delete(Route).where(
                Route.workspace_id == self.workspace, Route.kind == AUTHORIZATION, Route.target.in_(ids)
            )
        )

    async def _sweep_out(self, connection_id: str, *, now: datetime) -> None:
        await Routes(self.session).sweep_out(self.workspace, now=now)
        await self.session.execute(
            delete(Authorization).where(
                Authorization.workspace_id == self.workspace,
                Authorization.connection_id == connection_id,
                Authorization.expires_at < now - KEPT_FOR,
            )
        )

    def _identity(self, authorization_id: str) -> str:
        return f"authorization:{self.workspace}:{authorization_id}"


def route_of(state: str, *, key_ring: KeyRing) -> str | None:
    """Return the route in a ``state`` of ours, or None where somebody else made it up. No query."""
    route, _, signature = state.partition(".")
    return route if route and key_ring.verify(f"state:{route}", signature) else None
