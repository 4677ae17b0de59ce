"""What each credential of a workspace may do: every rule is here, and what isn't named takes a key.

A key of the workspace (or the operator's with ``Concord-Workspace``) may do everything in it. Session tokens
are for front ends: a user's reaches that user's own connections and what belongs to them, an administrator's
the same of every user, and the workspace.
"""

from collections.abc import Mapping
from typing import Final

from app.errors import SelfManagementOff, WrongCredential
from app.routers.authentication import Principal
from app.security.session_tokens import Role

KEYS: Final = frozenset({Role.BACK_END})
MANAGERS: Final = KEYS | {Role.ADMINISTRATOR}
EVERYBODY: Final = MANAGERS | {Role.USER}
SESSIONS: Final = EVERYBODY - KEYS

MAY: Final[Mapping[str, frozenset[Role]]] = {
    "workspace.get": EVERYBODY,  # a user is shown only what screens need
    "workspace.patch": MANAGERS,
    "connections.create": EVERYBODY,
    "connections.list": EVERYBODY,
    "connections.me": SESSIONS,
    "connections.get": EVERYBODY,
    "connections.patch": MANAGERS,
    "connections.delete": EVERYBODY,
    "connections.reconnect": EVERYBODY,
    "connections.confirm": EVERYBODY,
    "connections.sync": EVERYBODY,
    "connections.sync_entity": EVERYBODY,
    "settings.list": EVERYBODY,
    "settings.get": EVERYBODY,
    "settings.patch": EVERYBODY,
    "settings.put": EVERYBODY,
    "settings.delete": EVERYBODY,
    "settings.preview": EVERYBODY,
    "runs.list": EVERYBODY,
    "runs.get": EVERYBODY,
    "runs.cancel": MANAGERS,
    "runs.approve": MANAGERS,
    "runs.restore": MANAGERS,
    "links.list": EVERYBODY,
    "links.retry": MANAGERS,
    "links.unlink": MANAGERS,
    "contacts.sync": MANAGERS,
    "events.sync": MANAGERS,
    "tasks.sync": MANAGERS,
    "runs.events": EVERYBODY | {Role.WATCHER},
    "runs.events_token": EVERYBODY,
    "runs.plan": EVERYBODY,
    "conflicts.list": EVERYBODY,
    "conflicts.get": EVERYBODY,
    "matches.list": EVERYBODY,
    "contacts.sync_states": EVERYBODY,
    "contacts.explain": EVERYBODY,
    "events.sync_states": EVERYBODY,
    "events.explain": EVERYBODY,
    "tasks.sync_states": EVERYBODY,
    "tasks.explain": EVERYBODY,
    "records.explain": EVERYBODY,
    "connections.explain": EVERYBODY,
}
SELF_MANAGED: Final = frozenset({"settings.patch", "settings.put", "settings.delete", "settings.preview"})
"""What a user may do only where the workspace's ``self_management`` is on."""

SCREENS_NEED: Final = (
    "id", "name", "enabled", "entitled", "paused", "entities", "self_management", "vocabulary", "revision",
    "created_at", "updated_at",
)  # fmt: skip
"""What a user's session is shown of the workspace."""

KEYS_ONLY: Final = ("entitled", "breaker", "rules", "settle_seconds", "origins", "return_urls")
"""What of the workspace no session changes."""


def may(operation: str) -> frozenset[Role]:
    """Return who may use an operation."""
    return MAY.get(operation, KEYS)


def refuse_unless_allowed(principal: Principal, operation: str) -> None:
    """Refuse whom the operation is not for."""
    allowed = may(operation)
    if principal.role not in allowed:
        wanted = "a session token" if allowed == SESSIONS else _keys_or(allowed)
        raise WrongCredential(f"This takes {wanted}.")
    if operation in SELF_MANAGED and principal.role is Role.USER and not principal.self_management:
        raise SelfManagementOff


def _keys_or(allowed: frozenset[Role]) -> str:
    return "a key of the workspace" + (
        " or an administrator's session token" if Role.ADMINISTRATOR in allowed else ""
    )
