"""Spread a record that moved: to every mailbox it belongs in, as a hint that something may be owed.

Nothing is decided here. A link is made or made due, its collection rung; what is really owed is derived by
whoever holds the collection's lease.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.ids import new_id
from app.models import Collection, Connection, Link, Owner, Record
from app.sync.bulk import Row
from app.sync.collections import Collections
from app.sync.links import Links

RESTING = ("unmatched", "severed", "ignored")


async def spread(
    session: AsyncSession, record_ids: Sequence[str], *, now: datetime, skip: Iterable[str] = ()
) -> None:
    """Make the links these records lack, and make due the ones they have, but for those in ``skip``.

    Called by whoever moved a record's document, owners or deletion, in the same transaction, with the
    records locked.
    """
    if not record_ids:
        return
    links, left_out = Links(session), set(skip)
    known = [link for link in await links.of_records(record_ids) if link.state not in RESTING]
    due = [link for link in known if link.id not in left_out]
    await links.set_due([link.id for link in due], now=now)
    fresh = await _missing(session, record_ids, now=now)
    await links.insert(fresh)
    rung = {link.collection_id for link in due} | {str(row["collection_id"]) for row in fresh}
    await Collections(session).ring(await _sending(session, rung), now=now)


async def revive(session: AsyncSession, record_ids: Sequence[str], *, now: datetime) -> None:
    """Want these records again where a removal had ended their links: after a restore, or a new owner."""
    await Links(session).move(
        Link.record_id.in_(list(record_ids)),
        Link.state.in_(("removed_there", "removed_by_us")),
        state="wanted", generation=Link.generation + 1, item_id=None, etag=None, graph_had=None,
        graph_means={}, attempt=None, gone_at=None, due_at=now,
    )  # fmt: skip
    await Links(session).move(
        Link.record_id.in_(list(record_ids)),
        Link.state == "severed",
        Link.item_id.is_not(None),
        state="linked",
    )
    await spread(session, record_ids, now=now)


async def want_all(session: AsyncSession, collection: Collection, *, now: datetime) -> int:
    """Make the links that a collection just matched still lacks; return how many. Nothing is rung."""
    fresh: list[Row] = await _missing(session, None, now=now, collection_id=collection.id)
    await Links(session).insert(fresh)
    return len(fresh)


async def _missing(
    session: AsyncSession,
    record_ids: Sequence[str] | None,
    *,
    now: datetime,
    collection_id: str | None = None,
) -> list[Row]:
    """Return rows for the links that owners' sending collections lack."""
    workspace: str = session.info["workspace"]
    linked = exists().where(
        Link.workspace_id == workspace,
        Link.connection_id == Collection.connection_id,
        Link.entity == Record.entity,
        Link.record_id == Record.record_id,
    )
    query = (
        select(Record.record_id, Record.entity, Collection.id, Collection.connection_id)
        .join(Owner, (Owner.workspace_id == workspace) & (Owner.record_id == Record.record_id))
        .join(Connection, (Connection.workspace_id == workspace) & (Connection.user == Owner.user))
        .join(
            Collection,
            (Collection.workspace_id == workspace)
            & (Collection.connection_id == Connection.id)
            & (Collection.entity == Record.entity),
        )
        .where(Record.workspace_id == workspace, Record.deleted_at.is_(None), Collection.sends, ~linked)
    )
    if record_ids is not None:
        query = query.where(Record.record_id.in_(list(record_ids)), Collection.matched_at.is_not(None))
    if collection_id is not None:
        query = query.where(Collection.id == collection_id)
    return [
        {
            "id": new_id("lnk", now), "connection_id": connection, "entity": entity,
            "collection_id": collection, "record_id": record, "role": "main", "born": "crm",
            "state": "wanted", "generation": 1,
            "graph_means": {}, "shape": 0, "seen_round": 0, "failures": 0, "due_at": now,
            "created_at": now, "updated_at": now,
        }
        for record, entity, collection, connection in await session.execute(query)
    ]  # fmt: skip


async def _sending(session: AsyncSession, ids: Iterable[str]) -> list[str]:
    """Leave out collections that send nothing now: they are looked at when they are switched on."""
    wanted = sorted(set(ids))
    if not wanted:
        return []
    query = select(Collection.id).where(
        Collection.workspace_id == session.info["workspace"], Collection.id.in_(wanted), Collection.sends
    )
    return list(await session.scalars(query))
