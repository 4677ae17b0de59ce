"""SQL of effects: what was deleted, created or cleared within the breaker's window, and by which run."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Effect
from app.sync.breaker import Kind


class Effects:
    """The effects of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def done(self, collection_id: str, *, side: str, kind: Kind, since: datetime) -> int:
        """Return how many of a kind were done on one side since then, and not approved by anybody."""
        query = select(func.coalesce(func.sum(Effect.number), 0)).where(
            Effect.workspace_id == self.workspace,
            Effect.collection_id == collection_id,
            Effect.side == side,
            Effect.kind == kind,
            Effect.at > since,
            Effect.approved.is_(False),
        )
        return int(await self.session.scalar(query) or 0)

    async def deleted_by(self, run_id: str) -> Sequence[str]:
        """Return the records that a run deleted, on whichever side."""
        query = select(Effect.record_id).where(
            Effect.workspace_id == self.workspace,
            Effect.run_id == run_id,
            Effect.kind == Kind.DELETIONS,
            Effect.record_id.is_not(None),
        )
        found = await self.session.scalars(query.distinct().order_by(Effect.record_id))
        return [record_id for record_id in found if record_id is not None]
