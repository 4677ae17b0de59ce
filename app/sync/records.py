"""SQL of records: found, locked in order, written by the page.

What moved in one is stored by the session's flush, or for a whole page at once by ``write``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, Select, func, literal_column, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Owner, Record, Revision
from app.records import Fields
from app.records.types import CONTACT, record_type
from app.sync.bulk import encode, typed
from app.sync.match_keys import record_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A record as it now is, with the step that led there: a revision's fields as they were before.

    ``quiet`` moves what we know about the CRM, not the record: no revision is written. ``owners`` says that
    ``record.extra["owners"]`` moved. ``keys`` are those that the record is found by, where they are known.
    """

    record: Record
    origin: str
    at: datetime
    previous: Fields
    new: bool = False
    owners: bool = False
    quiet: bool = False
    keys: Sequence[str] | None = None


UNSYNCHRONIZED: Final = {"synchronize_session": False}


class Records:
    """The records of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def get(self, record_id: str) -> Record | None:
        """Return a record as it is now, also a deleted one."""
        return (await self._by_id(self._all().where(Record.record_id == record_id))).get(record_id)

    async def of_crm_id(self, entity: str, crm_id: str) -> Record | None:
        """Return the record that the CRM knows by this id, also a deleted one."""
        query = self._all().where(Record.entity == entity, Record.crm_id == crm_id)
        return next(iter((await self._by_id(query)).values()), None)

    async def locked(self, ids: Iterable[str]) -> dict[str, Record]:
        """Return these records by id, locked in order. Links are locked after them, never before."""
        wanted = sorted(set(ids))
        return await self._locked(self._all().where(Record.record_id.in_(wanted))) if wanted else {}

    async def spoken_of(
        self, entity: str, crm_ids: Iterable[str], *, ids: Iterable[str] = ()
    ) -> tuple[dict[str, Record], bool]:
        """Return what the CRM knows by these ids (and records by our own), by record id, locked in order.

        Say besides whether any record waits for its name. These rows are no part of the session: what moves
        in one is stored by ``write`` alone.
        """
        values = {
            "workspace": self.workspace, "entity": entity,
            "crm_ids": sorted(set(crm_ids)), "ids": sorted(set(ids)),
        }  # fmt: skip
        rows = (await self.session.execute(SPOKEN_OF, values)).all()
        known = {
            row.record_id: Record(**dict(zip(_EACH, row, strict=False))) for row in rows if row.record_id
        }
        return known, rows[0].unnamed

    async def page(
        self,
        entity: str,
        *,
        after: str,
        limit: int,
        deleted_since: datetime | None = None,
        unnamed: bool = False,
        words: str | None = None,
        user: str | None = None,
    ) -> Sequence[Record]:
        """Return records in the order they were made; deleted ones only since the time given."""
        query = self._all().where(Record.entity == entity, Record.record_id > after)
        alive = Record.deleted_at.is_(None)
        query = query.where(or_(alive, Record.deleted_at > deleted_since) if deleted_since else alive)
        if unnamed:
            query = query.where(Record.crm_id.is_(None))
        if words:
            query = query.where(_says(words, entity=entity))
        if user is not None:
            owned = select(Owner.record_id).where(Owner.workspace_id == self.workspace, Owner.user == user)
            query = query.where(Record.record_id.in_(owned))
        return list((await self._by_id(query.order_by(Record.record_id).limit(limit))).values())

    async def write(self, steps: Sequence[Step]) -> set[str]:
        """Write a page in one statement: records, their revisions, their owners and the words that find them.

        Return the ids of new records that were not written, because another transaction has just given
        their crm_id to a record: read that one, and decide again.
        """
        if not steps:
            return set()
        new = [step for step in steps if step.new]
        old = [step for step in steps if not step.new]
        values = {
            "workspace": self.workspace,
            "new": encode([_row(step.record) for step in new]),
            "moved": encode([_row(step.record) for step in old]),
            "moved_ids": [step.record.record_id for step in old],
            "steps": encode([_revision(step) for step in steps if not step.quiet]),
            "owners": encode([_owners(step.record) for step in steps if step.new or step.owners]),
            "reowned_ids": [step.record.record_id for step in old if step.owners],
            "keys": encode([_keys(step) for step in steps if _found_by_other_words(step)]),
            "rekeyed_ids": [step.record.record_id for step in old if _found_by_other_words(step)],
        }
        written = (await self.session.execute(WRITE, values)).scalar_one()
        for step in steps:
            if step.record in self.session:
                self.session.expunge(step.record)  # stored already: a flush would do it again
        return {step.record.record_id for step in new} - set(written or ())

    async def forget_names(self, records: Sequence[Record]) -> None:
        """Take the crm_id from locked records that are gone, so that another may have it."""
        if records:
            ids = [record.record_id for record in records]
            query = update(Record).where(Record.workspace_id == self.workspace, Record.record_id.in_(ids))
            await self.session.execute(query.values(crm_id=None), execution_options=UNSYNCHRONIZED)
        for record in records:
            record.crm_id = None

    def _all(self) -> Select[Record]:
        return select(Record).where(Record.workspace_id == self.workspace)

    async def _locked(self, query: Select[Record]) -> dict[str, Record]:
        return await self._by_id(query.order_by(Record.record_id).with_for_update())

    async def _by_id(self, query: Select[Record]) -> dict[str, Record]:
        rows = (await self.session.scalars(query, execution_options={"populate_existing": True})).all()
        return {record.record_id: record for record in rows}


def _says(words: str, *, entity: str) -> Any:
    """Return the condition that a record's name, or an address of a contact's, contains these words."""
    texts = [Record.doc[name].astext for name in record_type(entity).searched]
    if entity == CONTACT.entity:
        addresses: Any = literal_column("'$.emails[*].address'::jsonpath")
        texts.append(func.text(func.jsonb_path_query_array(Record.doc, addresses)))
    return or_(*(each.icontains(words, autoescape=True) for each in texts))


def _row(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in COLUMNS}


def _revision(step: Step) -> dict[str, Any]:
    record = step.record
    return {
        "record_id": record.record_id,
        "revision": record.revision,
        "origin": step.origin,
        "patch": {name: record.doc.get(name) for name in step.previous},
        "previous": step.previous,
        "at": step.at,
    }


def _owners(record: Record) -> dict[str, Any]:
    owners = record.extra.get("owners") or []
    return {
        "record_id": record.record_id,
        "users": [owner["user"] for owner in owners],
        "accesses": [owner["access"] for owner in owners],
    }


def _found_by_other_words(step: Step) -> bool:
    """Say whether the words by which a record is looked up may have moved: also at its end, and after it."""
    identifying = record_type(step.record.entity).identifying
    return step.new or (not step.quiet and (not step.previous or not identifying.isdisjoint(step.previous)))


def _keys(step: Step) -> dict[str, Any]:
    record = step.record
    keys = record_keys(record) if step.keys is None else step.keys
    return {"record_id": record.record_id, "entity": record.entity, "keys": keys}


COLUMNS: Final = tuple(column.name for column in Record.__table__.columns if column.name != "workspace_id")
_STEP: Final = ("record_id", "revision", "origin", "patch", "previous", "at")
_ALL: Final = ", ".join(COLUMNS)
_MOVES: Final = ", ".join(
    f"{name} = r.{name}" for name in COLUMNS if name not in {"record_id", "entity", "origin", "first_at"}
)

_EACH: Final = ("workspace_id", *COLUMNS)
SPOKEN_OF: Final = text(f"""
WITH known AS (
    SELECT {", ".join(_EACH)} FROM records
    WHERE workspace_id = :workspace AND record_id = ANY(CAST(:ids AS text[]) || ARRAY(
        SELECT r.record_id FROM unnest(CAST(:crm_ids AS text[])) AS wanted(crm_id) CROSS JOIN LATERAL (
            SELECT record_id FROM records
            WHERE workspace_id = :workspace AND entity = :entity AND crm_id = wanted.crm_id OFFSET 0
        ) AS r))
    ORDER BY record_id FOR UPDATE
)
SELECT {", ".join(f"known.{name}" for name in _EACH)}, EXISTS (
    SELECT FROM records AS r WHERE r.workspace_id = :workspace AND r.entity = :entity AND r.crm_id IS NULL
       AND r.deleted_at IS NULL AND r.rejected_at IS NULL) AS unnamed
