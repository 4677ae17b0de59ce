"""Who may be whom: the records and items that a match looks at, and nothing more."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Link, Owner, Record
from app.records import Fields

MOST: Final = 50
"""Of people who share an address, as many are explained."""


class Candidates:
    """Queries over records and links of the transaction's workspace, for matching."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def documents(self, record_ids: Collection[str]) -> dict[str, Fields]:
        """Return the documents of these records, but for deleted ones."""
        query = select(Record.record_id, Record.doc).where(
            Record.workspace_id == self.workspace,
            Record.record_id.in_(list(record_ids)),
            Record.deleted_at.is_(None),
        )
        return {row[0]: row[1] for row in await self.session.execute(query)}

    async def records(
        self, *, user: str, connection_id: str, entity: str, addresses: Collection[str] | None
    ) -> dict[str, Fields]:
        """Return the documents of the user's records without an item here; with an address, if given.

        What is linked is subtracted in memory, so that no plan made on stale statistics can go wrong.
        """
        query = select(Record.record_id, Record.doc).join(
            Owner, (Owner.workspace_id == self.workspace) & (Owner.record_id == Record.record_id)
        )
        query = query.where(
            Record.workspace_id == self.workspace,
            Record.entity == entity,
            Record.deleted_at.is_(None),
            Owner.user == user,
        )
        if addresses is not None:
            query = query.where(holds(Record.doc["emails"], addresses))
        found = {row.record_id: row.doc for row in await self.session.execute(query)}
        taken = await self._taken(connection_id, None if addresses is None else found)
        return {record_id: doc for record_id, doc in found.items() if record_id not in taken}

    async def any_record(self, *, user: str, connection_id: str, entity: str) -> bool:
        """Say whether the user has any record without an item here."""
        owned = select(Owner.record_id).join(
            Record, (Record.workspace_id == self.workspace) & (Record.record_id == Owner.record_id)
        )
        owned = owned.where(
            Owner.workspace_id == self.workspace,
            Owner.user == user,
            Record.entity == entity,
            Record.deleted_at.is_(None),
        )
        return bool(set(await self.session.scalars(owned)) - await self._taken(connection_id, None))

    async def _taken(self, connection_id: str, among: Collection[str] | None) -> set[str]:
        """Return the records that have an item here, or a create under way."""
        query = select(Link.record_id).where(
            Link.workspace_id == self.workspace,
            Link.connection_id == connection_id,
            Link.record_id.is_not(None),
            ~((Link.state == "wanted") & Link.attempt.is_(None)),
        )
        if among is not None:
            query = query.where(Link.record_id.in_(list(among)))
        return {record_id for record_id in await self.session.scalars(query) if record_id is not None}

    async def unmatched_items(self, collection_id: str, *, addresses: Collection[str]) -> Sequence[Link]:
        """Return unmatched items of a collection that hold one of these addresses."""
        query = select(Link).where(
            Link.workspace_id == self.workspace,
            Link.collection_id == collection_id,
            Link.state == "unmatched",
            holds(Link.graph_had["emailAddresses"], addresses),
        )
        return (await self.session.scalars(query)).all()

    async def with_address(self, entity: str, address: str, *, since: datetime) -> Sequence[Record]:
        """Return the records that hold this address, also those deleted since this time."""
        query = select(Record).where(
            Record.workspace_id == self.workspace,
            Record.entity == entity,
            or_(Record.deleted_at.is_(None), Record.deleted_at > since),
            holds(Record.doc["emails"], [address]),
        )
        return (await self.session.scalars(query.order_by(Record.record_id).limit(MOST))).all()

    async def unknown_items(self, connection_id: str, entity: str, address: str) -> Sequence[Link]:
        """Return the items of a connection with this address that no record knows."""
        query = select(Link).where(
            Link.workspace_id == self.workspace,
            Link.connection_id == connection_id,
            Link.entity == entity,
            Link.record_id.is_(None),
            holds(Link.graph_had["emailAddresses"], [address]),
        )
        return (await self.session.scalars(query.order_by(Link.id).limit(MOST))).all()


def holds(emails: ColumnElement[Any], addresses: Collection[str]) -> ColumnElement[bool]:
    """Say whether a JSON list of e-mails has one of these addresses, compared without case."""
    each = func.jsonb_array_elements(func.coalesce(emails, literal_column("'[]'::jsonb"))).table_valued(
        "value", name="email"
    )
    address = func.lower(func.jsonb_extract_path_text(each.c.value.cast(JSONB), "address"))
    return exists(select(1).select_from(each).where(address.in_([a.casefold() for a in addresses])))
