"""Two records turn out to be one: links, and with them items, go over to the one that stays.

Where both have an item in one mailbox the older link stays and the other is severed: both items are left in
Outlook. Only where the CRM *names* a newcomer may an item make room that we made and nobody touched.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import InvalidRequest, RecordNotFound
from app.graph.translations import translation
from app.models import Collection, Link, Record
from app.records.link import LinkView
from app.records.reasons import Reason
from app.sync import holding
from app.sync.candidates import ENDED
from app.sync.collections import Collections
from app.sync.conflict_rows import Conflicts
from app.sync.conflicts import Side, Stamp
from app.sync.connections import Connections
from app.sync.decisions import decide
from app.sync.links import LIVE, Links
from app.sync.news import announce_record
from app.sync.open_conflicts import REMOVED, note
from app.sync.policy import Access
from app.sync.reconcile import Listening, Received, receive_item
from app.sync.records import Records, Step
from app.sync.settings import EffectiveSettings
from app.sync.spread import spread

MERGED: Final = "merged"
MERGED_INTO: Final = "merged_into"
MOST_OWNERS: Final = 50
LIVING: Final = (*LIVE, "wanted")


async def merge_records(
    session: AsyncSession, entity: str, crm_id: str, others: Sequence[str], *, now: datetime
) -> Record:
    """Merge records of the CRM into one; return it. What was merged into it before stays as it is."""
    known, _ = await Records(session).spoken_of(entity, [crm_id, *others])
    records = {record.crm_id: record for record in known.values()}
    kept = records.get(crm_id)
    if kept is None or kept.deleted_at is not None:
        raise RecordNotFound(f"There is no record {crm_id}.")
    ended = [records.get(other) for other in others]
    for place, (other, gone) in enumerate(zip(others, ended, strict=True)):
        if other == crm_id:
            raise InvalidRequest(
                errors=[{"pointer": f"/from/{place}", "detail": "A record can't end in itself."}]
            )
        if gone is None or (gone.deleted_at is not None and not _ended_in(gone, kept)):
            raise RecordNotFound(f"There is no record {other}.")
    for gone in ended:
        if gone is not None and gone.deleted_at is None:
            _unite_owners(kept, gone)
            await merge_into(session, kept=kept, gone=gone, now=now, makes_room=False)
    return kept


def _ended_in(gone: Record, kept: Record) -> bool:
    return gone.extra.get(MERGED_INTO) == kept.record_id


def _unite_owners(kept: Record, gone: Record) -> None:
    """Let a record belong to the other's owners, too. It has one primary owner: its own, if it has one."""
    owners = list(kept.extra.get("owners") or [])
    users = {owner["user"] for owner in owners}
    primary = any(owner["access"] == Access.PRIMARY for owner in owners)
    for owner in gone.extra.get("owners") or []:
        if owner["user"] not in users:
            second = primary and owner["access"] == Access.PRIMARY
            owners.append({**owner, "access": Access.FULL.value} if second else owner)
    if len(owners) > MOST_OWNERS:
        wrong = f"Together they have {len(owners)} owners; a record has {MOST_OWNERS} at most."
        raise InvalidRequest(errors=[{"pointer": "/from", "detail": wrong}])
    kept.extra = {**kept.extra, "owners": owners}


async def merge_into(
    session: AsyncSession, *, kept: Record, gone: Record, now: datetime, makes_room: bool = True
) -> None:
    """Let ``kept`` take over the items of ``gone``, which ends without a deletion in Outlook.

    Where ``kept`` has an item in the same mailbox: if it ``makes_room``, one that we made and nobody touched
    is deleted there; otherwise the younger link is severed and both items stay. What was in question about
    ``gone`` is so no more: its items meet ``kept``, and where they differ and somebody is to decide, that is
    asked anew.
    """
    taken = await _take_over(session, kept=kept, gone=gone, makes_room=makes_room, now=now)
    was = kept.held
    previous: dict[str, object] = {}
    for link in taken:
        previous = {**await _meet(session, kept, gone, link, now=now), **previous}
    kept.revision, kept.last_at, kept.held_until = kept.revision + 1, now, None
    gone.revision, gone.last_at, gone.deleted_at, gone.deleted_because = gone.revision + 1, now, now, MERGED
    gone.extra, gone.held = {**gone.extra, MERGED_INTO: kept.record_id}, {}
    await Conflicts(session).close([gone.record_id], status="obsolete", by="merge", now=now)
    await session.flush()
    await Records(session).write(
        [
            Step(record=kept, origin="microsoft", at=now, previous=previous, owners=not makes_room),
            Step(record=gone, origin="crm", at=now, previous={}),
        ]
    )
    announce_record(
        session, kept, "merged", origin="concord", connection_id=gone.origin_connection, now=now,
        changed=tuple(previous), previous=previous, extra={"merged": gone.record_id},
    )  # fmt: skip
    await note(session, kept, was=was, now=now)
    await spread(session, sorted((kept.record_id, gone.record_id)), now=now)


