"""Four permits per mailbox, on a real Redis, over processes."""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from app import clock
from app.errors import Throttled
from app.graph import throttle
from app.graph.throttle import PERMITS, Permits

# A process with 16 coroutines that each take permits again and again, and count who holds some.
CROWD = """
import asyncio, random, sys
from redis.asyncio import Redis
from app.graph.throttle import Permits

async def main(url):
    async with Redis.from_url(url) as redis:
        permits = Permits(redis)
        async def one(number):
            for turn in range(12):
                units = 4 if (number + turn) % 5 == 0 else 1
                async with permits.held("m", units=units, priority="now" if number % 2 else "bulk"):
                    held = await redis.incrby("in-flight", units)
                    await redis.zadd("seen", {str(held): held})
                    await asyncio.sleep(random.random() / 200)
                    await redis.decrby("in-flight", units)
                    await redis.incr("turns")
        await asyncio.gather(*(one(number) for number in range(8)))

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.lesson(20)
async def test_two_processes_never_hold_more_than_four_together(redis_url, redis):
    crowds = [await asyncio.create_subprocess_exec(sys.executable, "-c", CROWD, redis_url) for _ in range(2)]
    assert [await crowd.wait() for crowd in crowds] == [0, 0]

    assert int(await redis.get("turns")) == 2 * 8 * 12
    assert [int(held) for held in await redis.zrange("seen", -1, -1)] == [PERMITS]
    assert await redis.keys("permits:*") == []


@pytest.mark.lesson(20)
async def test_what_somebody_waits_for_goes_before_bulk(permits):
    order = []

    async def take(name, **how):
        async with permits.held("m", **how):
            order.append(name)

    async with permits.held("m", units=4):
        waiting = []
        for name, how in [
            ("bulk", {"priority": "bulk", "units": 4}), ("first", {"units": 4}), ("second", {"units": 4}),
        ]:  # fmt: skip
            waiting.append(asyncio.create_task(take(name, **how)))
            await asyncio.sleep(0.02)
    await asyncio.gather(*waiting)
    assert order == ["first", "second", "bulk"]


async def test_a_batch_is_not_starved_by_single_requests(permits):
    stop = asyncio.Event()

    async def chatter():
        while not stop.is_set():
            async with permits.held("m"):
                await asyncio.sleep(0.005)

    chatting = [asyncio.create_task(chatter()) for _ in range(6)]
    await asyncio.sleep(0.02)
    async with asyncio.timeout(2):
        async with permits.held("m", units=4):
            stop.set()
    await asyncio.gather(*chatting)


async def test_mailboxes_do_not_wait_for_each_other(permits):
    async with permits.held("m", units=4), asyncio.timeout(1), permits.held("n", units=4):
        pass


@pytest.mark.lesson(21)
async def test_what_a_killed_worker_held_comes_back(permits, redis):
    """Nothing is renewed or given back, and nobody is left who would."""
    await redis.zadd("permits:{m}:held", {f"dead:{unit}": time.time() * 1000 + 200 for unit in range(4)})

    began = time.monotonic()
    async with permits.held("m", units=4):
        assert 0.1 < time.monotonic() - began < 2


async def test_a_long_request_keeps_its_permits(redis, monkeypatch):
    monkeypatch.setattr(throttle, "EXPIRY", timedelta(seconds=0.2))
    monkeypatch.setattr(throttle, "RENEWAL", timedelta(seconds=0.05))
    monkeypatch.setattr(throttle, "PATIENCE", timedelta(seconds=0.2))
    permits = Permits(redis)
    async with permits.held("m", units=4):
        await asyncio.sleep(0.4)
        with pytest.raises(Throttled):
            async with permits.held("m"):
                pass


async def test_who_gives_up_waiting_is_in_nobodys_way(permits, redis):
    async with permits.held("m", units=4):
        waiting = asyncio.create_task(permits.held("m", units=4).__aenter__())
        await asyncio.sleep(0.02)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(0.5), permits.held("m", units=4, priority="bulk"):
        pass
    assert await redis.zcard("permits:{m}:queue") == 0


@pytest.mark.lesson(20)
async def test_a_pause_holds_for_every_process_and_follows_the_clock(permits, redis):
    await permits.pause("m", after=timedelta(minutes=5))
    await permits.pause("m", after=timedelta(seconds=1))
    elsewhere = Permits(redis)
    with pytest.raises(Throttled) as told:
        async with elsewhere.held("m"):
            pass
    assert timedelta(minutes=4) < told.value.after <= timedelta(minutes=5)

    clock.follow(clock.now() + timedelta(minutes=6))
    try:
        async with elsewhere.held("m"):
            pass
    finally:
        clock.follow(datetime.now(UTC))


@pytest.fixture
async def nowhere():
    async with Redis.from_url("redis://127.0.0.1:9/0", socket_connect_timeout=0.2) as client:
        yield client


async def test_without_redis_each_process_counts_for_itself(nowhere):
    permits = Permits(nowhere)
    most = held = 0

    async def one(units):
        nonlocal most, held
        async with permits.held("m", units=units):
            held += units
            most = max(most, held)
            await asyncio.sleep(0.002)
            held -= units

    await asyncio.gather(*(one(4 if number % 5 == 0 else 1) for number in range(20)))
    assert most == PERMITS

    await permits.pause("m", after=timedelta(minutes=5))
    with pytest.raises(Throttled):
        await one(1)
