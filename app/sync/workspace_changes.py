"""What a change of a workspace's configuration means for its connections."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.graph.scopes import missing
from app.models import Connection, Workspace
from app.sync.collections import Collections
from app.sync.connections import Connections
from app.sync.settings import BUILT, EffectiveSettings
from app.sync.switch import connection_changed, settings_changed
from app.sync.workspaces import configure

Json = dict[str, Any]
HAVE_SIGNED_IN = ("active", "needs_sign_in", "needs_admin_consent", "needs_operator", "no_mailbox")


async def change(session: AsyncSession, workspace: Workspace, document: Json, *, now: datetime) -> None:
    """Make the document what is configured, and let the connections follow at once."""
    could = _may_sync(workspace)
    moves_defaults = document["defaults"] != workspace.defaults
    connections = await _signed_in(session) if moves_defaults else []
    ids = [connection.id for connection in connections]
    before = (
        {entity: await EffectiveSettings(session).of_many(ids, entity) for entity in BUILT} if ids else {}
    )
    if not await configure(session, workspace, document, now=now):
        return
    for entity, were in before.items():
        are = await EffectiveSettings(session).of_many(ids, entity)
        for connection in connections:
            old, new = were[connection.id], are[connection.id]
            if old != new:
                await settings_changed(session, connection, entity, before=old, after=new, now=now)
    may = _may_sync(workspace)
    if could - may:
        await _halt(session)
    if may and may != could:
        await _wake(session, now=now)


async def begin_inherited(session: AsyncSession, connection: Connection, *, now: datetime) -> None:
    """Start, in a connection that has just become active, what the workspace's defaults switch on.

    What runs already, or lacks its permission, is left as it is. Safe to repeat.
    """
    for entity in BUILT:
        settings = await EffectiveSettings(session).of(connection.id, entity)
        if settings.direction == "disabled" or missing(entity, granted=connection.granted_scopes or ()):
            continue
        collection = await Collections(session).of(connection.id, entity)
        if collection is None or not (collection.hears or collection.sends):
            await settings_changed(session, connection, entity, before=OFF, after=settings, now=now)


class _Off:
    direction = "disabled"
    reach = ()


OFF = _Off()


def _may_sync(workspace: Workspace) -> set[str]:
    on = workspace.enabled and workspace.entitled and not workspace.paused
    return set(workspace.entities) if on else set()


async def _signed_in(session: AsyncSession) -> list[Connection]:
    return [one for status in HAVE_SIGNED_IN for one in await Connections(session).in_status(status)]


async def _wake(session: AsyncSession, *, now: datetime) -> None:
    for connection in await Connections(session).in_status("active"):
        await connection_changed(session, connection, now=now)


async def _halt(session: AsyncSession) -> None:
    """Take every collection from whoever works on it by what was configured before."""
    collections = Collections(session)
    await collections.stop([one.id for one in await collections.working()])
