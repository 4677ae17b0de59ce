"""The workspace of the credential, and what it configures."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import CrmIdTaken, RevisionMismatch, WrongCredential
from app.models import Workspace
from app.problems import problems
from app.routers.deps import Conditions, CurrentWorkspace, Guard, Insider, Now, OnlyUser, Session, tag
from app.routers.permissions import KEYS_ONLY, SCREENS_NEED
from app.routers.shapes import merged
from app.routers.workspace_shapes import WorkspaceAnswer, WorkspaceDocument, WorkspacePatch
from app.security.session_tokens import Role
from app.sync.settings import EffectiveSettings
from app.sync.workspace_changes import change
from app.sync.workspaces import Workspaces, configured

router = APIRouter(prefix="/v1/workspace", tags=["workspace"])
NAMED_IN: Final = {"classes": "contacts", "activity_types": "calendar"}
"""Which entity's settings name words of the vocabulary."""


@router.get(
    "",
    operation_id="workspace.get",
    summary="Read the workspace",
    response_model=WorkspaceAnswer,
    response_model_exclude_unset=True,
)
async def get_workspace(
    workspace: CurrentWorkspace, session: Session, response: Response, only: OnlyUser
) -> dict[str, Any]:
    """Return the workspace of the credential; to a user's session what settings screens need of it."""
    tag(response, workspace.revision)
    document = shown(workspace, in_use=await words_in_use(session))
    return document if only is None else {name: document[name] for name in SCREENS_NEED}


@router.patch(
    "",
    operation_id="workspace.patch",
    summary="Change the workspace",
    response_model=WorkspaceAnswer,
    response_model_exclude_unset=True,
    responses=problems(CrmIdTaken, RevisionMismatch),
)
async def patch_workspace(
    patch: WorkspacePatch,
    session: Session,
    principal: Insider,
    when: Guard,
    now: Now,
    response: Response,
) -> dict[str, Any]:
    """Change what the patch mentions; null returns a field to its default.

    A session may not change `entitled`, `breaker`, `rules`, `settle_seconds`, `origins` and `return_urls`.
    """
    workspace = await patched(
        session, str(principal.workspace), patch, when=when, now=now, by_key=principal.role is Role.BACK_END
    )
    tag(response, workspace.revision)
    return shown(workspace, in_use=await words_in_use(session))


async def patched(
    session: AsyncSession,
    workspace_id: str,
    patch: WorkspacePatch,
    *,
    when: Conditions,
    now: datetime,
    by_key: bool = True,
) -> Workspace:
    """Apply a merge patch to a workspace, whoever sent it."""
    workspace = await Workspaces(session).locked(workspace_id)
    in_use = await words_in_use(session)
    when.require(workspace.revision, current=lambda: shown(workspace, in_use=in_use))
    document = checked(merged(configured(workspace), patch.said()), sent=patch)
    if not by_key:
        refuse_what_takes_a_key(workspace, document)
    await change(session, workspace, document, now=now)
    return workspace


def refuse_what_takes_a_key(workspace: Workspace, document: dict[str, Any]) -> None:
    """Refuse to change what no session changes; to say what is so already is no change."""
    was = WorkspaceDocument.model_validate(configured(workspace)).model_dump()
    becomes = WorkspaceDocument.model_validate(document).model_dump()
    for name in KEYS_ONLY:
        if was[name] != becomes[name]:
            raise WrongCredential(f"`{name}` is changed with a key of the workspace.", field=name)


def checked(document: dict[str, Any], *, sent: WorkspacePatch) -> dict[str, Any]:
    """Return the whole document as it is stored: every field, but of its parts only what was said."""
    try:
        whole = WorkspaceDocument.model_validate(document)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults, body=sent.said()) from None
    return whole.model_dump() | whole.model_dump(exclude_unset=True)


async def words_in_use(session: AsyncSession) -> dict[str, set[str]]:
    """Return the words of the vocabulary that settings name."""
    settings = EffectiveSettings(session)
    return {name: await settings.words_in_use(entity, name) for name, entity in NAMED_IN.items()}


def shown(workspace: Workspace, *, in_use: Mapping[str, Collection[str]]) -> dict[str, Any]:
    """Return the workspace as answers show it; ``in_use`` are the words that settings name."""
    document = WorkspaceDocument.model_validate(configured(workspace))
    body = document.model_dump()
    body["vocabulary"]["unknown"] = _unknown(document, in_use=in_use)
    body["defaults"] = {
        entity: {"locked": []} | document.defaults.model_dump(exclude_unset=True).get(entity, {})
        for entity in body["defaults"]
    }
    for name in ("id", "revision", "created_at", "updated_at"):
        body[name] = getattr(workspace, name)
    return body


def _unknown(document: WorkspaceDocument, *, in_use: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    known = {name: {term.id for term in getattr(document.vocabulary, name)} for name in NAMED_IN}
    projects = {known.id for known in document.vocabulary.projects}
    return {
        **{name: sorted(set(words) - known[name]) for name, words in in_use.items()},
        "projects": [project for project in document.rules.projects.active if project not in projects],
    }
