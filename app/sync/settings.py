"""Settings of an entity in a connection: what was chosen, over the workspace's defaults, over the built-in.

Stored is only what was chosen. What is in force is worked out at each use, so that a default that changes, or
a field that the workspace locks, counts at once for every connection that inherits it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Connection, EntitySettings, Workspace
from app.sync.conflicts import Policy
from app.sync.connections import ENDED
from app.sync.entity_settings import BUILT, KINDS, CalendarSettings, ContactSettings, SyncSettings

Json = dict[str, Any]
__all__ = [
    "BUILT", "CalendarSettings", "ContactSettings", "EffectiveSettings", "InForce", "SyncSettings",
    "over_defaults",
]  # fmt: skip


def over_defaults(entity: str, workspace_name: str, defaults: Json, chosen: Json) -> SyncSettings:
    """Return the settings in force: a locked field is the workspace's, whatever was chosen."""
    kind = KINDS[entity]
    free = {name: value for name, value in chosen.items() if name not in defaults.get("locked", ())}
    return kind.of({kind.NAME: workspace_name} | defaults | free)


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings in force, and where each comes from."""

    settings: SyncSettings
    inherited: tuple[str, ...]
    locked: tuple[str, ...]

    @classmethod
    def of(cls, entity: str, workspace: Workspace, chosen: Json) -> "InForce":
        """Work out what is in force: a locked field is the workspace's, whatever was chosen."""
        defaults, names = workspace.defaults.get(entity, {}), KINDS[entity].choosable()
        locked = tuple(name for name in names if name in defaults.get("locked", ()))
        inherited = tuple(name for name in names if name not in chosen or name in locked)
        return cls(over_defaults(entity, workspace.name, defaults, chosen), inherited, locked)


class EffectiveSettings:
    """The settings of the transaction's workspace: the SQL of ``entity_settings``."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def of(self, connection_id: str, entity: str) -> SyncSettings:
        """Return the settings in force for one connection."""
        return (await self.of_many([connection_id], entity))[connection_id]

    async def of_many(self, connection_ids: Iterable[str], entity: str) -> dict[str, SyncSettings]:
        """Return the settings in force for each of these connections, two queries for all."""
        ids = list(connection_ids)
        workspace = await self._own()
        rows = await self._rows(ids, entity)
        return {
            one: InForce.of(entity, workspace, rows[one].chosen if one in rows else {}).settings
            for one in ids
        }

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
        found = InForce.of(entity, await self._own(), row.chosen if row else {})
        return found, row.revision if row else 0

    async def chosen(self, connection_id: str, entity: str) -> Json:
        """Return what was chosen, and nothing that is inherited."""
        row = (await self._rows([connection_id], entity)).get(connection_id)
        return dict(row.chosen) if row else {}

    async def words_in_use(self, entity: str, name: str) -> set[str]:
        """Return every word that some choice, or the workspace's defaults, name in this field."""
        query = select(EntitySettings.chosen[name]).where(
            EntitySettings.workspace_id == self.workspace,
            EntitySettings.entity == entity,
            EntitySettings.chosen.has_key(name),
        )
        defaults = (await self._own()).defaults.get(entity, {}).get(name, [])
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
