"""Keys of a workspace: made and deleted by the operator, read by nobody."""

from typing import Annotated

from fastapi import APIRouter, Path, status
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import KeyNotFound, WorkspaceNotFound
from app.models import Workspace
from app.problems import problems
from app.routers.deps import Now, OperatorSession, Page, WorkspaceInPath
from app.routers.shapes import Answer, Body, Listing, Moment
from app.routers.workspace_shapes import Name
from app.sync.credentials import Credentials
from app.sync.workspaces import Workspaces

router = APIRouter(prefix="/v1/workspaces/{workspace_id}/keys", tags=["workspaces"])


class KeyIn(Body):
    """A key to be made."""

    name: Name = Field(title="Name", description="What the key is for.", examples=["back end"])


class Key(Answer):
    """A key of a workspace, without its secret."""

    id: str = Field(title="Id", description="The key's id.", examples=["key_06a2k3v9"])
    name: str = Field(title="Name", description="What the key is for.", examples=["back end"])
    created_at: Moment = Field(title="Created", description="When it was made.")


class NewKey(Key):
    """A fresh key."""

    secret: str | None = Field(
        title="Secret",
        description="What to send as `Authorization: Bearer`. Shown once: a repeated request gets null.",
        examples=["ck_…"],
    )


async def existing(session: AsyncSession, workspace_id: str) -> Workspace:
    found = await Workspaces(session).get(workspace_id)
    if found is None:
        raise WorkspaceNotFound
    return found


@router.post(
    "",
    operation_id="keys.create",
    summary="Make a key",
    status_code=status.HTTP_201_CREATED,
    responses=problems(WorkspaceNotFound),
)
async def create_key(
    workspace_id: WorkspaceInPath, body: KeyIn, session: OperatorSession, now: Now
) -> NewKey:
    """Make another key; its secret is shown this once."""
    await existing(session, workspace_id)
    key, secret = await Credentials(session).create(workspace_id, name=body.name, now=now)
    return NewKey(id=key.id, name=key.name, created_at=key.created_at, secret=secret)


@router.get("", operation_id="keys.list", summary="List keys", responses=problems(WorkspaceNotFound))
async def list_keys(workspace_id: WorkspaceInPath, session: OperatorSession, page: Page) -> Listing[Key]:
    """List the workspace's keys, without their secrets."""
    await existing(session, workspace_id)
    rows = await Credentials(session).of_workspace(workspace_id, after=page.after_id, limit=page.limit + 1)
    found, cursor = page.cut(rows, key=lambda key: key.id)
    return Listing(data=[Key.model_validate(key) for key in found], next_cursor=cursor)


@router.delete(
    "/{key_id}",
    operation_id="keys.delete",
    summary="Delete a key",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(WorkspaceNotFound, KeyNotFound),
)
async def delete_key(
    workspace_id: WorkspaceInPath,
    key_id: Annotated[
        str, Path(title="Key", max_length=64, description="The key's id.", examples=["key_06a2"])
    ],
    session: OperatorSession,
) -> None:
    """Delete a key; from now on it opens nothing."""
    await existing(session, workspace_id)
    if not await Credentials(session).delete(workspace_id, key_id=key_id):
        raise KeyNotFound
