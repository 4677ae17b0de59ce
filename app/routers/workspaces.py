"""Workspaces, as the operator manages them."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response, status
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import CrmIdTaken, RevisionMismatch, WorkspaceNotFound
from app.problems import problems
from app.routers.deps import Guard, Now, Operator, OperatorSession, Page, Res, WorkspaceInPath, tag
from app.routers.keys import NewKey
from app.routers.shapes import Answer, Body, Listing
from app.routers.workspace import patched, shown, words_in_use
from app.routers.workspace_shapes import (
    CrmId,
    Entities,
    Name,
    WorkspaceAnswer,
    WorkspaceDocument,
    WorkspacePatch,
)
from app.sync.workspaces import Workspaces, founded

router = APIRouter(prefix="/v1/workspaces", tags=["workspaces"])
FIELDS = WorkspaceDocument.model_fields


async def open_session(
    resources: Res, workspace_id: WorkspaceInPath, _: Operator
) -> AsyncIterator[AsyncSession]:
    async with resources.db.transaction(workspace_id) as session:
        yield session


WorkspaceSession = Annotated[AsyncSession, Depends(open_session, scope="function")]


class WorkspaceIn(Body):
    """A workspace to be made; everything else of it starts at its default."""

    name: Name = Field(title="Name", description="The organisation's name.", examples=["Acme Realty"])
    crm_id: CrmId | None = Field(
        default=None, title="CRM id", description="The organisation's id in the CRM.", examples=["org-55"]
    )
    entities: Entities = Field(
        default=["contacts", "calendar", "tasks", "mail", "files"],
        title="Entities",
        description="What may be synced in this workspace.",
        examples=[["contacts", "calendar", "tasks"]],
    )


class WorkspaceMade(Answer):
    """A fresh workspace with its first key."""

    id: str = Field(title="Id", description="The workspace's id.", examples=["ws_06a2k3v9"])
    name: str = Field(title="Name", description="The organisation's name.", examples=["Acme Realty"])
    crm_id: str | None = Field(
        title="CRM id", description="The organisation's id in the CRM.", examples=["org-55"]
    )
    entities: list[str] = Field(
        title="Entities", description="What may be synced in this workspace.", examples=[["contacts"]]
    )
    key: NewKey = Field(
        title="Key",
        description="Its first key.",
        examples=[
            {"id": "key_06a2k3v9", "name": "first", "created_at": "2026-03-02T09:00:00Z", "secret": "ck_…"}
        ],
    )


@router.post(
    "",
    operation_id="workspaces.create",
    summary="Make a workspace",
    status_code=status.HTTP_201_CREATED,
    responses=problems(CrmIdTaken),
)
async def create_workspace(body: WorkspaceIn, session: OperatorSession, now: Now) -> WorkspaceMade:
    """Make a workspace and its first key, whose secret is shown this once."""
    workspace, key, secret = await founded(
        session, name=body.name, crm_id=body.crm_id, entities=[*body.entities], now=now
    )
    return WorkspaceMade(
        id=workspace.id,
        name=workspace.name,
        crm_id=workspace.crm_id,
        entities=workspace.entities,
        key=NewKey(id=key.id, name=key.name, created_at=key.created_at, secret=secret),
    )


@router.get(
    "",
    operation_id="workspaces.list",
    summary="List workspaces",
    response_model=Listing[WorkspaceAnswer],
    response_model_exclude_unset=True,
)
async def list_workspaces(session: OperatorSession, resources: Res, page: Page) -> dict[str, Any]:
    """List all workspaces, the oldest first."""
    rows = await Workspaces(session).page(after=page.after_id, limit=page.limit + 1)
    found, cursor = page.cut(rows, key=lambda workspace: workspace.id)
    in_use = {}
    for workspace in found:  # the settings of one are behind its own wall
        async with resources.db.transaction(workspace.id) as inside:
            in_use[workspace.id] = await words_in_use(inside)
    shown_ones = [shown(workspace, in_use=in_use[workspace.id]) for workspace in found]
    return {"data": shown_ones, "next_cursor": cursor}


@router.get(
    "/{workspace_id}",
    operation_id="workspaces.get",
    summary="Read a workspace",
    response_model=WorkspaceAnswer,
    response_model_exclude_unset=True,
    responses=problems(WorkspaceNotFound),
)
async def get_workspace(
    workspace_id: WorkspaceInPath, session: WorkspaceSession, response: Response
) -> dict[str, Any]:
    """Return one workspace."""
    workspace = await Workspaces(session).get(workspace_id)
    if workspace is None:
        raise WorkspaceNotFound
    tag(response, workspace.revision)
    return shown(workspace, in_use=await words_in_use(session))


@router.patch(
    "/{workspace_id}",
    operation_id="workspaces.patch",
    summary="Change a workspace",
    response_model=WorkspaceAnswer,
    response_model_exclude_unset=True,
    responses=problems(WorkspaceNotFound, CrmIdTaken, RevisionMismatch),
)
async def patch_workspace(
    workspace_id: WorkspaceInPath,
    patch: WorkspacePatch,
    session: WorkspaceSession,
    when: Guard,
    now: Now,
    response: Response,
) -> dict[str, Any]:
    """Change what the patch mentions; null returns a field to its default."""
    workspace = await patched(session, workspace_id, patch, when=when, now=now)
    tag(response, workspace.revision)
    return shown(workspace, in_use=await words_in_use(session))
