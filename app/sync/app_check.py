"""The workspace's Microsoft application: configured, shown without its secrets, tried out."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import InvalidRequest, MicrosoftAppMissing, MicrosoftAppNotFound
from app.graph.app_check import Check, check
from app.graph.entra import Application
from app.models import MicrosoftApp
from app.security.certificates import Unusable, read_certificate
from app.states import state
from app.sync.connections import Connections
from app.sync.microsoft_apps import MicrosoftApps
from app.sync.resources import Resources
from app.sync.standing import KIND
from app.sync.timers import Timers
from app.sync.workspaces import Workspaces

EXPIRES_SOON: Final = timedelta(days=30)
Json = dict[str, Any]


async def configure(
    session: AsyncSession, resources: Resources, application: Application, *, now: datetime
) -> Json:
    """Store the application, its proof sealed, and have the connections that waited for it try again."""
    thumbprint, expires_at = None, None
    if application.certificate_pem is not None:
        try:
            certificate = read_certificate(
                application.certificate_pem, private_key_pem=application.private_key_pem or ""
            )
        except Unusable as unusable:
            wrong = {"pointer": f"/{unusable.field}", "detail": str(unusable)}
            raise InvalidRequest(errors=[wrong]) from None
        thumbprint, expires_at = certificate.thumbprint, certificate.expires_at
    apps = MicrosoftApps(session, resources.key_ring)
    await apps.put(
        application,
        now=now,
        credential_kind="secret" if application.secret is not None else "certificate",
        thumbprint=thumbprint,
        expires_at=expires_at,
        state="unchecked",
        checks=None,
    )
    await _try_again(session, now=now)
    return await described(session, resources, now=now)


async def described(session: AsyncSession, resources: Resources, *, now: datetime) -> Json:
    """Return the workspace's own application as it is shown."""
    row = await MicrosoftApps(session, resources.key_ring).own()
    if row is None:
        raise MicrosoftAppNotFound
    standing = _standing(row, now=now)
    return {
        "client_id": row.client_id,
        "tenant": row.tenant,
        "cloud": row.cloud,
        "credential": {
            "kind": row.credential_kind,
            "thumbprint": row.thumbprint,
            "expires_at": row.expires_at,
        },
        "state": standing,
        "problem": _problem(row, standing),
    }


async def remove(session: AsyncSession, resources: Resources, *, now: datetime) -> None:
    """Forget the workspace's own application: the deployment's serves it from now on."""
    await MicrosoftApps(session, resources.key_ring).drop()
    await _try_again(session, now=now)


async def try_out(resources: Resources, workspace: str, *, now: datetime) -> Json:
    """Try the application that serves the workspace and note what came of it, Microsoft called between."""
    async with resources.db.transaction(workspace) as session:
        application = await MicrosoftApps(session, resources.key_ring).serving(resources.tokens.microsoft)
        found = await Workspaces(session).get(workspace)
        entities = list(found.entities) if found is not None else []
    if application is None:
        raise MicrosoftAppMissing
    checks = await check(
        resources.tokens.microsoft, application, entities=entities, state=secrets.token_urlsafe(8)
    )
    async with resources.db.transaction(workspace) as session:
        await _note(session, resources, application, checks, now=now)
    told = [{"check": one.check, "ok": one.ok, "detail": one.detail} for one in checks]
    return {"ok": all(one.ok for one in checks), "checks": told}


async def _note(
    session: AsyncSession,
    resources: Resources,
    application: Application,
    checks: list[Check],
    *,
    now: datetime,
) -> None:
    """Keep the outcome, unless another application was configured meanwhile."""
    apps = MicrosoftApps(session, resources.key_ring)
    row = await apps.own()
    if row is not None and apps.opened(row) == application:
        row.state = "ok" if all(one.ok for one in checks) else "invalid"
        row.checks = [{"check": one.check, "ok": one.ok, "detail": one.detail} for one in checks]
        row.updated_at = now
    if all(one.ok for one in checks):
        await _try_again(session, now=now)


async def _try_again(session: AsyncSession, *, now: datetime) -> None:
    for connection in await Connections(session).in_status("needs_operator"):
        await Timers(session).set(KIND, connection.id, now)


def _standing(row: MicrosoftApp, *, now: datetime) -> str:
    if row.expires_at is not None and row.expires_at <= now:
        return "invalid"
    if row.state == "ok" and row.expires_at is not None and row.expires_at <= now + EXPIRES_SOON:
        return "expiring"
    return row.state


def _problem(row: MicrosoftApp, standing: str) -> Json | None:
    call = {"method": "PUT", "path": "/v1/workspace/microsoft-app", "body": None}
    if standing == "expiring" and row.expires_at is not None:
        detail = f"The certificate expires at {row.expires_at.astimezone(UTC).isoformat()}."
        return state("app-secret-expiring", since=row.updated_at, detail=detail, call=call)
    if standing == "invalid":
        wrong = [one["detail"] for one in row.checks or [] if not one["ok"]]
        detail = " ".join(wrong) or "The certificate has expired."
        slug = "operator-needed" if _credential_is_good(row) else "app-secret-invalid"
        return state(slug, since=row.updated_at, detail=detail, call=call)
    return None


def _credential_is_good(row: MicrosoftApp) -> bool:
    return any(one["check"] == "credential" and one["ok"] for one in row.checks or [])
