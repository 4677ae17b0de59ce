"""Settings of an entity in a connection: what was chosen, over the workspace's defaults, over the built-in.

Stored is only what was chosen. What is in force is worked out at each use, so that a default that changes, or
a field that the workspace locks, counts at once for every connection that inherits it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Connection, EntitySettings, Workspace
from app.records.reasons import Reason
from app.sync.conflicts import Policy, Resolution
from app.sync.connections import ENDED
from app.sync.scope import Filter, Ownership, Scope

Json = dict[str, Any]
BUILT: Final = ("contacts",)
"""The entities that can be configured; the others are known by name only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSettings:
    """How the contacts of one connection sync."""

    direction: str = "disabled"
    conflict_resolution: str = "newest_wins"
    folder_name: str
    import_new: bool = True
    removed_from_crm: str = "keep"
    deleted_in_microsoft: str = "delete"
    field_overrides: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    ownership: str = "all_assigned"
    left_scope: str = "keep"
    existing_records: str = "all"
    existing_since: str | None = None

    @classmethod
    def of(cls, values: Json) -> "ContactSettings":
        """Return settings from their stored form, whatever else stands there."""
        known = {part.name for part in fields(cls)}
        kept = {name: value for name, value in values.items() if name in known}
        return cls(**kept | {"classes": tuple(kept.get("classes", ()))})

    def document(self) -> Json:
        """Return what can be chosen as it is shown and stored."""
        return {name: getattr(self, name) for name in CHOOSABLE} | {"classes": list(self.classes)}

    def scope(self, user: str, *, began_at: datetime) -> Scope:
        """Return what this user's mailbox takes in; ``began_at``: when the sync was first switched on."""
        filters = (Filter("classes", frozenset(self.classes), Reason.CLASS_NOT_SELECTED),)
        return Scope(
            user=user, ownership=Ownership(self.ownership), filters=filters, since=self._since(began_at)
        )

    def _since(self, began_at: datetime) -> datetime | None:
        if self.existing_records == "all":
            return None
        if self.existing_records == "from_date" and self.existing_since is not None:
            return datetime.combine(date.fromisoformat(self.existing_since), time(), UTC)
        return began_at

    @property
    def reach(self) -> tuple[object, ...]:
        """Everything chosen that decides which records belong in the mailbox."""
        return frozenset(self.classes), self.ownership, self.existing_records, self.existing_since

    @property
    def policy(self) -> Policy:
        """Return who wins a conflict. Where only one side may write the other, that side does."""
        match self.direction:
            case "crm_to_microsoft":
                return Policy(Resolution.CRM_WINS)
            case "microsoft_to_crm":
                return Policy(Resolution.MICROSOFT_WINS)
            case "two_way":
                overrides = {name: Resolution(value) for name, value in self.field_overrides.items()}
                return Policy(Resolution(self.conflict_resolution), overrides)
            case _:
                return Policy()


CHOOSABLE: Final = (
    "direction",
    "conflict_resolution",
    "field_overrides",
    "folder_name",
    "classes",
    "ownership",
    "existing_records",
    "existing_since",
    "import_new",
    "removed_from_crm",
    "deleted_in_microsoft",
    "left_scope",
)


def over_defaults(workspace_name: str, defaults: Json, chosen: Json) -> ContactSettings:
    """Return the settings in force: a locked field is the workspace's, whatever was chosen."""
    free = {name: value for name, value in chosen.items() if name not in defaults.get("locked", ())}
    return ContactSettings.of({"folder_name": workspace_name} | defaults | free)


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings in force, and where each comes from."""

    settings: ContactSettings
    inherited: tuple[str, ...]
    locked: tuple[str, ...]

    @classmethod
    def of(cls, workspace: Workspace, chosen: Json) -> "InForce":
        """Work out what is in force: a locked field is the workspace's, whatever was chosen."""
        defaults = workspace.defaults.get("contacts", {})
        locked = tuple(name for name in CHOOSABLE if name in defaults.get("locked", ()))
        inherited = tuple(name for name in CHOOSABLE if name not in chosen or name in locked)
        return cls(over_defaults(workspace.name, defaults, chosen), inherited, locked)


class EffectiveSettings:
    """The settings of the transaction's workspace: the SQL of ``entity_settings``."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def of(self, connection_id: str, entity: str) -> ContactSettings:
        """Return the settings in force for one connection."""
        return (await self.of_many([connection_id], entity))[connection_id]

    async def of_many(self, connection_ids: Iterable[str], entity: str) -> dict[str, ContactSettings]:
        """Return the settings in force for each of these connections, two queries for all."""
        ids = list(connection_ids)
        workspace = await self._own()
        rows = await self._rows(ids, entity)
        return {one: InForce.of(workspace, rows[one].chosen if one in rows else {}).settings for one in ids}

    async def policies(self, connection_ids: Iterable[str], entity: str) -> dict[str, Policy]:
        """Return who wins conflicts with each of these mailboxes; one that was disconnected has no say."""
        ids = sorted(connection_ids)
        if not ids:
            return {}
        chosen = await self.of_many(ids, entity)
        query = select(Connection.id).where(
            Connection.workspace_id == self.workspace, Connection.id.in_(ids), Connection.status.in_(ENDED)
        )
        ended = set(await self.session.scalars(query))
        return {one: Policy() if one in ended else settings.policy for one, settings in chosen.items()}

    async def in_force(self, connection_id: str, entity: str) -> tuple[InForce, int]:
        """Return the settings in force with where each comes from, and the revision of the choice."""
        row = (await self._rows([connection_id], entity)).get(connection_id)
        found = InForce.of(await self._own(), row.chosen if row else {})
        return found, row.revision if row else 0

    async def chosen(self, connection_id: str, entity: str) -> Json:
        """Return what was chosen, and nothing that is inherited."""
        row = (await self._rows([connection_id], entity)).get(connection_id)
        return dict(row.chosen) if row else {}

    async def classes_in_use(self) -> set[str]:
        """Return every class that some connection's choice or the workspace's defaults name."""
        query = select(EntitySettings.chosen["classes"]).where(
            EntitySettings.workspace_id == self.workspace, EntitySettings.chosen.has_key("classes")
        )
        defaults = (await self._own()).defaults.get("contacts", {}).get("classes", [])
        return {*defaults, *(name for chosen in await self.session.scalars(query) for name in chosen)}

    async def choose(self, connection_id: str, entity: str, chosen: Json, *, now: datetime) -> None:
        """Make this the whole choice. Whoever calls holds the connection's row."""
        row = {"workspace_id": self.workspace, "connection_id": connection_id, "entity": entity}
        made = insert(EntitySettings).values(**row, chosen=chosen, revision=1, updated_at=now)
        news = {"chosen": chosen, "revision": EntitySettings.revision + 1, "updated_at": now}
        await self.session.execute(made.on_conflict_do_update(index_elements=list(row), set_=news))

    async def _own(self) -> Workspace:
        query = select(Workspace).where(Workspace.id == self.workspace)
        found = await self.session.scalars(query, execution_options={"populate_existing": True})
        return found.one()

    async def _rows(self, connection_ids: list[str], entity: str) -> dict[str, EntitySettings]:
        query = select(EntitySettings).where(
            EntitySettings.workspace_id == self.workspace,
            EntitySettings.connection_id.in_(connection_ids),
            EntitySettings.entity == entity,
        )
        rows = await self.session.scalars(query, execution_options={"populate_existing": True})
        return {row.connection_id: row for row in rows}
