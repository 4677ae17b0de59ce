"""The link that an administrator opens to approve the application for a whole organisation."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.graph import scopes
from app.graph.auth import Microsoft
from app.models import Connection
from app.security.seal import KeyRing
from app.sync.microsoft_apps import MicrosoftApps
from app.sync.routes import Routes

GOOD_FOR = timedelta(days=30)
CONSENT = "consent"


async def consent_url(
    session: AsyncSession,
    connection: Connection,
    *,
    microsoft: Microsoft,
    key_ring: KeyRing,
    now: datetime,
) -> str | None:
    """Return a link that asks an administrator for what this connection needs, good for 30 days.

    Its answer proves nothing by itself: it only says that another sign-in is worth trying.
    """
    application = await MicrosoftApps(session, key_ring).serving(microsoft)
    if application is None:
        return None
    route = Routes(session).open(
        CONSENT, connection.id, workspace=connection.workspace_id, expires_at=now + GOOD_FOR
    )
    return microsoft.admin_consent_url(
        application,
        tenant=connection.tenant_id,
        asks=scopes.asked_for(connection.requested),
        state=f"{route}.{key_ring.sign(f'state:{route}')}",
    )
