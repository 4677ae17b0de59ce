"""The way from a connection to its mailbox."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

from app.graph.mailbox import Mailbox, at_any_time
from app.graph.throttle import Priority
from app.sync.microsoft_apps import MicrosoftApps
from app.sync.resources import Resources


async def open_mailbox(
    resources: Resources,
    session: AsyncSession,
    connection_id: str,
    *,
    priority: Priority = "now",
    still: Callable[[], None] = at_any_time,
) -> Mailbox:
    """Return the mailbox of a connection, in the cloud of the application that serves its workspace."""
    own = await MicrosoftApps(session, resources.key_ring).own()
    return Mailbox(
        resources.graph,
        resources.tokens,
        workspace=session.info["workspace"],
        connection_id=connection_id,
        priority=priority,
        still=still,
        cloud=own.cloud if own is not None else resources.settings.microsoft_cloud,
    )
