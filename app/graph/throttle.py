"""Permits: at most four requests in flight per mailbox, across all workers, and pauses that all keep.

Microsoft refuses a fifth request (https://learn.microsoft.com/en-us/graph/throttling-limits, Outlook service
limits). Who waits is served in order, *now* before *bulk*. Redis holds the permits, in machine time, and the
pauses, in Concord's; without Redis each process counts for itself.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Literal

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app import clock
from app.errors import Throttled

Priority = Literal["now", "bulk"]

PERMITS = 4
EXPIRY = timedelta(seconds=6)
RENEWAL = timedelta(seconds=2)
PATIENCE = timedelta(seconds=10)
SHORT_PAUSE = timedelta(seconds=2)
FIRST_LOOK, LONGEST_LOOK, PAUSED_LOOK = 0.004, 0.032, 0.1
MILLISECOND = timedelta(milliseconds=1)

log = structlog.get_logger()

# Answers -1: granted; 0: others come first; else for how many ms the mailbox is paused.
TAKE = """
local held, queue, seen, paused = unpack(KEYS)
local token, units, rank = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local moment, expiry, permits = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local pause = tonumber(redis.call('GET', paused) or 0) - moment
if pause > 0 then return pause end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', held, '-inf', now)
local place = rank * 1e14 + now
local first = token
if redis.call('EXISTS', queue) == 1 then
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', seen, '-inf', now - 1000)) do
    redis.call('ZREM', queue, gone)
    redis.call('ZREM', seen, gone)
  end
  redis.call('ZADD', queue, 'NX', place, token)
  first = redis.call('ZRANGE', queue, 0, 0)[1]
end
if first == token and permits - redis.call('ZCARD', held) >= units then
  for unit = 1, units do redis.call('ZADD', held, now + expiry, token .. ':' .. unit) end
  redis.call('PEXPIRE', held, expiry)
  redis.call('ZREM', queue, token)
  redis.call('ZREM', seen, token)
  return -1
end
redis.call('ZADD', queue, 'NX', place, token)
redis.call('ZADD', seen, now, token)
redis.call('PEXPIRE', queue, 5000)
redis.call('PEXPIRE', seen, 5000)
return 0
"""
KEEP = """
local time = redis.call('TIME')
local until_ms = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])
for unit = 1, tonumber(ARGV[2]) do redis.call('ZADD', KEYS[1], until_ms, ARGV[1] .. ':' .. unit) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
"""
PAUSE = """
if tonumber(redis.call('GET', KEYS[1]) or 0) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
"""


class Permits:
    """The four permits of every mailbox."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._take = redis.register_script(TAKE)
        self._keep = redis.register_script(KEEP)
        self._pause = redis.register_script(PAUSE)
        self._alone = _Alone()

    @asynccontextmanager
    async def held(self, mailbox: str, *, units: int = 1, priority: Priority = "now") -> AsyncIterator[None]:
        """Hold so many permits while a request is in flight. Raises Throttled when there are none soon."""
        token = token_hex(8)
        shared = await self._acquire(mailbox, token, units=units, priority=priority)
        keeper = asyncio.create_task(self._renew(mailbox, token, units=units)) if shared else None
        try:
            yield
        finally:
            if keeper is None:
                self._alone.give_back(mailbox, units=units)
            else:
                keeper.cancel()
                await self._forget(mailbox, token, units=units)

    async def pause(self, mailbox: str, *, after: timedelta) -> None:
        """Let nobody begin a request to this mailbox for so long."""
        until = clock.now() + after
        self._alone.pause(mailbox, until=until)
        with suppress(RedisError, OSError):
            await self._pause(
                keys=[_key(mailbox, "paused")], args=[_ms(until), max(1, round(after / MILLISECOND))]
            )

    async def _acquire(self, mailbox: str, token: str, *, units: int, priority: Priority) -> bool:
        """Wait for the permits; return whether they are Redis's, else this process's own."""
        deadline = _ticks() + PATIENCE.total_seconds()
        look = FIRST_LOOK
        try:
            while True:
                shared, answer = await self._ask(mailbox, token, units=units, priority=priority)
                if answer < 0:
                    return shared
                _give_up_if_long(answer, late=_ticks() > deadline)
                await asyncio.sleep(PAUSED_LOOK if answer else look)
                look = min(look * 2, LONGEST_LOOK)
        except BaseException:
            await self._forget(mailbox, token, units=units)
            raise

    async def _ask(self, mailbox: str, token: str, *, units: int, priority: Priority) -> tuple[bool, int]:
        keys = [_key(mailbox, part) for part in ("held", "queue", "seen", "paused")]
        rank = 0 if priority == "now" else 1
        args: list[str | int] = [token, units, rank, _ms(clock.now()), round(EXPIRY / MILLISECOND), PERMITS]
        try:
            answer = int(await self._take(keys=keys, args=args))
        except (RedisError, OSError) as error:
            self._alone.begin(type(error).__name__)
            return False, self._alone.take(mailbox, units=units)
        self._alone.end()
        return True, answer

    async def _renew(self, mailbox: str, token: str, *, units: int) -> None:
        while True:
            await asyncio.sleep(RENEWAL.total_seconds())
            with suppress(RedisError, OSError):
                await self._keep(
                    keys=[_key(mailbox, "held")], args=[token, units, round(EXPIRY / MILLISECOND)]
                )

    async def _forget(self, mailbox: str, token: str, *, units: int) -> None:
        """Give back whatever this token holds or waits for; what can't be given back expires."""
        with suppress(RedisError, OSError):
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.zrem(_key(mailbox, "held"), *(f"{token}:{unit}" for unit in range(1, units + 1)))
                pipe.zrem(_key(mailbox, "queue"), token)
                await pipe.execute()


class _Alone:
    """What a process counts for itself while Redis is away."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()
        self._paused: dict[str, datetime] = {}
        self._since: datetime | None = None

    def begin(self, reason: str) -> None:
        if self._since is None:
            self._since = clock.now()
            log.warning("permits.alone", reason=reason)

    def end(self) -> None:
        if self._since is not None:
            self._since = None
            log.info("permits.shared_again")

    def take(self, mailbox: str, *, units: int) -> int:
        left = self._paused.get(mailbox, clock.now()) - clock.now()
        if left > timedelta(0):
            return max(1, round(left / MILLISECOND))
        self._paused.pop(mailbox, None)
        if self._held[mailbox] + units > PERMITS:
            return 0
        self._held[mailbox] += units
        return -1

    def give_back(self, mailbox: str, *, units: int) -> None:
        self._held[mailbox] -= units
        if not self._held[mailbox]:
            del self._held[mailbox]

    def pause(self, mailbox: str, *, until: datetime) -> None:
        self._paused[mailbox] = max(until, self._paused.get(mailbox, until))


def _give_up_if_long(answer: int, *, late: bool) -> None:
    if answer * MILLISECOND > SHORT_PAUSE:
        raise Throttled("The mailbox is paused.", after=answer * MILLISECOND)
    if late:
        raise Throttled("The mailbox is busy.", after=timedelta(seconds=1))


def _ticks() -> float:
    return asyncio.get_running_loop().time()


def _key(mailbox: str, part: str) -> str:
    return f"permits:{{{mailbox}}}:{part}"


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