async def _take_over(
    session: AsyncSession, *, kept: Record, gone: Record, makes_room: bool, now: datetime
) -> list[Link]:
    """Give ``kept`` the links of ``gone`` that it can have, in place of its own; return these."""
    links = await _locked_links(session, [kept, gone])
    own = {link.connection_id: link for link in links if link.record_id == kept.record_id}
    taken: list[Link] = []
    was = kept.held
    for link in [link for link in links if link.record_id == gone.record_id]:
        beside = own.get(link.connection_id)
        spare = makes_room and beside is not None and _ours_alone(beside, kept)
        if await _takes_over(session, link, beside, kept=kept, gone=gone, spare=spare, now=now):
            taken.append(link)
            kept.held = holding.released(kept.held, link.connection_id)
    await note(session, kept, was=was, now=now, closing=REMOVED)
    return taken


async def _locked_links(session: AsyncSession, records: Sequence[Record]) -> list[Link]:
    found = await Links(session).of_records(record.record_id for record in records)
    return list((await Links(session).locked(link.id for link in found)).values())


async def _takes_over(
    session: AsyncSession,
    link: Link,
    own: Link | None,
    *,
    kept: Record,
    gone: Record,
    spare: bool,
    now: datetime,
) -> bool:
    """Give a link of ``gone`` to ``kept``, beside the one it may have in that mailbox; say whether it was.

    ``spare``: the item of its own is to be deleted, as that of the record that ended.
    """
    if own is not None and not _holds(link):
        await _drop(session, link)
        return False
    if own is not None and _holds(own):
        if not spare and own.state in LIVING and own.created_at <= link.created_at:
            _sever(link, now=now)
            return False
        await _swap(session, link, own, kept=kept, gone=gone)
        if spare:
            own.due_at, own.updated_at = now, now
        else:
            _sever(own, now=now)
        return True
    if own is not None:
        await _drop(session, own)
    link.record_id, link.updated_at = kept.record_id, now
    return True


def _holds(link: Link) -> bool:
    """Say whether there is an item behind a link, or may soon be one."""
    return link.attempt is not None or (link.item_id is not None and link.state not in ENDED)


async def _drop(session: AsyncSession, link: Link) -> None:
    await session.delete(link)
    await session.flush()


def _ours_alone(link: Link, record: Record) -> bool:
    """Say whether we made this item and nobody in its mailbox has edited it. Its etag guards the deletion."""
    stamps = [Stamp.parse(stamp) for stamp in record.field_at.values()]
    edited = any(stamp.connection == link.connection_id for stamp in stamps)
    asked = holding.held_from(record.held, link.connection_id)
    untouched = not edited and not asked
    return link.born == "crm" and link.state == "linked" and link.attempt is None and untouched


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
    link.held_by = link.cleared_at = None
    decide(link, Reason.DUPLICATE_ITEM, now=now)


async def _meet(
    session: AsyncSession, kept: Record, gone: Record, link: Link, *, now: datetime
) -> dict[str, object]:
    """Let a record meet an item it didn't know: blanks are filled, lists united, the rest decided.

    An item whose user may only look at the record has no say in that: it is put right.
    """
    if link.state not in LIVE or link.graph_had is None:
        return {}
    collection = await Collections(session).get(link.collection_id)
    access = await _access(session, link, [kept, gone])
    listening = await _listening(session, link, collection, accepts=access != Access.VIEW_ONLY)
    received: Received = receive_item(
        translation(kept.entity).shape, kept.doc, LinkView(), link.graph_had,
        listening=listening, field_at=kept.field_at, held=kept.held,
    )  # fmt: skip
    link.graph_had, link.graph_means = received.link.graph_had, received.link.graph_means
    link.attempt, link.due_at = None, now
    kept.doc, kept.field_at = received.doc, {**kept.field_at, **received.field_at}
    if received.held != kept.held:
        kept.held = dict(received.held)
    for conflict in received.conflicts:
        Conflicts(session).add_settled(
            kept, conflict, reporter=Side.MICROSOFT, connection_id=link.connection_id, now=now
        )
    return dict(received.previous)


async def _access(session: AsyncSession, link: Link, records: Sequence[Record]) -> str | None:
    """Return what the item's user may do with the first of these records that is theirs."""
    connection = await Connections(session).get(link.connection_id)
    owners = [owner for record in records for owner in record.extra.get("owners") or []]
    user = connection.user if connection is not None else None
    return next((owner["access"] for owner in owners if owner["user"] == user), None)


async def _listening(
    session: AsyncSession, link: Link, collection: Collection | None, *, accepts: bool
) -> Listening:
    policies = await EffectiveSettings(session).policies([link.connection_id], link.entity)
    hears = collection is not None and collection.hears
    return Listening(link.connection_id, hears, accepts, policies[link.connection_id])
