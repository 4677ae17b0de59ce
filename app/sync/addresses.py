"""Who has an address: SQL of what explain finds by it."""

from collections.abc import Collection as Many
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Collection, Link, MatchKey, Record
from app.records.evidence import address_key
from app.records.link import LinkState
from app.records.types import record_type
from app.sync.match_keys import MatchKeys

MOST: Final = 50
"""Of people who share an address, and of events that somebody takes part in, as many are explained."""

PEOPLE: Final[Mapping[str, Sequence[str]]] = {
    "contacts": ("emailAddresses", "address"), "calendar": ("attendees", "emailAddress", "address"),
}  # fmt: skip
"""Where an item's wording has addresses: the list, and the way to the address of each of its elements."""


class Addresses:
    """Looks addresses up in the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def with_address(
        self, entity: str, address: str, *, user: str, since: datetime
    ) -> Sequence[Record]:
        """Return the records with this address, the user's first, also those deleted since this time.

        The living are found by their keys. Deleted ones have none, but an index of their own.
        """
        people = record_type(entity).people
        if people is None:
            return []
        alive = await MatchKeys(self.session).holders(entity, address_key(address), user=user, limit=MOST)
        query = (
            select(Record)
            .where(Record.workspace_id == self.workspace, Record.entity == entity)
            .order_by(Record.record_id)
            .limit(MOST)
        )
        living = query.where(Record.record_id.in_(alive), Record.deleted_at.is_(None))
        gone = query.where(Record.deleted_at > since, holds(Record.doc[people], [address]))
        found = [record for each in (living, gone) for record in await self.session.scalars(each)]
        return sorted(found[:MOST], key=lambda record: record.record_id)

    async def unknown_items(self, connection_id: str, entity: str, address: str) -> Sequence[Link]:
        """Return the items of a connection with this address that no record knows.

        Those that may yet be somebody's are found by their keys, the few that are left alone by their state.
        """
        if entity not in PEOPLE:
            return []
        query = (
            select(Link)
            .where(
                Link.workspace_id == self.workspace,
                Link.connection_id == connection_id,
                Link.entity == entity,
                Link.record_id.is_(None),
            )
            .order_by(Link.id)
            .limit(MOST)
        )
        with_key = select(MatchKey.id).where(
            MatchKey.workspace_id == self.workspace,
            MatchKey.entity == entity,
            MatchKey.key == address_key(address),
            MatchKey.side == "item",
        )
        here = select(Collection.id).where(
            Collection.workspace_id == self.workspace, Collection.connection_id == connection_id
        )
        name, *path = PEOPLE[entity]
        alone = query.where(
            Link.collection_id.in_(here),
            Link.state == LinkState.IGNORED,
            holds(Link.graph_had[name], [address], path=path),
        )
        waiting = query.where(Link.id.in_(with_key), Link.state != LinkState.IGNORED)
        found = [link for each in (waiting, alone) for link in await self.session.scalars(each)]
        return sorted(found, key=lambda link: link.id)[:MOST]


def holds(
    people: ColumnElement[Any], addresses: Many[str], *, path: Sequence[str] = ("address",)
) -> ColumnElement[bool]:
    """Say whether a JSON list of people has one of these addresses, compared without case."""
    each = func.jsonb_array_elements(func.coalesce(people, literal_column("'[]'::jsonb"))).table_valued(
        "value", name="person"
    )
    address = func.lower(func.jsonb_extract_path_text(each.c.value.cast(JSONB), *path))
    return exists(select(1).select_from(each).where(address.in_([a.casefold() for a in addresses])))
