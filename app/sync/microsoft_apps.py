"""SQL of Microsoft applications, and which one serves a workspace."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.graph.auth import Microsoft
from app.graph.entra import Application
from app.models import MicrosoftApp
from app.security.seal import KeyRing


class MicrosoftApps:
    """The Microsoft application of the transaction's workspace, if it has one of its own."""

    def __init__(self, session: AsyncSession, key_ring: KeyRing) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]
        self._key_ring = key_ring

    async def own(self) -> MicrosoftApp | None:
        """Return the workspace's own application as it was configured."""
        return await self.session.get(MicrosoftApp, self.workspace, populate_existing=True)

    async def serving(self, microsoft: Microsoft) -> Application | None:
        """Return the application that people of this workspace sign in to: its own, or the deployment's."""
        row = await self.own()
        return microsoft.default if row is None else self.opened(row)

    def opened(self, row: MicrosoftApp) -> Application:
        """Return an application with its secret or key in the clear."""
        proof = orjson.loads(self._key_ring.open(row.sealed, of=self._identity))
        return Application(row.client_id, row.tenant, row.cloud, **proof)

    async def put(self, application: Application, *, now: datetime, **values: Any) -> None:
        """Store an application in place of any earlier one; its proof is sealed."""
        proof = {
            "secret": application.secret,
            "certificate_pem": application.certificate_pem,
            "private_key_pem": application.private_key_pem,
        }
        row = {
            "workspace_id": self.workspace, "client_id": application.client_id,
            "tenant": application.tenant, "cloud": application.cloud,
            "sealed": self._key_ring.seal(orjson.dumps(proof), of=self._identity),
            "updated_at": now, **values,
        }  # fmt: skip
        query = insert(MicrosoftApp).values(row)
        changed = {name: query.excluded[name] for name in row if name != "workspace_id"}
        await self.session.execute(query.on_conflict_do_update(index_elements=["workspace_id"], set_=changed))

    async def note_refusal(self, reason: str, *, now: datetime) -> None:
        """Note that Microsoft refused the workspace's own application, if it has one."""
        refused = [{"check": "credential", "ok": False, "detail": reason}]
        query = update(MicrosoftApp).where(MicrosoftApp.workspace_id == self.workspace)
        await self.session.execute(query.values(state="invalid", checks=refused, updated_at=now))

    async def drop(self) -> None:
        """Forget the workspace's own application."""
        await self.session.execute(delete(MicrosoftApp).where(MicrosoftApp.workspace_id == self.workspace))

    @property
    def _identity(self) -> str:
        return f"microsoft_app:{self.workspace}"