FROM (VALUES (1)) AS always LEFT JOIN known ON true
""").columns(*(Record.__table__.columns[name] for name in _EACH), unnamed=Boolean)  # noqa: S608  our own names

# What hangs on a new record is written only if the record was: hence ``lost``. Large tables are reached by
# ids besides, as a join with rows of unknown number may be planned as if there were few in the table, too.
WRITE: Final = text(f"""
WITH made AS (
    INSERT INTO records (workspace_id, {_ALL})
    SELECT :workspace, {_ALL} FROM jsonb_to_recordset(CAST(:new AS jsonb)) AS r({typed(Record, COLUMNS)})
    ON CONFLICT DO NOTHING RETURNING record_id
), lost AS (
    SELECT r.record_id FROM jsonb_to_recordset(CAST(:new AS jsonb)) AS r(record_id text)
    WHERE r.record_id NOT IN (SELECT record_id FROM made)
), moved AS (
    UPDATE records AS t SET {_MOVES}
    FROM jsonb_to_recordset(CAST(:moved AS jsonb)) AS r({typed(Record, COLUMNS)})
    WHERE t.workspace_id = :workspace AND t.record_id = ANY(:moved_ids) AND t.record_id = r.record_id
), stepped AS (
    INSERT INTO revisions (workspace_id, {", ".join(_STEP)})
    SELECT :workspace, {", ".join(_STEP)}
    FROM jsonb_to_recordset(CAST(:steps AS jsonb)) AS r({typed(Revision, _STEP)})
    WHERE r.record_id NOT IN (SELECT record_id FROM lost)
), owned AS (
    SELECT r.*
    FROM jsonb_to_recordset(CAST(:owners AS jsonb)) AS r(record_id text, users text[], accesses text[])
    WHERE r.record_id NOT IN (SELECT record_id FROM lost)
), disowned AS (
    DELETE FROM owners AS t USING owned
    WHERE t.workspace_id = :workspace AND t.record_id = ANY(:reowned_ids) AND t.record_id = owned.record_id
      AND t."user" <> ALL(owned.users)
), owning AS (
    INSERT INTO owners (workspace_id, "user", record_id, access)
    SELECT :workspace, o."user", owned.record_id, o.access
    FROM owned, unnest(owned.users, owned.accesses) AS o("user", access)
    ON CONFLICT (workspace_id, "user", record_id) DO UPDATE SET access = excluded.access
), keyed AS (
    SELECT r.* FROM jsonb_to_recordset(CAST(:keys AS jsonb))
        AS r(record_id text, entity text, keys text[])
    WHERE r.record_id NOT IN (SELECT record_id FROM lost)
), stale AS (
    DELETE FROM match_keys AS t USING keyed
    WHERE t.workspace_id = :workspace AND t.id = ANY(:rekeyed_ids) AND t.id = keyed.record_id
      AND t.key <> ALL(keyed.keys)
), keying AS (
    INSERT INTO match_keys (workspace_id, entity, key, side, id)
    SELECT :workspace, keyed.entity, key, 'record', keyed.record_id FROM keyed, unnest(keyed.keys) AS key
    ON CONFLICT DO NOTHING
)
SELECT array_agg(record_id) FROM made
""")  # noqa: S608  names of our own columns
