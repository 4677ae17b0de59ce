"""What a workspace refuses, and what is not in it."""

from http import HTTPStatus

from app.errors.roots import Problem


class WorkspaceNotFound(Problem):
    slug = "workspace-not-found"
    title = "There is no such workspace."
    status = HTTPStatus.NOT_FOUND
    cure = "List the workspaces with the operator key."


class CrmIdTaken(Problem):
    slug = "crm-id-taken"
    title = "Another workspace has this crm_id."
    status = HTTPStatus.CONFLICT
    cure = "Use that workspace, or another crm_id."


class KeyNotFound(Problem):
    slug = "key-not-found"
    title = "There is no such key."
    status = HTTPStatus.NOT_FOUND
    cure = "List the workspace's keys."


class NotEntitled(Problem):
    slug = "not-entitled"
    title = "The organisation is not entitled to the Microsoft 365 integration."
    status = HTTPStatus.FORBIDDEN
    cure = "Set `entitled` of the workspace once the organisation has it."


class SelfManagementOff(Problem):
    slug = "self-management-off"
    title = "Users may not change their own settings here."
    status = HTTPStatus.FORBIDDEN
    cure = "Ask an administrator, or set `self_management` of the workspace."


class SettingLocked(Problem):
    slug = "setting-locked"
    title = "The workspace locks this setting."
    status = HTTPStatus.FORBIDDEN
    cure = "Take the field out of `locked` in the workspace's defaults, or leave it as it is."


class EntityDisabled(Problem):
    slug = "entity-disabled"
    title = "This is switched off for the whole workspace."
    status = HTTPStatus.CONFLICT
    cure = "Add the entity to `entities` of the workspace."


class EntityUnknown(Problem):
    slug = "entity-unknown"
    title = "There is no such entity to configure."
    status = HTTPStatus.NOT_FOUND
    cure = "Use one of the entities that GET /v1/connections/{id}/settings lists."


class MicrosoftAppNotFound(Problem):
    slug = "microsoft-app-not-found"
    title = "The workspace has no Microsoft application of its own."
    status = HTTPStatus.NOT_FOUND
    cure = "PUT /v1/workspace/microsoft-app sets one; without it the deployment's is used."


class MicrosoftAppMissing(Problem):
    slug = "microsoft-app-missing"
    title = "No Microsoft application is configured."
    status = HTTPStatus.CONFLICT
    cure = "PUT /v1/workspace/microsoft-app, or have the operator configure the deployment's."
