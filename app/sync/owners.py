"""SQL of owners: in whose mailboxes a record belongs. A copy of ``record.extra["owners"]`` for look-ups."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Owner


class Owners:
    """The owners of the transaction's workspace; ``Records.write`` writes them."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def access_of(self, user: str, record_ids: Iterable[str]) -> dict[str, str]:
        """Return the user's access to those of these records that are theirs."""
        query = select(Owner.record_id, Owner.access).where(
            Owner.workspace_id == self.workspace,
            Owner.user == user,
            Owner.record_id.in_(sorted(set(record_ids))),
        )
        return {row.record_id: row.access for row in await self.session.execute(query)}
