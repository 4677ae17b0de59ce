"""The worker process: two arq workers on one loop, for what somebody waits for and for bulk.

arq ends when Redis goes away; the supervisor (``concord dev``, the container runtime) starts it again, and
that costs seconds, since PostgreSQL knows what is owed.
"""

import asyncio
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from arq import Worker, cron, func
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.cron import CronJob
from arq.utils import timestamp_ms
from prometheus_client import start_http_server

from app import clock
from app.config import Settings
from app.db import Database
from app.follow import following
from app.jobs import BULK_QUEUE, NOW_QUEUE, RUNG, Bell, forget, sweep, work
from app.metrics import REGISTRY
from app.sync.resources import opened

LOOK_SECONDS = 1.0  # how long a ring that was lost goes unnoticed
JOB_SECONDS = {NOW_QUEUE: 60, BULK_QUEUE: 600}
JOBS_AT_ONCE = {NOW_QUEUE: 16, BULK_QUEUE: 4}


class Attentive(Worker):
    """An arq worker that looks at its queue when somebody rings, a job has ended or is due; else each second.

    Quirk: arq knows no such thing; it polls, and asks Redis anew about each job that it is itself busy with.
    """

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.rung = asyncio.Event()

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """Start what isn't under way here."""
        begun = set(self.tasks)
        await super().start_jobs([each for each in job_ids if each.decode() not in begun])
        for job_id in self.tasks.keys() - begun:
            self.tasks[job_id].add_done_callback(lambda _: self.rung.set())

    async def _poll_iteration(self) -> None:
        """Look for as long as the worker lives: arq itself would sleep between two looks, whoever rings."""
        while True:
            self.rung.clear()
            looked_at = timestamp_ms()
            await super()._poll_iteration()
            seconds = await self._seconds_to_next(looked_at)
            # Quirk: wait_for swallows a cancellation that comes with a ring; the worker would never stop.
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.rung.wait()

    async def _seconds_to_next(self, looked_at: int) -> float:
        """Return how long there is nothing to do: no job was deferred to a moment before."""
        coming = await self.pool.zrangebyscore(
            self.queue_name, min=f"({looked_at}", max="+inf", start=0, num=1, withscores=True
        )
        seconds: list[float] = [(score - timestamp_ms()) / 1000 for _, score in coming]
        return max(0.0, min([LOOK_SECONDS, *seconds]))


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
            await _until_stopped({queue: _worker(queue, redis, context) for queue in JOBS_AT_ONCE}, redis)
    finally:
        await sweeper.close()
        await redis.aclose()


async def _until_stopped(workers: Mapping[str, Attentive], redis: ArqRedis) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    listening = asyncio.create_task(_listen(workers, redis))
    working = [asyncio.create_task(worker.async_run()) for worker in workers.values()]
    stopping = asyncio.create_task(stop.wait())
    ended, _ = await asyncio.wait({*working, listening, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    listening.cancel()
    for worker in workers.values():
        await worker.close()
    await asyncio.gather(*working, listening, return_exceptions=True)
    for task in ended & {*working, listening}:
        task.result()


async def _listen(workers: Mapping[str, Attentive], redis: ArqRedis) -> None:
    """Wake whoever is rung for."""
    async with redis.pubsub(ignore_subscribe_messages=True) as heard:
        await heard.subscribe(RUNG)
        async for message in heard.listen():
            worker = workers.get(message["data"].decode())
            if worker is not None:
                worker.rung.set()


def _worker(queue: str, redis: ArqRedis, context: dict[str, Any]) -> Attentive:
    # keep_result=0: while a result is kept, arq silently refuses a new job with the same id.
    return Attentive(
        functions=[func(work, keep_result=0, max_tries=1)],
        cron_jobs=_clockwork() if queue == NOW_QUEUE else [],
        queue_name=queue,
        redis_pool=redis,
        ctx=context,
        max_jobs=JOBS_AT_ONCE[queue],
        poll_delay=LOOK_SECONDS,
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
