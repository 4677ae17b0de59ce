"""Spread a record that moved: to every mailbox it belongs in, as a hint that something may be owed.

Nothing is decided here. A link is made or made due, its collection rung; what is really owed is derived by
whoever holds the collection's lease.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.ids import new_id
from app.models import Collection, Connection, Link, Owner, Record
from app.records.reasons import Reason
from app.sync.bulk import Row
from app.sync.collections import Collections
from app.sync.decisions import deciding
from app.sync.links import Links, Standing

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
    known, places = await _reach(session, record_ids)
    due = [link for link in known if link.id not in left_out and link.state not in RESTING]
    if due:
        await links.set_due([link.id for link in due], now=now)
    fresh = _lacking(places, {(link.connection_id, link.record_id) for link in known}, now=now)
    await links.insert(fresh)
    rung = {link.collection_id for link in due} | {str(row["collection_id"]) for row in fresh}
    Collections(session).ring(await _sending(session, rung), now=now)


async def revive(session: AsyncSession, record_ids: Sequence[str], *, now: datetime) -> None:
    """Want these records again where a removal had ended their links: after a restore, or a new owner."""
    await Links(session).move(
        Link.record_id.in_(list(record_ids)),
        Link.state.in_(("removed_there", "removed_by_us")),
        state="wanted", generation=Link.generation + 1, item_id=None, etag=None, graph_had=None,
        graph_means={}, attempt=None, gone_at=None, due_at=now, **deciding(Reason.RESTORED, now=now),
    )  # fmt: skip
    await Links(session).move(
        Link.record_id.in_(list(record_ids)), Link.state == "severed", Link.item_id.is_not(None),
        state="linked", **deciding(Reason.RESTORED, now=now),
    )  # fmt: skip
    await spread(session, record_ids, now=now)


async def want_all(session: AsyncSession, collection: Collection, *, now: datetime) -> int:
    """Make the links that a collection just matched still lacks; return how many. Nothing is rung."""
    places = await _places(session, Collection.id == collection.id)
    known = await Links(session).record_ids(collection.connection_id, collection.entity)
    fresh = _lacking(places, {(collection.connection_id, record_id) for record_id in known}, now=now)
    await Links(session).insert(fresh)
    return len(fresh)


@dataclass(frozen=True, slots=True)
class Place:
    """A sending collection in which a record belongs, by its owners."""

    record_id: str
    entity: str
    collection_id: str
    connection_id: str


async def _reach(session: AsyncSession, record_ids: Sequence[str]) -> tuple[list[Standing], list[Place]]:
    """Return the links that records have and the places where living ones belong, in one look."""
    values = {"workspace": session.info["workspace"], "ids": sorted(set(record_ids))}
    known, places = [], []
    for link_id, connection, collection, record_id, word in await session.execute(REACH, values):
        if link_id is None:
            places.append(Place(record_id, word, collection, connection))
        else:
            known.append(Standing(link_id, connection, collection, record_id, word))
    return known, places


REACH: Final = text("""
SELECT l.id, l.connection_id, l.collection_id, l.record_id, l.state AS word FROM links AS l
WHERE l.workspace_id = :workspace AND l.record_id = ANY(:ids)
UNION ALL
SELECT NULL, c.connection_id, c.id, r.record_id, r.entity
FROM records AS r
JOIN owners AS o ON o.workspace_id = :workspace AND o.record_id = r.record_id
JOIN connections AS n ON n.workspace_id = :workspace AND n."user" = o."user"
JOIN collections AS c ON c.workspace_id = :workspace AND c.connection_id = n.id AND c.entity = r.entity
WHERE r.workspace_id = :workspace AND r.record_id = ANY(:ids) AND r.deleted_at IS NULL
  AND c.sends AND c.matched_at IS NOT NULL
""")


async def _places(session: AsyncSession, *where: ColumnElement[bool]) -> list[Place]:
    """Return where living records belong. Links are subtracted in memory: no plan can go wrong over that."""
    workspace: str = session.info["workspace"]
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
        .where(Record.workspace_id == workspace, Record.deleted_at.is_(None), Collection.sends, *where)
    )
    return [Place(*row) for row in await session.execute(query)]


def _lacking(
    places: Iterable[Place], known: Container[tuple[str, str | None]], *, now: datetime
) -> list[Row]:
    return [
        {
            "id": new_id("lnk", now), "connection_id": place.connection_id, "entity": place.entity,
            "collection_id": place.collection_id, "record_id": place.record_id, "role": "main",
            "born": "crm", "state": "wanted", "generation": 1, "graph_means": {}, "shape": 0,
            "seen_round": 0, "failures": 0, "due_at": now, "created_at": now, "updated_at": now,
        }
        for place in places
        if (place.connection_id, place.record_id) not in known
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
