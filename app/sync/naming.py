"""The CRM names a record that was born in Microsoft, or says that it is one it has already."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.graph.contacts import SHAPE
from app.models import Collection, Link, Record
from app.records.link import LinkView
from app.records.reasons import Reason
from app.sync.collections import Collections
from app.sync.conflict_rows import Conflicts
from app.sync.conflicts import Side, Stamp
from app.sync.copies import applied
from app.sync.decisions import decide
from app.sync.links import LIVE, Links
from app.sync.news import announce_record
from app.sync.reconcile import Listening, Received, receive_item
from app.sync.records import Records, Step
from app.sync.revisions import History, Revisions, crm_view
from app.sync.settings import EffectiveSettings
from app.sync.spread import spread

MERGED: Final = "merged"
MERGED_INTO: Final = "merged_into"


async def name(
    session: AsyncSession,
    record: Record,
    crm_id: str,
    *,
    taken: Record | None,
    known: int | None,
    now: datetime,
) -> Record:
    """Give an unnamed record its crm_id; return the record that has it then.

    ``taken`` is the record that has this crm_id already: it takes over the newcomer's items. ``known`` is the
    revision that the CRM has seen (None: the last one it was told of). Both records are locked.
    """
    if taken is not None and taken.deleted_at is not None:
        await Records(session).forget_names([taken])
        taken = None
    if taken is not None and taken.record_id != record.record_id:
        await merge_into(session, kept=taken, gone=record, now=now)
        return taken
    rejected = record.rejected_at is not None
    history = (await Revisions(session).since({record.record_id: 0})).get(record.record_id, History())
    record.crm_id, record.rejected_at, record.held_until = crm_id, None, None
    up_to = known or history.heard(record) or record.revision
    record.crm_had = applied(crm_view(record, history), up_to=up_to)
    record.crm_revision = up_to
    step = Step(record=record, origin="crm", at=now, previous={}, quiet=True)
    await Records(session).write([step])
    if rejected:  # its item was left alone until now
        await spread(session, [record.record_id], now=now)
    return record


async def merge_into(session: AsyncSession, *, kept: Record, gone: Record, now: datetime) -> None:
    """Let ``kept`` take over the items of ``gone``, which ends without a deletion in Outlook.

    Where ``kept`` has an item in the same mailbox: one that we made and nobody touched is deleted there;
    otherwise the younger link is severed and both items stay.
    """
    links = await _locked_links(session, [kept, gone])
    own = {link.connection_id: link for link in links if link.record_id == kept.record_id}
    previous: dict[str, object] = {}
    for link in [link for link in links if link.record_id == gone.record_id]:
        if await _takes_over(session, link, own.get(link.connection_id), kept=kept, gone=gone, now=now):
            previous = {**await _meet(session, kept, link, now=now), **previous}
    kept.revision, kept.last_at, kept.held_until = kept.revision + 1, now, None
    gone.revision, gone.last_at, gone.deleted_at, gone.deleted_because = gone.revision + 1, now, now, MERGED
    gone.extra = {**gone.extra, MERGED_INTO: kept.record_id}
    await session.flush()
    await Records(session).write(
        [
            Step(record=kept, origin="microsoft", at=now, previous=previous),
            Step(record=gone, origin="crm", at=now, previous={}),
        ]
    )
    announce_record(
        session, kept, "merged", origin="concord", connection_id=gone.origin_connection, now=now,
        changed=tuple(previous), previous=previous, extra={"merged": gone.record_id},
    )  # fmt: skip
    await spread(session, sorted((kept.record_id, gone.record_id)), now=now)


async def _locked_links(session: AsyncSession, records: Sequence[Record]) -> list[Link]:
    found = await Links(session).of_records(record.record_id for record in records)
    return list((await Links(session).locked(link.id for link in found)).values())


async def _takes_over(
    session: AsyncSession, link: Link, own: Link | None, *, kept: Record, gone: Record, now: datetime
) -> bool:
    """Give a link of ``gone`` to ``kept``, if the one it may have in that mailbox makes room."""
    if own is not None and own.state == "wanted" and own.attempt is None and own.item_id is None:
        await session.delete(own)
        await session.flush()
    elif own is not None and _ours_alone(own, kept):
        await _swap(session, link, own, kept=kept, gone=gone)
        own.due_at, own.updated_at = now, now
        return True
    elif own is not None and own.created_at <= link.created_at:
        _sever(link, now=now)
        return False
    elif own is not None:
        await _swap(session, link, own, kept=kept, gone=gone)
        _sever(own, now=now)
        return True
    link.record_id, link.updated_at = kept.record_id, now
    return True


def _ours_alone(link: Link, record: Record) -> bool:
    """Say whether we made this item and nobody in its mailbox has edited it. Its etag guards the deletion."""
    stamps = [Stamp.parse(stamp) for stamp in record.field_at.values()]
    edited = any(stamp.connection == link.connection_id for stamp in stamps)
    return link.born == "crm" and link.state == "linked" and link.attempt is None and not edited


async def _swap(session: AsyncSession, link: Link, own: Link, *, kept: Record, gone: Record) -> None:
    """Exchange the records of two links of one mailbox, never both with the same."""
    own.record_id = None
    await session.flush()
    link.record_id = kept.record_id
    await session.flush()
    own.record_id = gone.record_id
    await session.flush()


def _sever(link: Link, *, now: datetime) -> None:
    link.state, link.attempt, link.due_at, link.updated_at = "severed", None, None, now
    decide(link, Reason.DUPLICATE_ITEM, now=now)


async def _meet(session: AsyncSession, kept: Record, link: Link, *, now: datetime) -> dict[str, object]:
    """Let a record meet an item it didn't know: fill blanks both ways, unite lists, settle the rest."""
    if link.state not in LIVE or link.graph_had is None:
        return {}
    collection = await Collections(session).get(link.collection_id)
    listening = await _listening(session, link, collection)
    received: Received = receive_item(
        SHAPE, kept.doc, LinkView(), link.graph_had, listening=listening, field_at=kept.field_at
    )
    link.graph_had, link.graph_means = received.link.graph_had, received.link.graph_means
    link.attempt, link.due_at = None, now
    kept.doc, kept.field_at = received.doc, {**kept.field_at, **received.field_at}
    for conflict in received.conflicts:
        Conflicts(session).add_settled(
            kept, conflict, reporter=Side.MICROSOFT, connection_id=link.connection_id, now=now
        )
    return dict(received.previous)


async def _listening(session: AsyncSession, link: Link, collection: Collection | None) -> Listening:
    policies = await EffectiveSettings(session).policies([link.connection_id], link.entity)
    hears = collection is not None and collection.hears
    return Listening(link.connection_id, hears, policy=policies[link.connection_id])
