"""When a turn breaks off: why, what it means for the connection, and when it is tried again."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import Interruption, LeaseLost, Refused, Throttled
from app.models import Collection
from app.states import state
from app.sync.collections import Collections
from app.sync.container import FOLDER_GONE
from app.sync.lease import Lease
from app.sync.progress import Progress
from app.sync.resources import Resources
from app.sync.runs import Runs
from app.sync.standing import STATUS, refused

FIRST = timedelta(seconds=1)
LONGEST = timedelta(minutes=15)
LOOKED_FOR_AGAIN = timedelta(minutes=15)
log = structlog.get_logger()


async def stumble(resources: Resources, lease: Lease, collection: Collection, failure: Exception) -> None:
    """Note why the turn broke off and try again, ever later. Bases and position are as last committed."""
    now, failures = clock.now(), collection.failures + 1
    after = min(FIRST * 2 ** min(failures - 1, 10), LONGEST)
    if isinstance(failure, Throttled):
        after = max(failure.after, FIRST)
    log.warning("collection.stumbled", reason=str(failure), failures=failures, seconds=after.total_seconds())
    problem = _problem(failure, collection, now=now, again=now + after)
    try:
        async with resources.db.transaction(lease.workspace) as session:
            await lease.move(session, failures=failures, due_at=now + after, lease_until=now, problem=problem)
    except LeaseLost:
        log.info("collection.taken_over")


async def fall(resources: Resources, lease: Lease, refusal: Refused) -> None:
    """Stop until a person acts: what concerns more than this collection is the connection's."""
    now = clock.now()
    try:
        async with resources.db.transaction(lease.workspace) as session:
            collection = await _stopped(session, lease, refusal, now=now)
    except LeaseLost:  # whoever found the tokens dead has stopped the collection already
        log.info("collection.taken_over")
        return
    async with resources.db.transaction(lease.workspace) as session:
        await refused(
            session, collection.connection_id, refusal,
            microsoft=resources.tokens.microsoft, key_ring=resources.key_ring, now=now,
        )  # fmt: skip
    log.warning("collection.refused", problem=refusal.problem)


async def _stopped(session: AsyncSession, lease: Lease, refusal: Refused, *, now: datetime) -> Collection:
    """Fail the run and rest, unless somebody has rung since we looked: what was refused may be mended."""
    problem = state(refusal.problem, since=now, detail=refusal.reason)
    run = await Runs(session).take(lease.collection_id, now=now)
    collection = await session.get(Collection, (lease.workspace, lease.collection_id))
    assert collection is not None  # noqa: S101  its lease is ours
    if run is not None:
        await session.flush()
        await Progress.of(run, collection).finish(session, status="failed", now=now, problem=problem)
    await lease.move(session, problem=None if refusal.problem in STATUS else problem)
    again = now + LOOKED_FOR_AGAIN if refusal.problem == FOLDER_GONE else None
    collections, epoch = Collections(session), lease.epoch
    if not await collections.finish(collection.id, epoch=epoch, wanted=lease.wanted, due_at=again, now=now):
        await collections.release(collection.id, epoch=epoch, due_at=now, now=now)
    return collection


def _problem(failure: Exception, collection: Collection, *, now: datetime, again: datetime) -> dict[str, Any]:
    slug = "throttled" if isinstance(failure, Throttled) else "microsoft-unavailable"
    detail = failure.reason if isinstance(failure, Interruption) else None
    since = (collection.problem or {}).get("since")
    began = datetime.fromisoformat(since) if since else now
    return state(slug, since=began, detail=detail, next_attempt_at=again)
