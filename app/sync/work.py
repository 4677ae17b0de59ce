"""One turn at a collection: what the worker holds while it pulls, matches, removes and pushes."""

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.graph.batch import LIMIT
from app.graph.calendar_delta import Window
from app.graph.mailbox import Mailbox
from app.graph.protocol import Document
from app.graph.translation import Translation
from app.graph.translations import translation
from app.models import Collection, Connection, Link, Record, Workspace
from app.records import Fields
from app.records.link import Attempt, LinkView
from app.records.shape import Shape
from app.records.types import RecordType, record_type
from app.sync.lease import Lease
from app.sync.mails import noting_guests
from app.sync.masks import Part, masked, seen_of
from app.sync.notifications import Unseen
from app.sync.policy import Access, Direction
from app.sync.progress import Progress
from app.sync.reconcile import Listening
from app.sync.resources import Resources
from app.sync.scope import Scope
from app.sync.settings import SyncSettings
from app.sync.touching import touches

SLICE_SECONDS = 15.0


@dataclass(slots=True)
class Work:
    """A claimed collection with everything that bears on it, as read at the start of a turn."""

    resources: Resources
    lease: Lease
    workspace: Workspace
    connection: Connection
    collection: Collection
    settings: SyncSettings
    mailbox: Mailbox
    progress: Progress
    ends_at: float
    unseen: Unseen
    ahead: timedelta = timedelta(0)
    asked: bool = True  # somebody is asked about links of the collection, or may be
    at_once: int = LIMIT
    imports_at_once: bool | None = None
    asks: bool = True
    unasked: list[dict[str, Any]] = field(default_factory=list)
    hydrated: dict[str, str] = field(default_factory=dict)
    shape: Shape = field(init=False)
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.shape = self.words.shaped(default_minutes=self.settings.default_minutes)
        self.scope = self.settings.scope(
            self.connection.user, began_at=self.collection.created_at, rules=self.workspace.rules,
            now=self.now,
        )  # fmt: skip

    @property
    def words(self) -> Translation:
        """How the items of this entity are reached and worded."""
        return translation(self.collection.entity).within(self.collection.container_id)

    @property
    def type(self) -> RecordType:
        """What the records of this entity hold."""
        return record_type(self.collection.entity)

    @property
    def window(self) -> Window | None:
        """What a round of the collection looks at; None where its items have no time."""
        known = self.collection.window
        return None if known is None else Window(known["begin"], known["end"])

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

    def part_in(self, record: Record, *, access: str | None, organized: Iterable[str] | None = None) -> Part:
        """Return this mailbox's part in a record. ``organized``: whom another mailbox's copy invites."""
        part = self.settings.part(
            record.extra, record.doc, access=Access(access) if access else None, now=self.now
        )
        return replace(part, elsewhere=organized is not None, invited=any(organized or ()))

    def shape_for(self, view: LinkView, record: Record, part: Part) -> Shape:
        """Return the shape by which a link's item is read and written in this mailbox."""
        return masked(self.shape, record.doc, view, part)

    def had(self, item: Document) -> Fields:
        """Return an item's wording as ``graph_had`` keeps it: nothing of what we are not to see."""
        wording = seen_of(self.words.had(item), self.scope.private)
        return wording if self.direction.hears else noting_guests(wording)

    def shows(self, link: Link) -> bool:
        """Say whether a full round must show an item: of events those in its window."""
        if self.window is None:
            return True
        begin, end = (datetime.fromisoformat(at).date() for at in (self.window.begin, self.window.end))
        return touches(self.words.parse(link.graph_had or {}), begin=begin, end=end)

    def is_here(self, item: Document) -> bool:
        """Say whether an item lies in this container, as far as it tells."""
        return self.words.container_of(item) in {None, self.folder}

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
