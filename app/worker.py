"""The worker process: two arq workers on one loop, for what somebody waits for and for bulk.

arq ends when Redis goes away; the supervisor (``concord dev``, the container runtime) starts it again, and
that costs seconds, since PostgreSQL knows what is owed.
"""

import asyncio
import signal
from typing import Any

from arq import Worker, cron, func
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.cron import CronJob
from prometheus_client import start_http_server

from app import clock
from app.config import Settings
from app.db import Database
from app.follow import following
from app.jobs import BULK_QUEUE, NOW_QUEUE, Bell, forget, sweep, work
from app.metrics import REGISTRY
from app.sync.resources import opened

POLL_SECONDS = {NOW_QUEUE: 0.01, BULK_QUEUE: 0.1}
JOB_SECONDS = {NOW_QUEUE: 60, BULK_QUEUE: 600}
JOBS_AT_ONCE = {NOW_QUEUE: 16, BULK_QUEUE: 4}


async def serve(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; jobs under way end first."""
    redis = await create_pool(RedisSettings.from_dsn(str(settings.redis_url)))
    sweeper = Database(settings.database_sweep_url, pool_size=1)
    bell = Bell(redis)
    try:
        async with opened(settings, doorbell=bell) as resources, following(settings, clock.follow):
            context = {"resources": resources, "sweeper": sweeper, "bell": bell}
            if settings.worker_metrics_port is not None:
                start_http_server(settings.worker_metrics_port, registry=REGISTRY)
            await _until_stopped([_worker(queue, redis, context) for queue in JOBS_AT_ONCE])
    finally:
        await sweeper.close()
        await redis.aclose()


async def _until_stopped(workers: list[Worker]) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    working = [asyncio.create_task(worker.async_run()) for worker in workers]
    stopping = asyncio.create_task(stop.wait())
    ended, _ = await asyncio.wait({*working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for worker in workers:
        await worker.close()
    await asyncio.gather(*working, return_exceptions=True)
    for task in ended & set(working):
        task.result()


def _worker(queue: str, redis: ArqRedis, context: dict[str, Any]) -> Worker:
    # keep_result=0: while a result is kept, arq silently refuses a new job with the same id.
    return Worker(
        functions=[func(work, keep_result=0, max_tries=1)],
        cron_jobs=_clockwork() if queue == NOW_QUEUE else [],
        queue_name=queue,
        redis_pool=redis,
        ctx=context,
        max_jobs=JOBS_AT_ONCE[queue],
        poll_delay=POLL_SECONDS[queue],
        job_timeout=JOB_SECONDS[queue],
        keep_result=0,
        handle_signals=False,
    )


def _clockwork() -> list[CronJob]:
    return [
        cron(sweep, second=set(range(60)), keep_result=0),
        cron(forget, hour=3, minute=17, second=0, keep_result=0),
    ]


def run(settings: Settings) -> None:
    """Run the worker until it is told to stop."""
    asyncio.run(serve(settings))
