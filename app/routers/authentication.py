"""Who asks: the credential of a request, looked at before anything else of it."""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from app.errors import Unauthenticated, WorkspaceNotFound
from app.security.keys import same
from app.sync.credentials import bearer_of
from app.sync.resources import Resources
from app.sync.workspaces import Workspaces

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="concord"'}
OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a request speaks for: the operator, or (``workspace`` set) one workspace."""

    credential: str
    workspace: str | None = None

    @property
    def idempotency_space(self) -> str:
        """Return under which workspace this principal's idempotency keys stand."""
        return self.workspace or OPERATOR


class Authentication:
    """ASGI: everything under /v1 needs a valid credential, and says so before it reads a body.

    A browser's EventSource can send no header: a GET with ``?token=`` passes without a principal, and only an
    operation that takes such a token lets it in.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            state = scope["state"]
            state["principal"] = None
            headers = Headers(scope=scope)
            if scope["path"].startswith("/v1/") and not _carries_token(scope, headers):
                state["principal"] = principal = await identified(headers, state["resources"])
                bind_contextvars(workspace=principal.workspace, credential_id=principal.credential)
        await self.app(scope, receive, send)


def principal_of(scope: Scope) -> Principal | None:
    """Return who calls, or None where the request carries no credential."""
    known: Principal | None = scope["state"].get("principal")
    return known


def _carries_token(scope: Scope, headers: Headers) -> bool:
    return scope["method"] == "GET" and "authorization" not in headers and b"token=" in scope["query_string"]


async def identified(headers: Headers, resources: Resources) -> Principal:
    """Return whose credential this is, or raise the Problem that says what is wrong with it."""
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    secret, wanted = secret.strip(), headers.get("concord-workspace") or None
    if scheme.lower() != "bearer" or not secret:
        raise Unauthenticated(headers=CHALLENGE)
    if same(secret, resources.settings.operator_key.get_secret_value()):
        return await _operator(resources, acting_as=wanted)
    bearer = await bearer_of(secret, db=resources.db)
    if bearer is None:
        raise Unauthenticated("This credential is not known (any more).", headers=CHALLENGE)
    if wanted not in {None, bearer.workspace_id}:
        raise WorkspaceNotFound
    return Principal(credential=bearer.key_id, workspace=bearer.workspace_id)


async def _operator(resources: Resources, *, acting_as: str | None) -> Principal:
    if acting_as is None:
        return Principal(credential=OPERATOR)
    async with resources.db.transaction(None) as session:
        if await Workspaces(session).get(acting_as) is None:
            raise WorkspaceNotFound
    return Principal(credential=OPERATOR, workspace=acting_as)
