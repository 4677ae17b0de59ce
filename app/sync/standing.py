"""How a connection stands with Microsoft: what puts it out of work, and what brings it back.

Every change of standing is made here: once in the log, once in the feed, and the collections follow.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Refused
from app.graph.auth import Microsoft
from app.models import Connection
from app.security.seal import KeyRing
from app.states import slug_of, state
from app.sync.connection_document import document_of
from app.sync.connections import Connections
from app.sync.consent import consent_url
from app.sync.feed import News, announce
from app.sync.switch import connection_changed
from app.sync.timers import Timers
from app.sync.workspace_changes import begin_inherited

STATUS: Final[Mapping[str, str]] = {
    "sign-in-needed": "needs_sign_in",
    "admin-consent-needed": "needs_admin_consent",
    "account-not-confirmed": "needs_confirmation",
    "operator-needed": "needs_operator",
    "app-missing": "needs_operator",
    "no-mailbox": "no_mailbox",
}
LOOKED_AT_AGAIN: Final[Mapping[str, timedelta]] = {
    "no_mailbox": timedelta(days=1),
    "needs_operator": timedelta(minutes=15),
}
OUT_OF_REACH: Final = frozenset({"pending", "needs_confirmation", "disconnecting", "disconnected"})
KIND: Final = "connection"

log = structlog.get_logger()


async def refused(
    session: AsyncSession,
    connection_id: str,
    refusal: Refused,
    *,
    microsoft: Microsoft,
    key_ring: KeyRing,
    now: datetime,
) -> None:
    """Put a connection that Microsoft refused into the state that this means. Safe to repeat.

    A refusal that concerns one entity only (a missing permission) leaves the connection as it is.
    """
    connection = await Connections(session).locked(connection_id)
    if connection is None or connection.status in OUT_OF_REACH or refusal.problem not in STATUS:
        return
    url = None
    if refusal.problem == "admin-consent-needed":
        if slug_of(connection.problem) == refusal.problem:
            return
        url = await consent_url(session, connection, microsoft=microsoft, key_ring=key_ring, now=now)
    await falls(session, connection, refusal.problem, detail=refusal.reason, now=now, url=url)


async def falls(
    session: AsyncSession,
    connection: Connection,
    slug: str,
    *,
    now: datetime,
    detail: str | None = None,
    url: str | None = None,
) -> None:
    """Put a connection out of work, for a reason that a person is shown with its cure."""
    status = STATUS[slug]
    if connection.status == status and slug_of(connection.problem) == slug:
        await _look_again(session, connection, now=now)
        return
    was, connection.status = connection.status, status
    connection.problem = told(connection, slug, now=now, detail=detail, url=url)
    await moved(session, connection, was=was, now=now)


async def stands(session: AsyncSession, connection: Connection, *, now: datetime) -> None:
    """Put a connection back to work, or to it for the first time."""
    was, connection.status, connection.problem = connection.status, "active", None
    await moved(session, connection, was=was, now=now)
    await begin_inherited(session, connection, now=now)


def told(
    connection: Connection,
    slug: str,
    *,
    now: datetime,
    detail: str | None = None,
    url: str | None = None,
) -> dict[str, Any]:
    """Return the state as people see it, with the call that cures it."""
    return state(slug, since=now, detail=detail, url=url, call=_cure(connection, slug))


async def moved(session: AsyncSession, connection: Connection, *, was: str, now: datetime) -> None:
    """Follow a change of standing: the collections, the next look, the log and the feed."""
    connection.updated_at = now
    await session.flush()
    if "active" in (was, connection.status):
        await connection_changed(session, connection, now=now)
    await _look_again(session, connection, now=now)
    say = log.info if connection.problem is None else log.warning
    say(
        "connection.moved", connection=connection.id, was=was, status=connection.status,
        problem=slug_of(connection.problem),
    )  # fmt: skip
    changed = ("status", "problem") if connection.status != was else ("account", "entities")
    await tell(session, connection, changed=changed, now=now, previous={"status": was})


async def tell(
    session: AsyncSession,
    connection: Connection,
    *,
    changed: tuple[str, ...],
    now: datetime,
    previous: Mapping[str, Any] | None = None,
    kind: str = "connection.updated",
) -> None:
    """Announce a connection in the feed, as it is now."""
    connection.revision += kind == "connection.updated"
    connection.updated_at = now
    await session.flush()
    announce(
        session,
        News(
            type=kind, subject=connection.id, at=now, origin="concord", revision=connection.revision,
            connection_id=connection.id, changed=changed, previous=previous or {},
            snapshot=await document_of(session, connection, now=now),
        ),
    )  # fmt: skip


async def _look_again(session: AsyncSession, connection: Connection, *, now: datetime) -> None:
    wait = LOOKED_AT_AGAIN.get(connection.status)
    if wait is not None:
        await Timers(session).set(KIND, connection.id, now + wait)
    elif connection.status != "disconnecting":
        await Timers(session).clear(KIND, connection.id)


def _cure(connection: Connection, slug: str) -> dict[str, Any] | None:
    here = f"/v1/connections/{connection.id}"
    match slug:
        case "account-not-confirmed":
            shown = (connection.unconfirmed or {}).get("account") or connection.account or {}
            return {"method": "POST", "path": f"{here}/confirm", "body": {"account": shown.get("email")}}
        case "operator-needed" | "app-missing":
            return {"method": "POST", "path": "/v1/workspace/microsoft-app/check", "body": None}
        case "admin-consent-needed":
            return None
        case _:
            return {"method": "POST", "path": f"{here}/reconnect", "body": None}
