"""The SQL of workspaces, and what may be configured of one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, bindparam, exists, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.errors import CrmIdTaken, WorkspaceNotFound
from app.ids import new_id
from app.models import Credential, Workspace
from app.sync.credentials import Credentials

Json = dict[str, Any]
EMPTY: Json = {"vocabulary": {}, "rules": {}, "breaker": {}, "defaults": {}, "origins": [], "return_urls": []}
CONFIGURED = (
    "name",
    "crm_id",
    "enabled",
    "entitled",
    "paused",
    "entities",
    "self_management",
    "sync_interval_minutes",
    "origins",
    "return_urls",
    "record_url_template",
    "phone_region",
    "vocabulary",
    "settle_seconds",
    "rules",
    "breaker",
    "defaults",
)


LISTS: Final = select(exists().where(Workspace.origins.contains(bindparam("origins", type_=ARRAY(Text)))))


async def any_lists_origin(origin: str, *, db: Database) -> bool:
    """Say whether pages of this origin may call for any workspace at all."""
    async with db.glance() as connection:
        return bool(await connection.scalar(LISTS, {"origins": [origin]}))


class Workspaces:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, workspace_id: str) -> Workspace | None:
        return await self.session.get(Workspace, workspace_id)

    async def locked(self, workspace_id: str) -> Workspace:
        """Return the workspace, held until the transaction ends."""
        query = select(Workspace).where(Workspace.id == workspace_id).with_for_update()
        workspace = await self.session.scalar(query, execution_options={"populate_existing": True})
        if workspace is None:
            raise WorkspaceNotFound
        return workspace

    async def phone_region(self, workspace_id: str) -> str:
        """Return the country whose phone numbers are written without its code; empty where none is chosen."""
        query = select(Workspace.phone_region).where(Workspace.id == workspace_id)
        return await self.session.scalar(query) or ""

    async def page(self, *, after: str, limit: int) -> Sequence[Workspace]:
        """Return a page of all workspaces, the oldest first."""
        query = select(Workspace).where(Workspace.id > after).order_by(Workspace.id).limit(limit)
        return (await self.session.scalars(query)).all()

    async def create(self, *, name: str, crm_id: str | None, entities: list[str], now: datetime) -> Workspace:
        """Make a workspace with everything else at its default."""
        workspace_id = new_id("ws", now)
        values = {"id": workspace_id, "name": name, "crm_id": crm_id, "entities": entities, **EMPTY}
        made = (
            insert(Workspace)
            .values(**values, created_at=now, updated_at=now)
            .on_conflict_do_nothing()
            .returning(Workspace)
        )
        workspace = (await self.session.scalars(made)).one_or_none()
        if workspace is None:
            raise CrmIdTaken
        return workspace


async def founded(
    session: AsyncSession, *, name: str, crm_id: str | None, entities: list[str], now: datetime
) -> tuple[Workspace, Credential, str]:
    """Make a workspace and its first key; return both and the key's secret."""
    workspace = await Workspaces(session).create(name=name, crm_id=crm_id, entities=entities, now=now)
    key, secret = await Credentials(session).create(workspace.id, name="first", now=now)
    return workspace, key, secret


def configured(workspace: Workspace) -> Json:
    """Return what is configured of a workspace, as one document."""
    return {name: getattr(workspace, name) for name in CONFIGURED}


async def configure(session: AsyncSession, workspace: Workspace, document: Json, *, now: datetime) -> bool:
    """Make the document what is configured; say whether that changed anything."""
    if document == configured(workspace):
        return False
    for name in CONFIGURED:
        setattr(workspace, name, document[name])
    workspace.revision += 1
    workspace.updated_at = now
    try:
        await session.flush()
    except IntegrityError:
        raise CrmIdTaken from None
    return True
