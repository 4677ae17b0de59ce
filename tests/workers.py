"""Workers of a test's own in place of the stack's: to be killed, frozen and set against each other."""

import asyncio

import asyncpg
import redis
from forked import Foundry

MOMENTS = 500


class Workers:
    """Makes and ends workers; sees, as the service does, what stands unanswered."""

    def __init__(self, environment, *, log):
        self.foundry = Foundry(environment, log=log)
        self.database = environment["CONCORD_DATABASE_URL"].replace("+asyncpg", "")
        self.redis = redis.Redis.from_url(environment["CONCORD_REDIS_URL"])
        self.rows = None

    async def look_into(self, workspace):
        self.rows = await asyncpg.connect(self.database)
        await self.rows.execute("SELECT set_config('concord.workspace', $1, false)", workspace)

    def starts(self):
        return self.foundry.worker()

    def dies(self, worker):
        """Kill it, and forget what Redis knows: else the dead one's permits are held for seconds."""
        self.foundry.kill(worker)
        self.redis.flushall()

    async def attempts(self):
        """Return the marks of creates that stand unanswered, and how many writes do."""
        found = await self.rows.fetch(
            "SELECT id, generation, attempt->>'kind' AS kind FROM links WHERE attempt IS NOT NULL"
        )
        return {f"{row['id']}.{row['generation']}" for row in found if row["kind"] == "create"}, len(found)

    async def attempt(self, *, more_than=0):
        """Wait, a moment at most, until more writes than that stand unanswered."""
        for _ in range(MOMENTS):
            if (await self.attempts())[1] > more_than:
                return
            await asyncio.sleep(0.002)

    async def close(self):
        self.foundry.close()
        self.redis.close()
        if self.rows is not None:
            await self.rows.close()
