"""Wait for the feed to move: one look for all who wait in a workspace, and nothing held between two looks."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy.exc import SQLAlchemyError

from app.db import Database
from app.sync.changes import Changes

FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 0.5


class Waiting:
    """Those who wait in one process, by workspace; the one who waits alone looks, later ones join in."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.waiting: dict[str, list[tuple[int, asyncio.Future[None]]]] = defaultdict(list)
        self.watchers: dict[str, asyncio.Task[None]] = {}

    async def beyond(self, workspace: str, position: int, *, seconds: float) -> None:
        """Return once the feed has moved beyond this place, or the time is over."""
        moved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = (position, moved)
        self.waiting[workspace].append(place)
        if workspace not in self.watchers:
            self.watchers[workspace] = asyncio.create_task(self._watch(workspace), name=f"feed {workspace}")
        try:
            await asyncio.wait([moved], timeout=seconds)
        finally:
            self.waiting[workspace].remove(place)

    async def _watch(self, workspace: str) -> None:
        """Look at the counter, at first often, then twice a second, as long as anybody waits."""
        pause = FIRST_PAUSE
        while self.waiting[workspace]:
            with suppress(SQLAlchemyError, OSError):  # who waits will meet the same, and tell
                async with self.db.transaction(workspace) as session:
                    head = await Changes(session).head()
                for position, moved in self.waiting[workspace]:
                    if head > position and not moved.done():
                        moved.set_result(None)
                        pause = FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        del self.waiting[workspace], self.watchers[workspace]


_by_database: WeakKeyDictionary[Database, Waiting] = WeakKeyDictionary()


def waiting(db: Database) -> Waiting:
    """Return those who wait on this process's database."""
    return _by_database.setdefault(db, Waiting(db))
