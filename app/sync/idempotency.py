"""The SQL of idempotency keys: the first answer to a POST, so that its repetition gets the same.

A key is claimed in a transaction of its own, before the work, and its answer noted in another one after it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import IdempotencyKey

KEPT = timedelta(hours=24)
GIVEN_UP = timedelta(minutes=2)
"""A request that long without an answer was cut off with its process; the next may do the work."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Which request this is: a key counts for one credential and one path."""

    workspace: str
    credential: str
    path: str
    key: str
    body_hash: str

    def identity(self) -> dict[str, str]:
        """Return the row's primary key."""
        return {
            "workspace_id": self.workspace,
            "credential_id": self.credential,
            "path": self.path,
            "key": self.key,
        }


class IdempotencyKeys:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def claim(self, claim: Claim, *, now: datetime) -> IdempotencyKey | None:
        """Take the key for this request; return the earlier request's row where there is one."""
        await self.session.execute(
            delete(IdempotencyKey).where(
                IdempotencyKey.workspace_id == claim.workspace, IdempotencyKey.expires_at <= now
            )
        )
        values = {"body_hash": claim.body_hash, "claimed_at": now, "expires_at": now + KEPT}
        taken = insert(IdempotencyKey).values(**claim.identity(), **values)
        given_up = (IdempotencyKey.status.is_(None)) & (IdempotencyKey.claimed_at <= now - GIVEN_UP)
        query = taken.on_conflict_do_update(
            index_elements=list(claim.identity()), set_=values, where=given_up
        ).returning(IdempotencyKey.key)
        if (await self.session.execute(query)).first() is not None:
            return None
        first = await self.session.scalar(select(IdempotencyKey).filter_by(**claim.identity()))
        return first or await self.claim(claim, now=now)  # none: it was given back this very moment

    async def answered(self, claim: Claim, *, status: int, headers: dict[str, str], body: str | None) -> None:
        """Note the answer, for whoever repeats the request."""
        note: dict[str, Any] = {"status": status, "headers": headers, "body": body}
        await self.session.execute(update(IdempotencyKey).filter_by(**claim.identity()).values(**note))

    async def release(self, claim: Claim) -> None:
        """Give the key back: the request came to nothing, and may be made again."""
        await self.session.execute(delete(IdempotencyKey).filter_by(**claim.identity()))
