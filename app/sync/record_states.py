"""How a record stands in each connection it belongs in, in one word and its reason."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Record
from app.sync.shown import Json
from app.sync.whereabouts import Whereabouts, WhereaboutsOf


async def record_states(session: AsyncSession, record: Record, *, now: datetime) -> list[Json]:
    """Return one entry per connection of an owner, and any other that has a link."""
    return [_entry(place) for place in await WhereaboutsOf(session, now=now).records([record])]


def _entry(place: Whereabouts) -> Json:
    return {
        "connection": place.connection.id,
        "user": place.connection.user,
        "state": place.verdict.stand.value,
        "reason": place.verdict.reason.value,
    }
