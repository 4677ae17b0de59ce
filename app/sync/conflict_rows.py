"""SQL of conflicts: both values are kept, whichever stands in the record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.ids import new_id
from app.models import Conflict, Record
from app.records import Value
from app.records.types import RecordType, record_type
from app.sync import conflicts
from app.sync.conflicts import Kept, Side
from app.sync.feed import News, announce
from app.sync.ownership import of_user
from app.sync.shown import moment

DELETED, DELETED_VS_EDITED = "deleted", "deleted_vs_edited"


@dataclass(frozen=True, slots=True)
class About:
    """The record of a conflict, as far as the conflict is told by it. ``time``: when an event takes place."""

    crm_id: str | None
    time: Value = None

    @classmethod
    def of(cls, record: Record) -> "About":
        return cls(record.crm_id, record.doc.get("when"))


class Conflicts:
    """The conflicts of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    def add_settled(
        self,
        record: Record,
        conflict: conflicts.Conflict,
        *,
        reporter: Side,
        connection_id: str | None,
        now: datetime,
        code: str = "both_edited",
    ) -> None:
        """Keep a conflict that the policy has settled. ``connection_id`` is that of the reporting mailbox."""
        values = _sides(conflict, reporter=reporter)
        self._add(
            record,
            now,
            **values,
            connection_id=connection_id or conflict.ours_stamp.connection,
            field=conflict.field,
            base=[conflict.base],
            code=code,
            status="resolved",
            resolved_at=now,
            resolved_by="policy",
        )

    def add_deleted_vs_edited(
        self, record: Record, *, connection_id: str | None, fields: Iterable[str], now: datetime
    ) -> None:
        """Open the conflict of a record that the CRM deleted while a mailbox's user edited these fields."""
        row = self._add(
            record, now, connection_id=connection_id, field=DELETED, base=[False], crm=[True],
            microsoft=[False], other=None, kept="microsoft", code=DELETED_VS_EDITED, status="open",
        )  # fmt: skip
        changed = record_type(record.entity).words_of(fields)
        self._announce("opened", row, now=now, about=About.of(record), changed=changed)

    def open(self, record: Record, *, field: str, base: Value, now: datetime, **values: Any) -> None:
        """Open a question: what becomes of a field that is held from one mailbox."""
        row = self._add(record, now, field=field, base=[base], kept="neither", status="open", **values)
        self._announce("opened", row, now=now, about=About.of(record))

    def end(self, row: Conflict, *, status: str, by: str, about: About, now: datetime) -> None:
        """Close a conflict, and tell the CRM."""
        row.status, row.resolved_at, row.resolved_by = status, now, by
        self._announce("resolved", row, now=now, about=about)

    async def open_of(self, record_id: str) -> Sequence[Conflict]:
        """Return what is open about a locked record."""
        query = select(Conflict).where(
            Conflict.workspace_id == self.workspace,
            Conflict.record_id == record_id,
            Conflict.status == "open",
        )
        return [row for row in await self.session.scalars(query) if row.status == "open"]

    async def by_id(self, ids: Sequence[str]) -> dict[str, Conflict]:
        """Return these conflicts by id, as they are now."""
        query = select(Conflict).where(Conflict.workspace_id == self.workspace, Conflict.id.in_(list(ids)))
        rows = await self.session.scalars(query, execution_options={"populate_existing": True})
        return {row.id: row for row in rows}

    async def open_with(
        self, connection_id: str, *, after: str = "", limit: int
    ) -> Sequence[tuple[str, str, str]]:
        """Return what is open with a mailbox: (id, record, entity), in order."""
        query = select(Conflict.id, Conflict.record_id, Conflict.entity).where(
            Conflict.workspace_id == self.workspace,
            Conflict.connection_id == connection_id,
            Conflict.status == "open",
            Conflict.id > after,
        )
        rows = await self.session.execute(query.order_by(Conflict.id).limit(limit))
        return [(row.id, row.record_id, row.entity) for row in rows]

    async def close(self, record_ids: Sequence[str], *, status: str, by: str, now: datetime) -> None:
        """Close whatever is open about these locked records."""
        rows = await self.session.execute(
            self._named().where(Conflict.record_id.in_(list(record_ids)), Conflict.status == "open")
        )
        for row, *about in rows.all():
            self.end(row, status=status, by=by, about=About(*about), now=now)

    async def get(self, conflict_id: str) -> tuple[Conflict, About] | None:
        """Return a conflict and its record, if there is such a one."""
        found = (await self.session.execute(self._named().where(Conflict.id == conflict_id))).first()
        return (found[0], About(*found[1:])) if found is not None else None

    async def page(
        self,
        *,
        after: str,
        limit: int,
        status: str | None = None,
        connection: str | None = None,
        entity: str | None = None,
        crm_id: str | None = None,
        only_user: str | None = None,
    ) -> Sequence[tuple[Conflict, About]]:
        """Return conflicts in the order they were opened, each with its record."""
        query = self._named().where(Conflict.id > after).order_by(Conflict.id).limit(limit)
        wanted = {
            Conflict.status: status, Conflict.connection_id: connection, Conflict.entity: entity,
            Record.crm_id: crm_id,
        }  # fmt: skip
        for column, value in wanted.items():
            if value is not None:
                query = query.where(column == value)
        if only_user is not None:
            query = query.where(of_user(Conflict.connection_id, user=only_user, workspace=self.workspace))
        return [(row, About(*about)) for row, *about in await self.session.execute(query)]

    def _named(self) -> Select[Conflict, str | None, Any]:
        """Select conflicts, each with what it is told by of its record."""
        own = (Record.workspace_id == self.workspace) & (Record.record_id == Conflict.record_id)
        return (
            select(Conflict, Record.crm_id, Record.doc["when"])
            .join(Record, own)
            .where(Conflict.workspace_id == self.workspace)
        )

    def _announce(
        self, verb: str, row: Conflict, *, now: datetime, about: About, changed: Sequence[str] = ()
    ) -> None:
        told = shown_conflict(row, about)
        announce(self.session, News(
            type=f"conflict.{verb}", subject=row.id, at=now, origin="concord", record_id=row.record_id,
            crm_id=about.crm_id, connection_id=row.connection_id, reason=row.code,
            changed=changed or told["fields"], snapshot=told,
        ))  # fmt: skip

    def _add(self, record: Record, now: datetime, **values: Any) -> Conflict:
        row = Conflict(
            workspace_id=self.workspace, id=new_id("cfl", now), record_id=record.record_id,
            entity=record.entity, opened_at=now, **values,
        )  # fmt: skip
        self.session.add(row)
        return row


