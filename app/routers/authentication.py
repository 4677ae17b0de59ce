"""Who asks: the credential of a request, looked at before anything else of it.

What each may do is in ``permissions.py``.
"""

import re
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from app import clock
from app.errors import Unauthenticated, WorkspaceNotFound
from app.security.keys import same
from app.security.session_tokens import Role, Visit, read
from app.sync.credentials import bearer_of, issuer_of
from app.sync.resources import Resources
from app.sync.routes import Routes

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="concord"'}
OPERATOR: Final = "operator"
EVENTS: Final = "events"
WATCHED: Final = re.compile(r"/v1/runs/([^/]+)/events")
NONE: Final = frozenset[str]()


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whom a request speaks for: the operator, or (``workspace`` set) one workspace, or a person of it.

    ``credential`` is the key it came by or was admitted by; ``user`` is the person of a session; pages of
    ``origins`` may read the answer.
    """

    credential: str
    workspace: str | None = None
    role: Role = Role.BACK_END
    user: str | None = None
    origins: frozenset[str] = NONE
    self_management: bool = True
    ended: bool = False

    @property
    def idempotency_space(self) -> str:
        """Return under which workspace this principal's idempotency keys stand."""
        return self.workspace or OPERATOR

    @property
    def idempotency_owner(self) -> str:
        """Return whose idempotency keys these are: no person gets an answer that was another's."""
        return self.credential if self.user is None else f"{self.credential} {self.role} {self.user}"


class Authentication:
    """ASGI: everything under /v1 needs a valid credential, and says so before it reads a body.

    A browser's EventSource can send no header: the events of a run may be asked for with ``?token=``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            state = scope["state"]
            state["principal"] = None
            if scope["path"].startswith("/v1/"):
                principal = await _caller(scope, state["resources"])
                state["origins"] = principal.origins
                if principal.ended:
                    raise Unauthenticated(
                        "This session has ended: get a new session token.", headers=CHALLENGE
                    )
                state["principal"] = principal
                bind_contextvars(
                    workspace=principal.workspace, credential_id=principal.credential, role=principal.role
                )
        await self.app(scope, receive, send)


async def _caller(scope: Scope, resources: Resources) -> Principal:
    headers = Headers(scope=scope)
    watched = WATCHED.fullmatch(scope["path"]) if scope["method"] == "GET" else None
    token = QueryParams(scope["query_string"]).get("token") if watched else None
    if watched is None or token is None or "authorization" in headers:
        return await identified(headers, resources)
    return await _watcher(token, watched[1], resources)


async def _watcher(token: str, run_id: str, resources: Resources) -> Principal:
    """Return whom a token for the events of one run lets in; it has done its work by that."""
    async with resources.db.transaction(None) as session:
        workspace = await Routes(session).take(token, kind=EVENTS, target=run_id, now=clock.now())
    issuer = await issuer_of(workspace, key_id=None, db=resources.db) if workspace else None
    if issuer is None:
        raise Unauthenticated("This token has been used or has ended: get another one.", headers=CHALLENGE)
    return Principal(
        credential=EVENTS, workspace=issuer.workspace_id, role=Role.WATCHER, origins=issuer.origins
    )


def principal_of(scope: Scope) -> Principal | None:
    """Return who calls, or None where the request carries no credential."""
    known: Principal | None = scope["state"].get("principal")
    return known


async def identified(headers: Headers, resources: Resources) -> Principal:
    """Return whose credential this is, or raise the Problem that says what is wrong with it."""
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    secret, wanted = secret.strip(), headers.get("concord-workspace") or None
    if scheme.lower() != "bearer" or not secret:
        raise Unauthenticated(headers=CHALLENGE)
    if same(secret, resources.settings.operator_key.get_secret_value()):
        return await _operator(resources, acting_as=wanted)
    visit = read(secret, key_ring=resources.key_ring)
    found = await _visitor(visit, resources) if visit else await _holder(secret, resources)
    if wanted not in {None, found.workspace}:
        raise WorkspaceNotFound
    return found


async def _operator(resources: Resources, *, acting_as: str | None) -> Principal:
    if acting_as is None:
        return Principal(credential=OPERATOR)
    found = await issuer_of(acting_as, key_id=None, db=resources.db)
    if found is None:
        raise WorkspaceNotFound
    return Principal(credential=OPERATOR, workspace=acting_as, origins=found.origins)


async def _holder(secret: str, resources: Resources) -> Principal:
    bearer = await bearer_of(secret, db=resources.db)
    if bearer is None:
        raise Unauthenticated("This credential is not known (any more).", headers=CHALLENGE)
    return Principal(credential=bearer.key_id, workspace=bearer.workspace_id, origins=bearer.origins)


async def _visitor(visit: Visit, resources: Resources) -> Principal:
    key_id = None if visit.issuer == OPERATOR else visit.issuer
    issuer = await issuer_of(visit.workspace, key_id=key_id, db=resources.db)
    if issuer is None:
        raise Unauthenticated("The key that issued this session is no longer there.", headers=CHALLENGE)
    return Principal(
        credential=visit.issuer, workspace=visit.workspace, role=visit.role, user=visit.user,
        origins=issuer.origins, self_management=issuer.self_management, ended=visit.expires_at <= clock.now(),
    )  # fmt: skip
