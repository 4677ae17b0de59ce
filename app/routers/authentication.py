"""Who asks: the credential of a request, looked at before anything else of it.

What each may do is in ``permissions.py``.
"""

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from app import clock
from app.errors import Unauthenticated, WorkspaceNotFound
from app.security.keys import same
from app.security.session_tokens import Role, Visit, read
from app.sync.credentials import bearer_of, issuer_of
from app.sync.resources import Resources

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="concord"'}
OPERATOR: Final = "operator"
NOBODY: Final = frozenset[str]()


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whom a request speaks for: the operator, or (``workspace`` set) one workspace, or a person of it.

    ``credential`` is the key it came by or was admitted by; ``user`` is the person of a session.
    """

    credential: str
    workspace: str | None = None
    role: Role = Role.BACK_END
    user: str | None = None
    origins: frozenset[str] = NOBODY
    self_management: bool = True

    @property
    def idempotency_space(self) -> str:
        """Return under which workspace this principal's idempotency keys stand."""
        return self.workspace or OPERATOR

    @property
    def idempotency_owner(self) -> str:
        """Return whose idempotency keys these are: no person gets an answer that was another's."""
        return self.credential if self.user is None else f"{self.credential} {self.role} {self.user}"


class Authentication:
    """ASGI: everything under /v1 needs a valid credential, and says so before it reads a body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            state = scope["state"]
            state["principal"] = None
            if scope["path"].startswith("/v1/"):
                state["principal"] = principal = await identified(Headers(scope=scope), state["resources"])
                bind_contextvars(
                    workspace=principal.workspace, credential_id=principal.credential, role=principal.role
                )
        await self.app(scope, receive, send)


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
    if visit.expires_at <= clock.now():
        raise Unauthenticated("This session has ended: get a new session token.", headers=CHALLENGE)
    return Principal(
        credential=visit.issuer, workspace=visit.workspace, role=visit.role, user=visit.user,
        origins=issuer.origins, self_management=issuer.self_management,
    )  # fmt: skip
