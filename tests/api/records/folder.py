"""A folder of Outlook between pull and push: items that came in, and the turn that joins them with records."""

import time
from dataclasses import dataclass, replace

from sqlalchemy import select

from app import clock
from app.graph.contacts import had
from app.ids import new_id
from app.models import Connection, Link, MatchKey, Workspace
from app.sync.collections import Collections
from app.sync.join import join, match_wanted
from app.sync.lease import leased
from app.sync.links import Links
from app.sync.match_keys import note_item
from app.sync.notifications import NothingUnseen
from app.sync.progress import Progress
from app.sync.resources import Resources
from app.sync.reviews import close_of_gone
from app.sync.settings import ContactSettings
from app.sync.work import SLICE_SECONDS, Work

SETTINGS = ContactSettings(direction="two_way", folder_name="Acme Realty")


@dataclass
class Folder:
    """The mailbox of one user; nothing of Microsoft is asked while items are joined."""

    resources: Resources
    workspace: str
    connection: str
    collection: str
    settings: ContactSettings = SETTINGS

    @classmethod
    async def opened(cls, resources, workspace, *, user="agent-7", connection="con_a", matched=True):
        """Make the user's connection, in two-way sync."""
        now = clock.now()
        async with resources.db.transaction(workspace) as session:
            session.add(Connection(
                workspace_id=workspace, id=connection, user=user, status="active", requested=["contacts"],
                created_at=now, updated_at=now,
            ))  # fmt: skip
            await session.flush()
            collection = await Collections(session).opened(connection, "contacts", now=now)
            collection.hears = collection.sends = True
            collection.container_id, collection.matched_at = "folder", now if matched else None
        return cls(resources, workspace, connection, collection.id)

    def chooses(self, **settings):
        self.settings = replace(self.settings, **settings)

    async def gets(self, item, **wording):
        """Let an item come in that nobody knows."""
        now = clock.now()
        row = {
            "id": new_id("lnk", now), "connection_id": self.connection, "entity": "contacts",
            "collection_id": self.collection, "record_id": None, "item_id": item, "role": "main",
            "born": "microsoft", "state": "unmatched", "generation": 1, "etag": "e", "graph_had": had(worded(wording)),
            "graph_means": {}, "shape": 1, "seen_round": 0, "failures": 0, "due_at": now, "created_at": now,
            "updated_at": now,
        }  # fmt: skip
        async with self.resources.db.transaction(self.workspace) as session:
            await Links(session).insert([row])
            note_item(session, row["id"], "contacts", row["graph_had"])

    async def edits(self, item, **wording):
        """Let an item say something else, as a page of the delta tells."""
        async with self.resources.db.transaction(self.workspace) as session:
            link = await session.scalar(select(Link).where(Link.item_id == item))
            link.graph_had, link.due_at = {**link.graph_had, **had(worded(wording))}, clock.now()
            note_item(session, link.id, "contacts", link.graph_had)

    async def loses(self, item):
        async with self.resources.db.transaction(self.workspace) as session:
            link = await session.scalar(select(Link).where(Link.item_id == item))
            await Links(session).drop([link.id])

    async def turn(self):
        """Join, as a worker does between pull and push, and look who is to be created."""
        async with leased(self.resources, self.workspace, self.collection) as (lease, collection):
            async with self.resources.db.transaction(self.workspace) as session:
                workspace = await session.get(Workspace, self.workspace)
                connection = await session.get(Connection, (self.workspace, self.connection))
            work = Work(
                self.resources, lease, workspace, connection, collection, self.settings, None,
                Progress(collection, "schedule"), NothingUnseen(self.resources.redis),
                time.monotonic() + SLICE_SECONDS,
            )  # fmt: skip
            await join(work)
            if await close_of_gone(work):
                await join(work)
            async with self.resources.db.transaction(self.workspace) as session:
                due = await Links(session).due(self.collection, now=clock.now(), limit=20)
            await match_wanted(work, due)
            async with self.resources.db.transaction(self.workspace) as session:
                await Collections(session).release(
                    self.collection, epoch=lease.epoch, due_at=None, now=clock.now()
                )
        return work.progress.counts

    async def links(self):
        """Return the links of the folder: by item, or by record where there is none."""
        async with self.resources.db.transaction(self.workspace) as session:
            rows = await session.scalars(select(Link).where(Link.collection_id == self.collection))
            return {link.item_id or link.record_id: link for link in rows}

    async def states(self):
        return {who: link.state for who, link in (await self.links()).items()}

    async def keys(self, side):
        """Return who can be looked up, with the number of words each has."""
        async with self.resources.db.transaction(self.workspace) as session:
            rows = (await session.scalars(select(MatchKey).where(MatchKey.side == side))).all()
        return {who: sum(row.id == who for row in rows) for who in {row.id for row in rows}}


def worded(wording):
    """Return an item in Graph's JSON; ``mail`` is short for its address."""
    mail = wording.pop("mail", None)
    return {**wording, **({"emailAddresses": [{"address": mail, "name": mail}]} if mail else {})}
