"""A record in one connection, with everything that bears on how it stands there; and how it does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.graph.translations import translation
from app.models import Collection, Conflict, Connection, Link, Owner, Record, Run, Workspace
from app.records.link import LinkState, LinkView, Role
from app.records.reasons import Reason
from app.records.shape import Shape
from app.states import slug_of
from app.sync.approvals import awaiting
from app.sync.asking import in_the_way
from app.sync.conflict_rows import DELETED_VS_EDITED
from app.sync.holding import held_from
from app.sync.masks import masked
from app.sync.offers import keeps_its_value
from app.sync.policy import (
    Access,
    Direction,
    RemovedFromCrm,
    left_scope,
    may_push,
    record_deleted,
    why_ended,
)
from app.sync.projection import Create, Nothing, Update, owed
from app.sync.runs import AWAITING
from app.sync.scoping import reason_of, what_follows
from app.sync.settings import EffectiveSettings, SyncSettings
from app.sync.swinging import FLAPPING
from app.sync.uniting import MERGED
from app.sync.verdict import Held, Sync, Tie, Verdict, verdict
from app.sync.work import viewed
from app.sync.workspaces import Workspaces

Json = dict[str, Any]
STOPPED: Final[Mapping[str, Reason]] = {
    "paused": Reason.PAUSED,
    "not-entitled": Reason.NOT_ENTITLED,
    "workspace-disabled": Reason.DISABLED,
    "entity-disabled": Reason.DISABLED,
    "sync-disabled": Reason.DISABLED,
    "not-built": Reason.DISABLED,
    "not-requested": Reason.NOT_PERMITTED,
    "permission-missing": Reason.NOT_PERMITTED,
}
TROUBLE: Final[Mapping[str, Reason]] = {
    "throttled": Reason.THROTTLED,
    "folder-gone": Reason.COLLECTION_GONE,
    "mailbox-full": Reason.MAILBOX_FULL,
}
WAITING: Final[Mapping[str | None, Reason]] = {
    DELETED_VS_EDITED: Reason.DELETED_VS_EDITED,
    FLAPPING: Reason.FLAPPING,
}


@dataclass(frozen=True, slots=True)
class Deletion:
    """The item is to go with its record."""


@dataclass(frozen=True)
class Whereabouts:
    """One connection, as far as a record has to do with it, or an item that no record knows."""

    now: datetime
    workspace: Workspace
    connection: Connection
    settings: SyncSettings
    collection: Collection | None
    link: Link | None
    record: Record | None
    conflict: str | None = None
    asked: Run | None = None

    @property
    def entity(self) -> str:
        found = self.record or self.link or self.collection
        return found.entity if found is not None else "contacts"

    @cached_property
    def in_the_way(self) -> Json | None:
        """What keeps this sync from running at all, as a state with its cure."""
        return in_the_way(self.workspace, self.connection, self.entity, self.collection, now=self.now)

    @property
    def problem(self) -> Json | None:
        """What stands in the way of this very record, the nearest first."""
        own = self.link.problem if self.link is not None else None
        asked = awaiting(self.asked) if self.asked is not None else None
        return (
            own
            or asked
            or self.in_the_way
            or (self.collection.problem if self.collection is not None else None)
        )

    @cached_property
    def owed(self) -> Create | Update | Deletion | None:
        """What the mailbox is owed now, as push works it out."""
        record, link = self.record, self.link
        if record is None or not self._direction.sends:
            return None
        if record.deleted_at is not None:
            return Deletion() if link is not None and self._goes_too(link) else None
        if self._scope is not Reason.IN_SCOPE or record.rejected_at is not None:
            return Deletion() if link is not None and self._leaves(link) else None
        if link is not None and not (may_push(LinkState(link.state)) or link.state == LinkState.SUSPENDED):
            return None
        held = held_from(record.held, self.connection.id)
        view = viewed(link) if link is not None else LinkView()
        write = owed(self._shape(record, view), record.doc, view, held=held)
        return None if isinstance(write, Nothing) else write

    @cached_property
    def verdict(self) -> Verdict:
        """How the record, or the unknown item, stands here."""
        return verdict(self._sync, self._held, self._tie)

    def _goes_too(self, link: Link) -> bool:
        merged = self.record is not None and self.record.deleted_because == MERGED
        happening = record_deleted(
            LinkState(link.state), attempt=None, direction=self._direction,
            setting=RemovedFromCrm.DELETE if merged else RemovedFromCrm(self.settings.removed_from_crm),
        )  # fmt: skip
        return happening.deletes_item and link.item_id is not None

    def _leaves(self, link: Link) -> bool:
        happening = left_scope(
            self._scope, attempt=None, direction=self._direction, edited=False,
            setting=what_follows(self._scope, self.settings),
        )  # fmt: skip
        return happening.deletes_item and link.state == LinkState.LINKED and link.item_id is not None

    def _shape(self, record: Record, view: LinkView) -> Shape:
        shape = translation(self.entity).shaped(default_minutes=self.settings.default_minutes)
        owners = record.extra.get("owners") or ()
        access = next((each["access"] for each in owners if each["user"] == self.connection.user), None)
        part = self.settings.part(
            record.extra, record.doc, access=Access(access) if access else None, now=self.now
        )
        return masked(shape, record.doc, view, part)

    @property
    def _direction(self) -> Direction:
        return Direction(self.settings.direction)

    @property
    def _scope(self) -> Reason:
        if self.record is None:
            return Reason.NO_OWNER
        began_at = self.collection.created_at if self.collection is not None else self.now
        mailbox = self.settings.scope(
            self.connection.user, began_at=began_at, rules=self.workspace.rules, now=self.now
        )
        return reason_of(mailbox, self.record, self.link)

    @property
    def _sync(self) -> Sync:
        slug = slug_of(self.in_the_way)
        trouble = slug_of(self.collection.problem) if self.collection is not None else None
        return Sync(
            direction=self._direction,
            stopped=STOPPED.get(slug, Reason.CONNECTION_NOT_ACTIVE) if slug else None,
            trouble=TROUBLE.get(trouble, Reason.RETRYING) if trouble else None,
            imports=self.settings.import_new,
        )

    @property
    def _held(self) -> Held | None:
        record = self.record
        if record is None:
            return None
        conflict = WAITING.get(self.conflict, Reason.CONFLICT_OPEN)
        return Held(
            scope=self._scope,
            ended=why_ended(record.deleted_because) if record.deleted_at is not None else None,
            conflict=conflict if self.conflict is not None else None,
            rejected=record.rejected_at is not None,
            named=record.crm_id is not None,
            awaits_name=record.held_until is not None,
            keeps_its_value=bool(keeps_its_value(record)),
        )

    @property
    def _tie(self) -> Tie | None:
        link = self.link
        if link is None:
            return None
        hints = (link.due_at, link.attempt, link.gone_at, link.cleared_at)
        hinted = any(hint is not None for hint in hints)
        return Tie(
            state=link.state,
            owed=hinted or self.owed is not None,
            parked=link.problem is not None,
            failing=link.failures > 0,
            asked=link.held_by is not None,
            decided=[str(decision["code"]) for decision in link.decisions or ()],
        )


class WhereaboutsOf:
    """Reads whereabouts in the transaction's workspace."""

    def __init__(self, session: AsyncSession, *, now: datetime) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]
        self.now = now

    async def records(self, records: Sequence[Record], *, named: str | None = None) -> list[Whereabouts]:
        """Return each record's connections: those of its owners, any other with a link, and the one named."""
        found = [row for record in records for row in await self._rows(record, named=named)]
        return await self._complete(found)

    async def items(self, connection: Connection, links: Sequence[Link]) -> list[Whereabouts]:
        """Return where items stand that no record knows."""
        query = select(Collection).where(
            Collection.workspace_id == self.workspace, Collection.connection_id == connection.id
        )
        collections = {collection.id: collection for collection in await self.session.scalars(query)}
        return await self._complete(
            [(None, connection, link, collections.get(link.collection_id), None) for link in links]
        )

    async def _rows(self, record: Record, *, named: str | None) -> list["Row"]:
        here = self.workspace
        owner = and_(
            Owner.workspace_id == here,
            Owner.record_id == record.record_id,
            Owner.user == Connection.user,
        )
        link = and_(
            Link.workspace_id == here,
            Link.connection_id == Connection.id,
            Link.record_id == record.record_id,
            Link.role == Role.MAIN,
        )
        collection = and_(
            Collection.workspace_id == here,
            Collection.connection_id == Connection.id,
            Collection.entity == record.entity,
        )
        query = (
            select(Connection, Link, Collection)
            .outerjoin(Link, link)
            .outerjoin(Collection, collection)
            .outerjoin(Owner, owner)
            .where(
                Connection.workspace_id == here,
                or_(Owner.access.is_not(None), Link.id.is_not(None), Connection.id == (named or "")),
            )
            .order_by(Connection.id)
        )
        conflicts = await self._conflicts(record.record_id)
        return [
            (record, connection, link, collection, conflicts.get(connection.id, conflicts.get(None)))
            for connection, link, collection in await self.session.execute(query)
        ]

    async def _conflicts(self, record_id: str) -> dict[str | None, str]:
        query = select(Conflict.connection_id, Conflict.code).where(
            Conflict.workspace_id == self.workspace,
            Conflict.record_id == record_id,
            Conflict.status == "open",
        )
        return {row.connection_id: row.code for row in await self.session.execute(query)}

    async def _asked(self, links: Iterable[Link]) -> dict[str | None, Run]:
        """Return the open questions that hold these links, by their runs' ids."""
        runs = {link.held_by for link in links if link.held_by is not None}
        query = select(Run).where(
            Run.workspace_id == self.workspace, Run.id.in_(runs), Run.status == AWAITING
        )
        return {run.id: run for run in await self.session.scalars(query)} if runs else {}

    async def _complete(self, rows: Iterable["Row"]) -> list[Whereabouts]:
        found = list(rows)
        workspace = await Workspaces(self.session).get(self.workspace)
        assert workspace is not None  # noqa: S101  its key was just accepted
        connections = {connection.id for _, connection, *_ in found}
        entity = next((each.entity for row in found for each in (row[0], row[2]) if each is not None), None)
        known = EffectiveSettings(self.session)
        settings = await known.of_many(connections, entity or "contacts") if found else {}
        asked = await self._asked(link for _, _, link, *_ in found if link is not None)
        return [
            Whereabouts(
                self.now, workspace, connection, settings[connection.id], collection, link, record, conflict,
                asked.get(link.held_by) if link is not None else None,
            )
            for record, connection, link, collection, conflict in found
        ]  # fmt: skip


Row = tuple[Record | None, Connection, Link | None, Collection | None, str | None]
