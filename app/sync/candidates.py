"""Who may be whom: the records and items that a match looks at, and nothing more."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Link, Owner, Record
from app.records import Fields


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
    ) -> Sequence[tuple[str, Fields]]:
        """Return (id, document) of the user's records without an item here; with an address, if given."""
        taken = exists().where(
            Link.workspace_id == self.workspace,
            Link.connection_id == connection_id,
            Link.record_id == Record.record_id,
            ~((Link.state == "wanted") & Link.attempt.is_(None)),
        )
        query = (
            select(Record.record_id, Record.doc)
            .join(Owner, (Owner.workspace_id == self.workspace) & (Owner.record_id == Record.record_id))
            .where(
                Record.workspace_id == self.workspace,
                Record.entity == entity,
                Record.deleted_at.is_(None),
                Owner.user == user,
                ~taken,
            )
        )
        if addresses is not None:
            query = query.where(_holds(Record.doc["emails"], addresses))
        return [(record_id, doc) for record_id, doc in await self.session.execute(query)]

    async def unmatched_items(self, collection_id: str, *, addresses: Collection[str]) -> Sequence[Link]:
        """Return unmatched items of a collection that hold one of these addresses."""
        query = select(Link).where(
            Link.workspace_id == self.workspace,
            Link.collection_id == collection_id,
            Link.state == "unmatched",
            _holds(Link.graph_had["emailAddresses"], addresses),
        )
        return (await self.session.scalars(query)).all()


def _holds(emails: ColumnElement[Any], addresses: Collection[str]) -> ColumnElement[bool]:
    """Say whether a JSON list of e-mails has one of these addresses, compared without case."""
    each = func.jsonb_array_elements(func.coalesce(emails, literal_column("'[]'::jsonb"))).table_valued(
        "value", name="email"
    )
    address = func.lower(func.jsonb_extract_path_text(each.c.value.cast(JSONB), "address"))
    return exists(select(1).select_from(each).where(address.in_([a.casefold() for a in addresses])))
