"""Choosing settings: what may be chosen, by which connection, and what follows from it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import (
    ConnectionEnded,
    ConnectionNotFound,
    EntityDisabled,
    EntityUnknown,
    PermissionMissing,
    SettingLocked,
)
from app.graph.scopes import missing
from app.models import Connection, Workspace
from app.states import blocked_by, state
from app.sync.collections import Collections
from app.sync.connections import Connections
from app.sync.entity_settings import KINDS
from app.sync.runs import Runs
from app.sync.settings import BUILT, EffectiveSettings, InForce, SyncSettings
from app.sync.switch import settings_changed
from app.sync.workspaces import Workspaces

Json = dict[str, Any]
ENDED: Final = ("disconnecting", "disconnected")
NOT_SIGNED_IN: Final = ("pending", "needs_confirmation", "needs_admin_consent")


@dataclass(frozen=True, slots=True)
class Shown:
    """The settings of one entity as an answer shows them."""

    entity: str
    in_force: InForce
    revision: int
    run: str | None

    def document(self) -> Json:
        return self.in_force.settings.document() | {
            "entity": self.entity,
            "inherited": list(self.in_force.inherited),
            "locked": list(self.in_force.locked),
            "revision": self.revision,
            "run": self.run,
        }


def known(entity: str) -> str:
    """Return the entity, if it can be configured."""
    if entity not in BUILT:
        raise EntityUnknown(f"Only {', '.join(BUILT)} can be configured in this version, not {entity!r}.")
    return entity


async def settings_of(session: AsyncSession, connection_id: str, entity: str) -> Shown:
    """Return what is in force for one entity of a connection."""
    if await Connections(session).get(connection_id) is None:
        raise ConnectionNotFound
    return await _shown(session, connection_id, entity)


async def _shown(session: AsyncSession, connection_id: str, entity: str, *, run: str | None = None) -> Shown:
    in_force, revision = await EffectiveSettings(session).in_force(connection_id, known(entity))
    return Shown(entity, in_force, revision, run or await _run_under_way(session, connection_id, entity))


async def _run_under_way(session: AsyncSession, connection_id: str, entity: str) -> str | None:
    collection = await Collections(session).of(connection_id, entity)
    runs = await Runs(session).open_of(collection.id) if collection is not None else []
    return runs[0].id if runs else None


async def to_be_chosen_for(session: AsyncSession, connection_id: str) -> Connection:
    """Return the connection whose settings are about to change; whoever else would change them waits."""
    connection = await Connections(session).locked(connection_id)
    if connection is None:
        raise ConnectionNotFound
    if connection.status in ENDED:
        raise ConnectionEnded
    return connection


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice that may be made: what is in force before and after it, and what of it is stored."""

    before: InForce
    after: InForce
    chosen: Json
    stored: Json


async def patched(
    session: AsyncSession, connection: Connection, entity: str, patch: Json, *, now: datetime
) -> Shown:
    """Choose what the patch mentions; null (or an empty folder name) returns to the workspace's default."""
    choice = await considered(session, connection, entity, patch, now=now)
    return await _make(session, connection, entity, choice, now=now)


async def considered(
    session: AsyncSession, connection: Connection, entity: str, patch: Json, *, now: datetime
) -> Choice:
    """Return what a patch would choose, if it may be. Rules of single fields are patched one by one."""
    chosen = await EffectiveSettings(session).chosen(connection.id, entity)
    naming = KINDS[entity].NAME
    news = {name: None if name == naming and value == "" else value for name, value in patch.items()}
    patched_rules = news.get("field_overrides")
    if patched_rules is not None:
        in_force, _ = await EffectiveSettings(session).in_force(connection.id, entity)
        rules = {**in_force.settings.field_overrides, **patched_rules}
        news["field_overrides"] = {field: rule for field, rule in rules.items() if rule is not None}
    wanted = {name: value for name, value in (chosen | news).items() if value is not None}
    return await _allowed(session, connection, entity, wanted, said=news, now=now)


async def choose(
    session: AsyncSession, connection: Connection, entity: str, wanted: Json, *, said: Json, now: datetime
) -> Shown:
    """Make this the whole choice, if what was said may be chosen, and let the sync follow."""
    choice = await _allowed(session, connection, entity, wanted, said=said, now=now)
    return await _make(session, connection, entity, choice, now=now)


async def _allowed(
    session: AsyncSession, connection: Connection, entity: str, wanted: Json, *, said: Json, now: datetime
) -> Choice:
    effective = EffectiveSettings(session)
    workspace = await Workspaces(session).get(effective.workspace)
    assert workspace is not None  # noqa: S101  the connection is in it
    chosen = await effective.chosen(connection.id, entity)
    before = InForce.of(entity, workspace, chosen)
    _refuse_locked(before, said)
    locked = {name: value for name, value in chosen.items() if name in before.locked}
    stored = {name: value for name, value in wanted.items() if name not in before.locked} | locked
    after = InForce.of(entity, workspace, stored)
    if after.settings.direction not in {"disabled", before.settings.direction}:
        _refuse_unless_ready(workspace, connection, entity, now=now)
    return Choice(before, after, chosen, stored)


async def _make(
    session: AsyncSession, connection: Connection, entity: str, choice: Choice, *, now: datetime
) -> Shown:
    if choice.stored == choice.chosen:
        return await _shown(session, connection.id, entity)
    await EffectiveSettings(session).choose(connection.id, entity, choice.stored, now=now)
    before, after = choice.before.settings, choice.after.settings
    run = await _follow(session, connection, entity, before=before, after=after, now=now)
    return await _shown(session, connection.id, entity, run=run)


def _refuse_locked(before: InForce, said: Json) -> None:
    """Refuse another value for a locked field; to say what the workspace says is no change."""
    so_far = before.settings.document()
    for name in before.locked:
        if said.get(name) not in (None, so_far[name]):
            raise SettingLocked(f"{name} is locked by the workspace.", field=name)


def _refuse_unless_ready(workspace: Workspace, connection: Connection, entity: str, *, now: datetime) -> None:
    """Refuse to switch on what could not work: nothing would sync, and nobody would see why."""
    if entity not in workspace.entities:
        raise EntityDisabled(f"{entity} is not among the workspace's entities.")
    if connection.status in NOT_SIGNED_IN:
        since = connection.updated_at
        raise blocked_by(connection.problem or state("sign-in-needed", since=since, call=_again(connection)))
    lacking = missing(entity, granted=connection.granted_scopes or ())
    if lacking:
        detail = f"Microsoft has not been allowed {', '.join(lacking)}."
        call = _again(connection, entities=[entity])
        told = state("permission-missing", since=now, call=call, detail=detail)
        raise PermissionMissing(detail, who=told["who"], cure=told["cure"])


def _again(connection: Connection, **body: Any) -> Json:
    return {"method": "POST", "path": f"/v1/connections/{connection.id}/reconnect", "body": body or None}


async def _follow(
    session: AsyncSession,
    connection: Connection,
    entity: str,
    *,
    before: SyncSettings,
    after: SyncSettings,
    now: datetime,
) -> str | None:
    if before == after:
        return None
    return await settings_changed(session, connection, entity, before=before, after=after, now=now)


async def end(session: AsyncSession, connection: Connection, entity: str, *, now: datetime) -> None:
    """Delete this sync and nothing else (A6): the choice is gone and the direction is off, links rest."""
    off = {"direction": "disabled"}
    await choose(session, connection, entity, off, said=off, now=now)
