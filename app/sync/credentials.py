"""The SQL of credentials: keys that open a workspace, known by their hashes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.ids import new_id
from app.models import Credential, Workspace
from app.security.keys import hash_of, new_secret


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a secret speaks for, and what its workspace says of requests."""

    key_id: str
    workspace_id: str
    origins: frozenset[str]
    self_management: bool


SAYS: Final = (Workspace.origins, Workspace.self_management)
HOLDER: Final = (
    select(Credential.id, Workspace.id, *SAYS)
    .join(Workspace, Workspace.id == Credential.workspace_id)
    .where(Credential.hash == bindparam("hash"))
)
KEY: Final = exists().where(Credential.workspace_id == Workspace.id, Credential.id == bindparam("key_id"))
ISSUER: Final = select(Workspace.id, *SAYS).where(Workspace.id == bindparam("workspace"))


async def bearer_of(secret: str, *, db: Database) -> Bearer | None:
    """Return whom a key's secret speaks for; asked by every request, so it costs one round trip."""
    async with db.glance() as connection:
        row = (await connection.execute(HOLDER, {"hash": hash_of(secret)})).one_or_none()
    return Bearer(row[0], row[1], frozenset(row[2]), row[3]) if row else None


async def issuer_of(workspace: str, *, key_id: str | None, db: Database) -> Bearer | None:
    """Return the key of a workspace by its id, if it is still there; None: the operator in its place."""
    query, names = (ISSUER, {}) if key_id is None else (ISSUER.where(KEY), {"key_id": key_id})
    async with db.glance() as connection:
        row = (await connection.execute(query, {"workspace": workspace, **names})).one_or_none()
    return Bearer(key_id or "", row[0], frozenset(row[1]), row[2]) if row else None


class Credentials:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def create(self, workspace_id: str, *, name: str, now: datetime) -> tuple[Credential, str]:
        """Make a key; return it with its secret, which nobody can read again."""
        secret = new_secret()
        key = Credential(
            hash=hash_of(secret),
            id=new_id("key", now),
            workspace_id=workspace_id,
            kind="workspace",
            name=name,
            created_at=now,
        )
        self.session.add(key)
        await self.session.flush()
        return key, secret

    async def of_workspace(self, workspace_id: str, *, after: str, limit: int) -> Sequence[Credential]:
        """Return a page of the workspace's keys, the oldest first."""
        query = select(Credential).where(Credential.workspace_id == workspace_id, Credential.id > after)
        return (await self.session.scalars(query.order_by(Credential.id).limit(limit))).all()

    async def delete(self, workspace_id: str, *, key_id: str) -> bool:
        """Delete a key, which ends at once what it opened; say whether there was one."""
        query = delete(Credential).where(Credential.workspace_id == workspace_id, Credential.id == key_id)
        return (await self.session.execute(query.returning(Credential.id))).first() is not None
