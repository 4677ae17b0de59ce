"""SQL of match keys: who may be looked up by which word, kept in step with records and items.

Whoever moves a record or an item in the session notes it here; all of a transaction is written at its end, in
one statement. ``Records.write`` writes the keys of its page itself.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, Literal

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import last_before_commit
from app.graph.translations import translation
from app.models import MatchKey, Record
from app.records import Fields
from app.records.types import RecordType, record_type
from app.sync.bulk import encode

Side = Literal["record", "item"]
MOST: Final = 4
"""More holders than count as evidence: the match finds out by itself that they are too many."""


def record_keys(record: Record) -> list[str]:
    """Return the words by which a record is found: none once it is deleted."""
    return [] if record.deleted_at is not None else record_type(record.entity).listed_keys(record.doc)


def note_record(session: AsyncSession, record: Record) -> None:
    """Keep a record's keys in step with what it holds now."""
    _note(session, record.record_id, record.entity, "record", record_keys(record))


def note_item(
    session: AsyncSession, link_id: str, entity: str, wording: Fields | None, *, rests: bool = False
) -> None:
    """Keep the keys of an item that has no record; of one that ``rests``, those that are no evidence."""
    doc, kind = translation(entity).parse(wording or {}), record_type(entity)
    _note(session, link_id, entity, "item", kind.address_keys(doc) if rests else kind.listed_keys(doc))


def forget_items(session: AsyncSession, link_ids: Iterable[str]) -> None:
    """Forget the keys of items that have a record now, are left alone, or are gone."""
    for link_id in link_ids:
        _note(session, link_id, "", "item", [])


def _note(session: AsyncSession, holder: str, entity: str, side: Side, keys: Sequence[str]) -> None:
    noted = session.info.setdefault("match_keys", {})
    noted[holder] = {"id": holder, "entity": entity, "side": side, "keys": keys}


@last_before_commit
async def write(session: AsyncSession) -> None:
    """Write what was noted, in one statement."""
    noted: dict[str, dict[str, Any]] = session.info.pop("match_keys", {})
    if noted:
        rows = encode([noted[holder] for holder in sorted(noted)])
        values = {"workspace": session.info["workspace"], "rows": rows, "ids": sorted(noted)}
        await session.execute(WRITE, values)


class MatchKeys:
    """The match keys of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def records(self, entity: str, keys: Collection[str], *, user: str | None = None) -> set[str]:
        """Return living records with one of these keys: of each key a few, those of the user first."""
        values = {"workspace": self.workspace, "entity": entity, "keys": sorted(set(keys)), "user": user}
        return set(await self.session.scalars(RECORDS, values)) if keys else set()

    async def holders(self, entity: str, key: str, *, user: str, limit: int) -> Sequence[str]:
        """Return living records that have this key: those of the user first, of these the latest."""
        values = {
            "workspace": self.workspace, "entity": entity, "key": key, "user": user, "limit": limit,
        }  # fmt: skip
        return (await self.session.scalars(HOLDERS, values)).all()

    async def held(self, entity: str, keys: Collection[str]) -> set[str]:
        """Return those of these keys that some record has."""
        query = select(MatchKey.key).where(
            MatchKey.workspace_id == self.workspace,
            MatchKey.entity == entity,
            MatchKey.key.in_(sorted(keys)),
            MatchKey.side == "record",
        )
        return set(await self.session.scalars(query))

    async def unnamed(self, entity: str, keys: Collection[str]) -> set[str]:
        """Return living records without a name, not rejected, with one of these keys."""
        values = {"workspace": self.workspace, "entity": entity, "keys": sorted(set(keys))}
        return set(await self.session.scalars(UNNAMED, values)) if keys else set()

    async def items(self, collection_id: str, entity: str, keys: Collection[str]) -> set[str]:
        """Return links of items of this collection that have no record and one of these keys."""
        values = {
            "workspace": self.workspace, "entity": entity, "keys": sorted(set(keys)),
            "collection": collection_id,
        }  # fmt: skip
        return set(await self.session.scalars(ITEMS, values)) if keys else set()


def keys_of(kind: RecordType, docs: Iterable[Fields]) -> set[str]:
    """Return all words by which these documents are looked up."""
    return {key for doc in docs for key in kind.index_keys(doc)}


WRITE: Final = text("""
WITH noted AS (
    SELECT r.*
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, entity text, side text, keys text[])
), stale AS (
    DELETE FROM match_keys AS t USING noted
    WHERE t.workspace_id = :workspace AND t.id = ANY(:ids) AND t.id = noted.id AND t.key <> ALL(noted.keys)
)
INSERT INTO match_keys (workspace_id, entity, key, side, id)
SELECT :workspace, noted.entity, key, noted.side, noted.id FROM noted, unnest(noted.keys) AS key
ON CONFLICT DO NOTHING
""")

# A look at each key by itself: whoever shares one with thousands costs no more than the others.
RECORDS: Final = text(f"""
SELECT DISTINCT found.id FROM unnest(CAST(:keys AS text[])) AS wanted(key) CROSS JOIN LATERAL (
    SELECT m.id FROM match_keys AS m
    LEFT JOIN owners AS o ON o.workspace_id = :workspace AND o."user" = :user AND o.record_id = m.id
    WHERE m.workspace_id = :workspace AND m.entity = :entity AND m.key = wanted.key AND m.side = 'record'
    ORDER BY o.record_id IS NULL, m.id LIMIT {MOST}
) AS found
""")  # noqa: S608  our own number

HOLDERS: Final = text("""
SELECT m.id FROM match_keys AS m
LEFT JOIN owners AS o ON o.workspace_id = :workspace AND o."user" = :user AND o.record_id = m.id
WHERE m.workspace_id = :workspace AND m.entity = :entity AND m.key = :key AND m.side = 'record'
ORDER BY o.record_id IS NULL, m.id DESC LIMIT :limit
""")

UNNAMED: Final = text(f"""
SELECT DISTINCT found.id FROM unnest(CAST(:keys AS text[])) AS wanted(key) CROSS JOIN LATERAL (
    SELECT m.id FROM match_keys AS m CROSS JOIN LATERAL (
        SELECT crm_id, deleted_at, rejected_at FROM records
        WHERE workspace_id = :workspace AND record_id = m.id OFFSET 0
    ) AS r
    WHERE m.workspace_id = :workspace AND m.entity = :entity AND m.key = wanted.key AND m.side = 'record'
      AND r.crm_id IS NULL AND r.deleted_at IS NULL AND r.rejected_at IS NULL
    ORDER BY m.id LIMIT {MOST}
) AS found
""")  # noqa: S608  our own number

ITEMS: Final = text(f"""
SELECT DISTINCT found.id FROM unnest(CAST(:keys AS text[])) AS wanted(key) CROSS JOIN LATERAL (
    SELECT m.id FROM match_keys AS m
    JOIN links AS l ON l.workspace_id = :workspace AND l.id = m.id
    WHERE m.workspace_id = :workspace AND m.entity = :entity AND m.key = wanted.key AND m.side = 'item'
      AND l.collection_id = :collection AND l.record_id IS NULL AND l.state IN ('unmatched', 'in_review')
    ORDER BY m.id LIMIT {MOST}
) AS found
""")  # noqa: S608  our own number
