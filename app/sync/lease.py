"""The fenced lease: one worker at a time works on a collection, and a late one can harm nothing."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import ring
from app.errors import LeaseLost
from app.models import Collection
from app.sync.collections import LEASE, Collections
from app.sync.resources import Resources

HEARTBEAT_SECONDS = 3.0
HOLDER = f"{socket.gethostname()}:{os.getpid()}"


@dataclass(slots=True)
class Lease:
    """The right to move a collection and the bases of its links, as long as nobody else claims it."""

    workspace: str
    collection_id: str
    holder: str
    epoch: int
    wanted: int
    good_until: float
    lost: bool = False

    def check(self) -> None:
        """Raise LeaseLost where the lease may have run out by machine time: we may have stood still."""
        if time.monotonic() >= self.good_until:
            raise LeaseLost("The lease was not prolonged in time.")

    async def move(self, session: AsyncSession, **values: Any) -> None:
        """Set columns of the collection, or raise LeaseLost and so undo the whole transaction."""
        values.setdefault("holder", self.holder)
        try:
            await Collections(session).move(self.collection_id, epoch=self.epoch, **values)
        except LeaseLost:
            self.lost = True
            raise


@asynccontextmanager
async def leased(
    resources: Resources, workspace: str, collection_id: str
) -> AsyncIterator[tuple[Lease, Collection] | None]:
    """Yield the lease and the collection, or None where another worker holds it."""
    holder, good_until = f"{HOLDER}:{token_hex(4)}", _good_until()
    async with resources.db.transaction(workspace) as session:
        collection = await Collections(session).claim(collection_id, holder, now=clock.now())
    if collection is None:
        yield None
        return
    lease = Lease(workspace, collection_id, holder, collection.epoch, collection.wanted, good_until)
    beating = asyncio.create_task(_beat(resources, lease), name=f"heartbeat {collection_id}")
    try:
        yield lease, collection
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        if lease.lost:
            await _give_back(resources, lease)


async def _give_back(resources: Resources, lease: Lease) -> None:
    """Let whoever stopped this work (new settings, a pause) not wait for the lease to run out."""
    async with resources.db.transaction(lease.workspace) as session:
        freed = await Collections(session).freed(lease.collection_id, lease.holder, now=clock.now())
        if freed:
            ring(session, "collection", workspace=lease.workspace, target=lease.collection_id)


async def _beat(resources: Resources, lease: Lease) -> None:
    """Prolong the lease until cancelled; once it is lost there is nothing left to prolong."""
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        with suppress(OSError):
            try:
                good_until = _good_until()
                async with resources.db.transaction(lease.workspace) as session:
                    await lease.move(session, lease_until=clock.now() + LEASE)
                lease.good_until = good_until
            except LeaseLost:
                return


def _good_until() -> float:
    return time.monotonic() + LEASE.total_seconds()
