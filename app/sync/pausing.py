"""Pausing a connection and letting it go on."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import ConnectionEnded
from app.models import Connection
from app.sync.connections import ENDED
from app.sync.standing import tell
from app.sync.switch import connection_changed


async def pause(session: AsyncSession, connection: Connection, *, paused: bool, now: datetime) -> None:
    """Pause or resume; what piled up meanwhile is looked at when it goes on."""
    if connection.status in ENDED:
        raise ConnectionEnded
    if connection.paused == paused:
        return
    connection.paused = paused
    await session.flush()
    await connection_changed(session, connection, now=now)
    await tell(session, connection, changed=("paused",), now=now, previous={"paused": not paused})
