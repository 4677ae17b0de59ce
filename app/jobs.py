"""arq's view of the engine: a job unpacks itself, calls one function, and maps interruptions.

A job is a doorbell, not the letter: what is owed lives in PostgreSQL. A lost or repeated job costs time,
never data, and ``sweep`` rings each second for whatever was missed.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog
from arq.connections import ArqRedis
from redis.exceptions import RedisError

from app import clock, metrics
from app.db import Database, Ring
from app.errors import Interruption
from app.sync.collections import due_collections
from app.sync.connect import check_connection
from app.sync.deliver import deliver
from app.sync.disconnect import disconnect
from app.sync.due import due_record
from app.sync.previews import KIND as PREVIEW
from app.sync.purge import purge_all
from app.sync.reconsidering import reconsider_questions
from app.sync.rehearsal import rehearse
from app.sync.renew import renew
from app.sync.resources import Resources
from app.sync.rounds import sync_collection
from app.sync.timers import Timers, due_timers

Context = dict[Any, Any]
Due = Callable[[Resources, str, str], Awaitable[None]]

NOW_QUEUE: Final = "concord:now"
BULK_QUEUE: Final = "concord:bulk"
RUNG: Final = "concord:rung"
SWEPT_AT_ONCE: Final = 500
BUCKET_SECONDS: Final = 0.1
AFTER_A_FAILURE: Final = timedelta(seconds=30)

DUE: Final[Mapping[str, Due]] = {
    "collection": sync_collection,
    "connection": check_connection,
    "disconnect": disconnect,
    "questions": reconsider_questions,
    PREVIEW: rehearse,
    "record": due_record,
    "subscription": renew,
    "webhook": deliver,
}
log = structlog.get_logger()


async def work(ctx: Context, kind: str, workspace: str, target: str) -> None:
    """Do what is due for one thing. What can't be done now is due again later, by the followed clock."""
    resources: Resources = ctx["resources"]
    with structlog.contextvars.bound_contextvars(job=kind, workspace=workspace, target=target):
        try:
            with metrics.JOB_SECONDS.labels(kind).time():
                await DUE[kind](resources, workspace, target)
            outcome = "done"
        except Interruption as interruption:
            log.warning("job.interrupted", reason=interruption.reason)
            await _again(resources.db, kind, workspace, target, after=interruption.after)
            outcome = "interrupted"
        except Exception:
            log.exception("job.failed")
            await _again(resources.db, kind, workspace, target, after=AFTER_A_FAILURE)
            outcome = "failed"
        metrics.JOBS.labels(kind, outcome).inc()


async def _again(db: Database, kind: str, workspace: str, target: str, *, after: timedelta) -> None:
    if kind == "collection":  # its own row says when it is due
        return
    async with db.transaction(workspace) as session:
        await Timers(session).set(kind, target, clock.now() + max(after, timedelta(seconds=1)))


async def sweep(ctx: Context) -> None:
    """Ring for everything that is due and has nobody at work on it, over all workspaces."""
    sweeper: Database = ctx["sweeper"]
    bell: Bell = ctx["bell"]
    now = clock.now()
    async with sweeper.transaction(None) as session:
        collections = await due_collections(session, now=now, limit=SWEPT_AT_ONCE)
        timers = await due_timers(session, now=now, limit=SWEPT_AT_ONCE)
    metrics.DUE.labels("collection").set(len(collections))
    metrics.DUE.labels("timer").set(len(timers))
    rings = [Ring("collection", workspace, target) for workspace, target in collections]
    rings += [
        Ring(timer.kind, timer.workspace_id, timer.target, bulk=timer.kind == PREVIEW) for timer in timers
    ]
    await bell(rings)


async def forget(ctx: Context) -> None:
    """Erase, in every workspace, what is older than it is kept: once a day."""
    resources: Resources = ctx["resources"]
    log.info("purge.done", rows=await purge_all(resources.db, now=clock.now()))


@dataclass(frozen=True, slots=True)
class Bell:
    """Turns rings into jobs. Best effort: with Redis away the sweep finds the work later."""

    redis: ArqRedis

    async def __call__(self, rings: Collection[Ring]) -> None:
        """Enqueue a job for each ring, at most one in each tenth of a second for the same thing.

        Quirk: arq refuses an id that is queued, running, or was running in a worker that was killed. The
        tenth in the id lets the next ring through, and duplicates find the lease taken.
        https://arq-docs.helpmanual.io/#job-uniqueness
        """
        try:
            for ring in rings:
                await self._enqueue(ring)
            for queue in {_queue(ring) for ring in rings}:
                await self.redis.publish(RUNG, queue)
        except (RedisError, OSError) as error:
            log.warning("bell.unheard", error=type(error).__name__)

    async def _enqueue(self, ring: Ring) -> None:
        bucket, job = int(time.time() / BUCKET_SECONDS), f"{ring.job}:{ring.target}"
        ask = partial(
            self.redis.enqueue_job, "work", ring.job, ring.workspace, ring.target, _queue_name=_queue(ring)
        )
        if await ask(_job_id=f"{job}:{bucket}") is None:
            await ask(_job_id=f"{job}:{bucket + 1}", _defer_by=BUCKET_SECONDS)


def _queue(ring: Ring) -> str:
    return BULK_QUEUE if ring.bulk else NOW_QUEUE
