"""One turn at a collection: what the worker holds while it pulls, matches, removes and pushes."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.graph.batch import LIMIT
from app.graph.contacts import SHAPE
from app.graph.mailbox import Mailbox
from app.models import Collection, Connection, Workspace
from app.records.link import Attempt, LinkView
from app.records.shape import Shape
from app.sync.lease import Lease
from app.sync.notifications import Unseen
from app.sync.policy import Access, Direction
from app.sync.progress import Progress
from app.sync.reconcile import Listening
from app.sync.resources import Resources
from app.sync.scope import Scope
from app.sync.settings import ContactSettings

SLICE_SECONDS = 15.0


@dataclass(slots=True)
class Work:
    """A claimed collection with everything that bears on it, as read at the start of a turn."""

    resources: Resources
    lease: Lease
    workspace: Workspace
    connection: Connection
    collection: Collection
    settings: ContactSettings
    mailbox: Mailbox
    progress: Progress
    ends_at: float
    unseen: Unseen
    ahead: timedelta = timedelta(0)
    at_once: int = LIMIT
    imports_at_once: bool | None = None
    asks: bool = True
    unasked: list[dict[str, Any]] = field(default_factory=list)
    shape: Shape = SHAPE
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.scope = self.settings.scope(self.connection.user, began_at=self.collection.created_at)

    @property
    def now(self) -> datetime:
        """Return the time, which a rehearsal is ahead of."""
        return clock.now() + self.ahead

    @property
    def out_of_time(self) -> bool:
        """Whether this slice is over; the rest is for the next."""
        return time.monotonic() >= self.ends_at

    @property
    def direction(self) -> Direction:
        return Direction(self.settings.direction)

    @property
    def folder(self) -> str:
        """The container's id, known from the first turn on."""
        assert self.collection.container_id is not None  # noqa: S101  container.py comes first
        return self.collection.container_id

    @property
    def poll_every(self) -> timedelta:
        return timedelta(minutes=self.workspace.sync_interval_minutes)

    def listening(self, access: str | None) -> Listening:
        """Return how a record is heard in this mailbox. Whoever owns nothing may only look."""
        accepts = access is not None and Access(access) is not Access.VIEW_ONLY
        return Listening(self.connection.id, self.collection.hears, accepts, self.settings.policy)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction; what it changes of links must end with ``move``, which the lease guards."""
        async with self.resources.db.transaction(self.lease.workspace) as session:
            yield session

    async def move(self, session: AsyncSession, **values: Any) -> None:
        """Move the collection on, and store the run's counts, or undo everything (LeaseLost)."""
        await self.progress.save(session, now=self.now)
        await self.lease.move(session, **values)
        for name, value in values.items():
            setattr(self.collection, name, value)


def viewed(link: Any) -> LinkView:
    """Return the engine's view of a link's row."""
    attempt = Attempt.parse(link.attempt) if link.attempt else None
    return LinkView(link.graph_had or {}, link.graph_means, attempt)
