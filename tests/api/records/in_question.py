"""A mailbox whose user and the CRM may be of two minds, as far as what it reports and is owed goes."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from app import clock
from app.db import Database
from app.graph.contacts import SHAPE
from app.ids import new_id
from app.models import Link
from app.sync.collections import Collections
from app.sync.connections import Connections
from app.sync.holding import held_from
from app.sync.links import Links
from app.sync.page import Report, locked_page, receive
from app.sync.progress import Progress
from app.sync.projection import Update, owed
from app.sync.records import Records
from app.sync.settings import EffectiveSettings
from app.sync.work import Work, viewed
from app.sync.workspaces import Workspaces
from tests.rules.outlook import agreed, edited

GRANTED = ["User.Read", "Contacts.ReadWrite", "offline_access"]


@dataclass
class Mailbox:
    """One mailbox with one item of a record; what it reports passes where every report passes."""

    resources: object
    workspace: str
    connection: str
    record: str = ""
    seconds: int = 0

    @property
    def db(self) -> Database:
        return self.resources.db

    @classmethod
    async def opened(cls, resources, workspace, crm):
        """Connect a mailbox in which somebody decides on conflicts."""
        async with resources.db.transaction(workspace) as session:
            made = Connections(session).add(
                now=clock.now(), user="agent-7", requested=["contacts"], granted_scopes=GRANTED
            )
            made.status = "active"
        mailbox = cls(resources, workspace, made.id)
        await chooses(crm, mailbox, direction="two_way", conflict_resolution="ask")
        return mailbox

    async def takes(self, record, *, item="item-1", born="crm", age=0):
        """Let it hold an item that says what the record says."""
        self.record, now = record["record_id"], clock.now() - timedelta(minutes=age)
        async with self.db.transaction(self.workspace) as session:
            held = await Links(session).of_records([self.record])
            await Links(session).drop([link.id for link in held])
            collection = await Collections(session).of(self.connection, "contacts")
            doc = (await Records(session).get(self.record)).doc
            row = {
                "workspace_id": self.workspace, "id": new_id("lnk", now), "connection_id": self.connection,
                "entity": "contacts", "collection_id": collection.id, "record_id": self.record,
                "item_id": item, "role": "main", "born": born, "state": "linked", "generation": 1,
                "graph_had": agreed(doc).graph_had, "graph_means": {}, "shape": 1, "seen_round": 0,
                "failures": 0, "created_at": now, "updated_at": now,
            }  # fmt: skip
            session.add(Link(**row))

    async def link(self, session):
        (link,) = await Links(session).of_records([self.record])
        return link

    async def links(self):
        """Return the mailbox's links, by item."""
        async with self.db.transaction(self.workspace) as session:
            rows = await session.scalars(select(Link).where(Link.connection_id == self.connection))
            return {link.item_id: link for link in rows}

    async def reports(self, **raw):
        self.seconds += 60
        async with self.db.transaction(self.workspace) as session:
            link = await self.link(session)
            work = await self._work(session)
            page = await locked_page(work, session, [(link.id, self.record)])
            item = {**edited(viewed(link), seconds=self.seconds, **raw), "@odata.etag": f'W/"{self.seconds}"'}
            receive(page, Report(link.id, item, certain=True))
            await page.close(own=page.links)
            return work.progress.counts

    async def takes_over(self, **raw):
        """Let it hold what it is owed, if it is owed that: our write and its note."""
        if await self.owed():
            async with self.db.transaction(self.workspace) as session:
                (link,) = (await Links(session).locked([(await self.link(session)).id])).values()
                link.graph_had = {**link.graph_had, **raw}

    async def owed(self):
        async with self.db.transaction(self.workspace) as session:
            record = await Records(session).get(self.record)
            held = held_from(record.held, self.connection)
            write = owed(SHAPE, record.doc, viewed(await self.link(session)), held=held)
            return dict(write.fields) if isinstance(write, Update) else {}

    async def _work(self, session):
        collection = await Collections(session).of(self.connection, "contacts")
        return Work(
            self.resources, None, await Workspaces(session).get(self.workspace),
            await Connections(session).get(self.connection), collection,
            await EffectiveSettings(session).of(self.connection, "contacts"), None,
            Progress(collection, "notification"), 0.0, None,
        )  # fmt: skip


async def chooses(crm, mailbox, **settings):
    path = f"/v1/connections/{mailbox.connection}/settings/contacts"
    return await crm.call("PATCH", path, json=settings)


async def resolves(crm, conflict, expect=(200,), **decision):
    return await crm.call("POST", f"/v1/conflicts/{conflict['id']}/resolve", json=decision, expect=expect)


async def only(crm, **params):
    (conflict,) = await crm.conflicts(**params)
    return conflict
