"""The OpenAPI document: what FastAPI finds out by itself, and what holds for every operation."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.errors import (
    BodyTooLarge,
    IdempotencyKeyReused,
    InternalError,
    InvalidRequest,
    Problem,
    RequestInProgress,
    SelfManagementOff,
    ServiceUnavailable,
    Unauthenticated,
    UnsupportedMediaType,
    WorkspaceNotFound,
    WrongCredential,
)
from app.problems import MEDIA_TYPE, problems
from app.routers import bodies
from app.routers.permissions import SELF_MANAGED, may
from app.routers.screens import SCREENS, organisation
from app.security.session_tokens import Role

Json = dict[str, Any]
METHODS: Final = frozenset({"get", "put", "post", "patch", "delete"})
UNREFERENCED: Final = ("HTTPValidationError", "ValidationError", "ContactRules", "EventRules", "TaskRules")
DESCRIPTION: Final = """
Concord keeps each CRM user's contacts, calendar, tasks, mail and files in agreement with that user's
Microsoft 365 account.

Every error is a problem (RFC 9457) that names what is wrong; `/problems` says of each kind what to do.
Every POST takes an `Idempotency-Key`: the same key and body gives the first answer again for 24 hours.
Clients ignore fields, enum values and kinds of problems and changes that they don't know.
"""
TAGS: Final = [
    {"name": "workspaces", "description": "Organisations of the host CRM, managed with the operator key."},
    {"name": "workspace", "description": "The workspace of the credential, and what it configures."},
    {"name": "microsoft-app", "description": "The workspace's own Microsoft Entra application."},
    {"name": "sessions", "description": "What front ends call with, for one person."},
    {"name": "connections", "description": "Users' links to their Microsoft 365 accounts."},
    {"name": "settings", "description": "What of a connection syncs, and how."},
    {"name": "contacts", "description": "The CRM's contacts, by the CRM's own ids."},
    {"name": "events", "description": "The CRM's events, by the CRM's own ids."},
    {"name": "tasks", "description": "The CRM's tasks, by the CRM's own ids."},
    {"name": "assignments", "description": "Whether a user may assign events to another."},
    {"name": "explain", "description": "Why a record is, or isn't, in a mailbox."},
    {"name": "changes", "description": "The ordered feed of everything that changed."},
    {"name": "webhooks", "description": "Where changes are delivered."},
    {"name": "runs", "description": "Syncs: started, watched, approved, cancelled, undone."},
    {"name": "links", "description": "Which record is which item, and what is parked."},
    {"name": "conflicts", "description": "Fields that both sides changed."},
    {
        "name": "matches",
        "description": "Items that may be one of several records: a person decides.",
    },
    {"name": "problems", "description": "What can be wrong, explained."},
    {"name": "operation", "description": "Is it alive, is it ready, how much does it do."},
]
PROBLEM: Final[Json] = {
    "type": "object",
    "title": "Problem",
    "description": "An error, as RFC 9457 shapes it. Some kinds carry more fields.",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {
            "type": "string",
            "title": "Type",
            "description": "Which kind of problem this is; open it for an explanation.",
            "examples": ["/problems/record-not-found"],
        },
        "title": {
            "type": "string",
            "title": "Title",
            "description": "The kind in one sentence.",
            "examples": ["There is no such record."],
        },
        "status": {
            "type": "integer",
            "title": "Status",
            "description": "The answer's status code.",
            "examples": [404],
        },
        "detail": {
            "type": "string",
            "title": "Detail",
            "description": "This occurrence, for a person.",
            "examples": ["There is no such record."],
        },
        "instance": {
            "type": "string",
            "title": "Instance",
            "description": "The request, as it is named in the log.",
            "examples": ["/requests/req_06a2k3v9"],
        },
        "errors": {
            "type": "array",
            "title": "Errors",
            "description": "What is wrong with it, each with a pointer into the body or a parameter.",
            "examples": [[{"pointer": "/emails/0/address", "detail": "Input should be a valid string"}]],
            "items": {"$ref": "#/components/schemas/InvalidPart"},
        },
    },
}
INVALID_PART: Final[Json] = {
    "type": "object",
    "title": "InvalidPart",
    "description": "One thing that is wrong with a request.",
    "required": ["detail"],
    "properties": {
        "pointer": {
            "type": "string",
            "title": "Pointer",
            "description": "Where in the body, as a JSON pointer (RFC 6901).",
            "examples": ["/emails/0/address"],
        },
        "in": {
            "type": "string",
            "title": "In",
            "description": "Where the parameter stands: path, query or header.",
            "examples": ["query"],
        },
        "parameter": {
            "type": "string",
            "title": "Parameter",
            "description": "The parameter's name.",
            "examples": ["limit"],
        },
        "detail": {
            "type": "string",
            "title": "Detail",
            "description": "What is wrong with it.",
            "examples": ["Input should be a valid string"],
        },
    },
}
IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes the request safe to repeat: with the same key and body it is done once.",
    "schema": {
        "type": "string",
        "title": "Idempotency-Key",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[!-~]([ -~]*[!-~])?$",
    },
}


def described(app: FastAPI, *, public_url: str) -> None:
    """Make the application tell the whole document."""

    def document() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(app, public_url)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way


def _completed(app: FastAPI, public_url: str) -> Json:
    document = get_openapi(
        title=app.title,
        version="1",
        summary="Keeps CRM records in agreement with Microsoft 365.",
        description=DESCRIPTION.strip(),
        routes=app.routes,
        tags=TAGS,
        servers=[{"url": public_url, "description": "This service"}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= {"Problem": PROBLEM, "InvalidPart": INVALID_PART, "OrganisationSettings": organisation()}
    schemas |= bodies.schemas()
    for name in UNREFERENCED:
        schemas.pop(name, None)
    components["securitySchemes"] = {
        **components.get("securitySchemes", {}),
        "actingWorkspace": {
            "type": "apiKey",
            "in": "header",
            "name": "Concord-Workspace",
            "description": "The workspace that the operator key acts as.",
        },
        "sessionToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of POST /v1/session-tokens: a front end, for one person, for 15 minutes."
            " Named with it is a role that may use the operation.",
        },
        "eventsToken": {
            "type": "apiKey",
            "in": "query",
            "name": "token",
            "description": "A token of POST /v1/runs/{run_id}/events-token: for an EventSource, once.",
        },
    }
    for screen in SCREENS:
        _put_nulls_back(schemas[screen.schema])
    document["x-screens"] = [screen.document() for screen in SCREENS]
    for path, method, operation in operations(document):
        _complete(operation, path=path, method=method)
    return document


def _put_nulls_back(schema: Json) -> None:
    """Put back the defaults and choices that FastAPI leaves out with every other null."""
    for part in schema.get("properties", {}).values():
        if "null" in part.get("type", ()):
            part.setdefault("default", None)
        for option in part.get("oneOf", []):
            if option.get("type") == "null":
                option["const"] = None
        _put_nulls_back(part)


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Walk the operations of a document: path, method, operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def _complete(operation: Json, *, path: str, method: str) -> None:
    """Add what holds for every operation: its problems, its keys, and how a POST is repeated."""
    security = operation.get("security", [])
    inside = {"workspaceKey": []} in security
    if inside:
        operation["security"] = [*_credentials(operation["operationId"])]
    repeatable = method == "post" and bool(security)
    if repeatable:
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    for parameter in operation.get("parameters", []):
        parameter["schema"] = _never_null(parameter["schema"])
    for kind in _always(operation, secured=bool(security), repeatable=repeatable):
        _document(responses, kind)
    if inside:
        _document(responses, WorkspaceNotFound)
    if operation["operationId"] in SELF_MANAGED:
        _document(responses, SelfManagementOff)
    if path.startswith("/v1/"):
        _document(responses, InternalError)
        _document(responses, ServiceUnavailable)
    operation["responses"] = dict(sorted(responses.items()))


def _credentials(operation_id: str) -> Iterator[Json]:
    """Walk the credentials that an operation within a workspace takes, each role of a session for itself."""
    allowed = may(operation_id)
    if Role.BACK_END in allowed:
        yield {"workspaceKey": []}
        yield {"operatorKey": [], "actingWorkspace": []}
    for role in (Role.ADMINISTRATOR, Role.USER):
        if role in allowed:
            yield {"sessionToken": [role.value]}
    if Role.WATCHER in allowed:
        yield {"eventsToken": []}


def _never_null(schema: Json) -> Json:
    """Return the schema of a parameter without null: it is absent or it is text."""
    inner = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if len(inner) != 1:
        return schema
    rest = {name: part for name, part in schema.items() if name != "anyOf"}
    return {**inner[0], **rest}


def _always(operation: Json, *, secured: bool, repeatable: bool) -> Iterator[type[Problem]]:
    if secured:
        yield from (Unauthenticated, WrongCredential)
    if operation.get("parameters") or "requestBody" in operation:
        yield InvalidRequest
    if "requestBody" in operation:
        yield from (BodyTooLarge, UnsupportedMediaType)
    if repeatable:
        yield from (RequestInProgress, IdempotencyKeyReused)


def _document(responses: Json, kind: type[Problem]) -> None:
    """Add a kind of problem to those that an operation documents itself."""
    status, entry = next((str(status), entry) for status, entry in problems(kind).items())
    known = responses.setdefault(status, entry)
    examples = known.setdefault("content", {}).setdefault(MEDIA_TYPE, entry["content"][MEDIA_TYPE])
    if kind.slug not in examples.setdefault("examples", {}):
        examples["examples"] |= entry["content"][MEDIA_TYPE]["examples"]
        known["description"] = f"{known['description']} {kind.title}".strip()
