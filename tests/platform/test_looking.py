"""When the worker looks at its queue: when there is a reason to, though it looks by itself but once in a minute here."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest
from arq import func
from arq.connections import RedisSettings, create_pool

from app import worker
from app.worker import Attentive

QUEUE = "concord:attention"


class Work:
    """What a worker has done, and a way to wait for it."""

    def __init__(self, redis, url):
        self.redis, self.url, self.done, self.changed = redis, url, [], asyncio.Condition()

    async def job(self, _, name):
        async with self.changed:
            self.done.append(name)
            self.changed.notify_all()

    async def asks(self, name, **options):
        await self.redis.enqueue_job("job", name, _queue_name=QUEUE, **options)

    async def has_done(self, *names):
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: sorted(self.done) == sorted(names))


@pytest.fixture
async def jobs(redis_url, monkeypatch):
    monkeypatch.setattr(worker, "LOOK_SECONDS", 60.0)
    redis = await create_pool(RedisSettings.from_dsn(redis_url))
    yield Work(redis, redis_url)
    await redis.aclose()


@asynccontextmanager
async def working(jobs, *, at_once=4):
    attentive = Attentive(
        functions=[func(jobs.job, name="job", keep_result=0)], queue_name=QUEUE, max_jobs=at_once,
        redis_settings=RedisSettings.from_dsn(jobs.url), poll_delay=60.0, keep_result=0, handle_signals=False,
    )  # fmt: skip
    running = asyncio.create_task(attentive.main())
    try:
        yield attentive
        async with asyncio.timeout(10):
            await asyncio.gather(*attentive.tasks.values())
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await attentive.pool.aclose()


async def test_what_waits_is_begun_at_once_and_goes_on_as_each_ends(jobs):
    for name in "abc":
        await jobs.asks(name)
    async with working(jobs, at_once=1):
        await jobs.has_done("a", "b", "c")


async def test_a_ring_is_heard(jobs):
    async with working(jobs) as attentive:
        await jobs.asks("a")
        attentive.rung.set()
        await jobs.has_done("a")
        await jobs.asks("b")
        attentive.rung.set()
        await jobs.has_done("a", "b")


async def test_what_was_deferred_begins_in_time_though_nobody_rings(jobs):
    await jobs.asks("later", _defer_by=0.2)
    await jobs.asks("soon", _defer_by=0.1)
    async with working(jobs):
        await jobs.has_done("soon", "later")
    assert jobs.done == ["soon", "later"]


async def looks(jobs, *, after=0.0):
    """Return how often Redis was asked for jobs."""
    await asyncio.sleep(after)
    return (await jobs.redis.info("commandstats"))["cmdstat_zrangebyscore"]["calls"]


async def test_a_job_that_another_worker_has_does_not_keep_this_one_awake(jobs):
    await jobs.asks("theirs", _job_id="theirs")
    await jobs.redis.set("arq:in-progress:theirs", b"1")
    async with working(jobs) as attentive:
        await jobs.asks("ours")
        attentive.rung.set()
        await jobs.has_done("ours")
        async with asyncio.timeout(10):
            while await looks(jobs) != await looks(jobs, after=0.2):
                pass


@pytest.mark.parametrize("steps", range(6))
async def test_a_worker_that_is_stopped_while_somebody_rings_stops(jobs, steps):
    attentive = Attentive(
        functions=[func(jobs.job, name="job")], queue_name=QUEUE, redis_pool=jobs.redis, poll_delay=60.0,
        handle_signals=False,
    )  # fmt: skip
    running = asyncio.create_task(attentive.main())
    await looks(jobs, after=0.1)
    attentive.rung.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running], timeout=5)

    assert running.cancelled()
