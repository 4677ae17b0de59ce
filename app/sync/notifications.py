"""What Graph tells us: rings for the collections it names, one commit for all of a few milliseconds.

Nothing is processed while Microsoft waits. A notification says only that a pull is worth while; the delta
may still lag behind it, so the ids it named are remembered in Redis until a round shows them.
"""

import asyncio
from collections.abc import Collection as Group
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.db import Database, Doorbell, Ring
from app.errors import Unavailable

GATHER_SECONDS = 0.003
COMMIT_SECONDS = 2.0

# As concord_sweep, which rings collections of every workspace. Locked in order, so that two API processes
# that ring the same collections wait for each other instead of deadlocking.
RING = text("""
WITH heard AS (
  SELECT c.workspace_id, c.id, r.route
  FROM routes r JOIN collections c ON c.workspace_id = r.workspace_id AND c.id = r.target
  WHERE r.route = ANY(:routes) AND r.kind = 'subscription' AND c.hears
  ORDER BY c.workspace_id, c.id
  FOR UPDATE OF c
)
UPDATE collections c SET wanted = c.wanted + 1, due_at = :now, poll_at = :now
FROM heard WHERE c.workspace_id = heard.workspace_id AND c.id = heard.id
RETURNING c.workspace_id, c.id, heard.route
""")

log = structlog.get_logger()


class Notifications:
    """The door for notifications of one API process."""

    def __init__(self, sweeper: Database, *, doorbell: Doorbell, redis: Redis) -> None:
        self._sweeper = sweeper
        self._doorbell = doorbell
        self._unseen = Unseen(redis)
        self._gathering = _Batch()
        self._committing: asyncio.Task[None] | None = None
        self._committed: dict[tuple[str, str], set[str]] = {}
        self._ringing: asyncio.Task[None] | None = None

    async def heard(self, route: str, item_ids: Iterable[str] = ()) -> None:
        """Ring for the collection behind a route; return once that is committed. Raises Unavailable."""
        batch = self._gathering
        batch.routes.setdefault(route, set()).update(item_ids)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        await asyncio.shield(batch.done)

    async def close(self) -> None:
        """Let what was heard be rung for."""
        while tasks := [task for task in (self._committing, self._ringing) if task is not None]:
            await asyncio.wait(tasks)

    async def _commit_all(self) -> None:
        try:
            while self._gathering.routes:
                await asyncio.sleep(GATHER_SECONDS)
                batch, self._gathering = self._gathering, _Batch()
                await self._commit(batch)
        finally:
            self._committing = None

    async def _commit(self, batch: "_Batch") -> None:
        try:
            async with asyncio.timeout(COMMIT_SECONDS), self._sweeper.transaction(None) as session:
                rows = await session.execute(RING, {"routes": list(batch.routes), "now": clock.now()})
                rung = {(workspace, target): batch.routes[route] for workspace, target, route in rows}
            batch.done.set_result(None)
            self._ring_soon(rung)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("notifications.not_stored", error=type(error).__name__, routes=len(batch.routes))
        finally:
            batch.fail_if_undone()

    def _ring_soon(self, rung: Mapping[tuple[str, str], set[str]]) -> None:
        for whose, item_ids in rung.items():
            self._committed.setdefault(whose, set()).update(item_ids)
        if self._ringing is None and rung:
            self._ringing = asyncio.create_task(self._ring_all())

    async def _ring_all(self) -> None:
        """Ring for what was committed: best effort, since the sweep rings for it within a second anyway."""
        loop = asyncio.get_running_loop()
        try:
            while self._committed:
                began = loop.time()
                rung, self._committed = self._committed, {}
                named = {target: item_ids for (_, target), item_ids in rung.items()}
                await self._unseen.heard(named, now=clock.now())
                await self._doorbell([Ring("collection", workspace, target) for workspace, target in rung])
                # In a storm half of the time is left to those who wait for their answer.
                await asyncio.sleep(loop.time() - began)
        finally:
            self._ringing = None


class _Batch:
    """What waits for one commit."""

    def __init__(self) -> None:
        self.routes: dict[str, set[str]] = {}
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail_if_undone(self) -> None:
        if not self.done.done():
            self.done.set_exception(Unavailable("The ring could not be stored."))
            self.done.exception()  # looked at here, as whoever rang may have gone away


class Unseen:
    """The items that notifications named and no round has shown yet, by collection, for a minute.

    Losing them costs time, never data: the poll finds whatever the delta was late with.
    """

    AGAIN = (timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=60))
    MOST = 500

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def heard(self, named: Mapping[str, Iterable[str]], *, now: datetime) -> None:
        """Remember when each item was first named."""
        moment = now.timestamp()
        with suppress(RedisError, OSError):
            async with self._redis.pipeline(transaction=False) as pipe:
                for collection_id, ids in named.items():
                    if scores := dict.fromkeys(ids, moment):
                        key = _key(collection_id)
                        pipe.zadd(key, scores, nx=True)
                        pipe.zremrangebyrank(key, self.MOST, -1)
                        pipe.expire(key, 120)
                await pipe.execute()

    async def seen(self, collection_id: str, item_ids: Group[str]) -> None:
        """Forget items that a page of the delta has shown, as changed or removed."""
        if item_ids:
            with suppress(RedisError, OSError):
                await self._redis.zrem(_key(collection_id), *item_ids)

    async def look_again_at(self, collection_id: str, *, now: datetime) -> datetime | None:
        """Return when the delta should have what it hasn't shown; None where nothing is missing any more."""
        try:
            waiting = await self._redis.zrange(_key(collection_id), 0, -1, withscores=True)
        except (RedisError, OSError):
            return None
        heard_at = [datetime.fromtimestamp(score, now.tzinfo) for _, score in waiting]
        looks = [heard + wait for heard in heard_at for wait in self.AGAIN if heard + wait > now]
        return min(looks, default=None)


class NothingUnseen(Unseen):
    """For whoever only rehearses: forgets nothing, and waits for nothing."""

    async def seen(self, collection_id: str, item_ids: Group[str]) -> None:
        """Leave what the real round is to look for."""

    async def look_again_at(self, collection_id: str, *, now: datetime) -> datetime | None:  # noqa: ARG002
        """Return None: one look is all."""
        return None


def _key(collection_id: str) -> str:
    return f"unseen:{collection_id}"
