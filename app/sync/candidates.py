"""Who may be whom: the records and items that a match looks at, and nothing more."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.graph.translations import translation
from app.models import Link, Owner, Record
from app.records import Fields
from app.records.evidence import Evidence
from app.records.link import LinkState, Role
from app.records.reasons import Reason
from app.records.types import record_type
from app.sync.addresses import holds
from app.sync.match_keys import MatchKeys
from app.sync.work import Work

ENDED: Final = ("removed_there", "removed_by_us")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Whose items are matched: a user's folder, and where their phones are."""

    user: str
    connection_id: str
    collection_id: str
    entity: str
    region: str


def mailbox_of(work: Work) -> Mailbox:
    """Return the mailbox that a turn is at."""
    return Mailbox(
        work.connection.user, work.connection.id, work.collection.id, work.collection.entity,
        work.workspace.phone_region,
    )  # fmt: skip


@dataclass(slots=True)
class Circle:
    """The records that keys reach: ``free`` ones of the user, those ``taken`` by an item, and others'."""

    free: dict[str, Evidence] = field(default_factory=dict)
    taken: dict[str, Evidence] = field(default_factory=dict)
    beyond: dict[str, Evidence] = field(default_factory=dict)
    docs: dict[str, Fields] = field(default_factory=dict)


MOST: Final = 50
"""Of copies of one person as many are looked at."""


class Candidates:
    """Queries over records and links of the transaction's workspace, for matching."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def documents(self, record_ids: Collection[str]) -> dict[str, Fields]:
        """Return the documents of these records, but for deleted ones."""
        query = select(Record.record_id, Record.doc).where(
            Record.workspace_id == self.workspace,
            Record.record_id.in_(list(record_ids)),
            Record.deleted_at.is_(None),
        )
        return {row[0]: row[1] for row in await self.session.execute(query)}

    async def circle(
        self, mailbox: Mailbox, keys: Collection[str], *, besides: Collection[str] = ()
    ) -> Circle:
        """Return the living records that these keys reach, and those named besides, with their evidence."""
        found = await MatchKeys(self.session).records(mailbox.entity, keys, user=mailbox.user)
        docs = await self.documents(found | set(besides))
        mine = await self._owned(mailbox.user, docs)
        items = await self.with_items(mailbox.connection_id, docs)
        circle = Circle(docs=docs)
        for record_id, doc in docs.items():
            evidence = record_type(mailbox.entity).evidence_of(doc, region=mailbox.region)
            if record_id in items:
                circle.taken[record_id] = _with_item(evidence, items[record_id], mailbox=mailbox)
            elif record_id in mine or record_id in besides:
                circle.free[record_id] = evidence
            else:
                circle.beyond[record_id] = evidence
        return circle

    async def items(self, mailbox: Mailbox, keys: Collection[str]) -> dict[str, Link]:
        """Return the items without a record that these keys reach in this folder, by link id."""
        ids = await MatchKeys(self.session).items(mailbox.collection_id, mailbox.entity, keys)
        query = select(Link).where(
            Link.workspace_id == self.workspace, Link.id.in_(ids), Link.gone_at.is_(None)
        )
        return {link.id: link for link in await self.session.scalars(query)} if ids else {}

    async def copies(self, mailbox: Mailbox, docs: Collection[Fields]) -> Sequence[Link]:
        """Return items left alone as copies that share a name or an address with these, the oldest first."""
        names = {doc["display_name"].lower() for doc in docs if doc.get("display_name")}
        addresses = {email["address"] for doc in docs for email in doc.get("emails") or ()}
        query = select(Link).where(
            Link.workspace_id == self.workspace,
            Link.collection_id == mailbox.collection_id,
            Link.state == LinkState.IGNORED,
            Link.record_id.is_(None),
            Link.decision["code"].astext == Reason.DUPLICATE_ITEM,
            or_(
                func.lower(Link.graph_had["displayName"].astext).in_(names),
                holds(Link.graph_had["emailAddresses"], addresses),
            ),
        )
        return (await self.session.scalars(query.order_by(Link.created_at, Link.id).limit(MOST))).all()

    async def any_record(self, mailbox: Mailbox) -> bool:
        """Say whether there may be any record without an item here: one of elsewhere, or one owed."""
        elsewhere = select(Record.record_id).where(
            Record.workspace_id == self.workspace,
            Record.entity == mailbox.entity,
            Record.deleted_at.is_(None),
            Record.origin_connection.is_distinct_from(mailbox.connection_id),
        )
        owed = select(Link.record_id).where(
            Link.workspace_id == self.workspace,
            Link.collection_id == mailbox.collection_id,
            Link.record_id.is_not(None),
            Link.item_id.is_(None),
        )
        for query in (elsewhere, owed):
            if await self.session.scalar(query.limit(1)) is not None:
                return True
        return False

    async def _owned(self, user: str, record_ids: Collection[str]) -> set[str]:
        query = select(Owner.record_id).where(
            Owner.workspace_id == self.workspace, Owner.user == user, Owner.record_id.in_(list(record_ids))
        )
        return set(await self.session.scalars(query))

    async def with_items(self, connection_id: str, record_ids: Collection[str]) -> dict[str, Fields | None]:
        """Return the records that have an item here or a create under way, with the item's wording."""
        query = select(Link.record_id, Link.graph_had).where(
            Link.workspace_id == self.workspace,
            Link.connection_id == connection_id,
            Link.record_id.in_(list(record_ids)),
            Link.role == Role.MAIN,
            Link.item_id.is_not(None) | Link.attempt.is_not(None),
            Link.state.not_in(ENDED),
        )
        return {str(row[0]): row[1] for row in await self.session.execute(query)}


def _with_item(evidence: Evidence, wording: Fields | None, *, mailbox: Mailbox) -> Evidence:
    """Return what a record and its item may be recognised by; the content is the item's."""
    if not wording:
        return Evidence(evidence.keys, evidence.exact)
    item = _evidence(mailbox.entity, wording, region=mailbox.region)
    return Evidence(_both(evidence.keys, item.keys), _both(evidence.exact, item.exact), item.content)


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def evidence_of_items(items: Mapping[str, Link], *, region: str) -> dict[str, Evidence]:
    """Return the evidence of items, the oldest first."""
    ordered = sorted(items.values(), key=lambda link: (link.created_at, link.id))
    return {link.id: _evidence(link.entity, link.graph_had or {}, region=region) for link in ordered}


def _evidence(entity: str, wording: Fields, *, region: str) -> Evidence:
    return record_type(entity).evidence_of(translation(entity).parse(wording), region=region)