def _sides(conflict: conflicts.Conflict, *, reporter: Side) -> dict[str, Any]:
    """Return which side had which value. Between two mailboxes the one we heard before is the other."""
    theirs_kept = conflict.kept is Kept.THEIRS
    ours, theirs = [conflict.ours], [conflict.theirs]
    if reporter is Side.CRM:
        return {
            "crm": theirs, "microsoft": ours, "other": None, "kept": "crm" if theirs_kept else "microsoft",
        }  # fmt: skip
    if conflict.ours_stamp.side is Side.CRM:
        return {
            "crm": ours, "microsoft": theirs, "other": None, "kept": "microsoft" if theirs_kept else "crm",
        }  # fmt: skip
    other = {"connection": conflict.ours_stamp.connection, "value": conflict.ours}
    return {
        "crm": None, "microsoft": theirs, "other": other, "kept": "microsoft" if theirs_kept else "neither",
    }  # fmt: skip


def shown_conflict(row: Conflict, about: About) -> dict[str, Any]:
    """Return a conflict in the words of the API."""
    kind = record_type(row.entity)
    fields = [DELETED] if row.field == DELETED else kind.words_of([row.field])
    other = row.other and {**row.other, "value": _value(kind, row, about, [row.other["value"]])}
    return {
        "id": row.id,
        "status": row.status,
        "connection": row.connection_id,
        "crm_id": about.crm_id,
        "record_id": row.record_id,
        "entity": row.entity,
        "field": fields[0],
        "fields": fields,
        "base": _value(kind, row, about, row.base),
        "crm": _value(kind, row, about, row.crm),
        "microsoft": _value(kind, row, about, row.microsoft),
        "other": other,
        "kept": row.kept,
        "reason": row.code,
        "opened_at": moment(row.opened_at),
        "resolved_at": moment(row.resolved_at),
        "resolved_by": row.resolved_by,
    }


def _value(kind: RecordType, row: Conflict, about: About, kept: list[Any] | None) -> Any:
    """Return in the API's words the value kept in a list of one, which tells a null value from none."""
    return kind.value_worded(row.field, kept[0], about.time) if kept else None
