"""Import: records of items that nobody has yet. Each becomes the user's own, and the CRM names it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.ids import new_id
from app.models import Link, Record
from app.records import Fields
from app.records.link import LinkView
from app.records.reasons import Reason
from app.records.types import record_type
from app.sync.approvals import Approvals
from app.sync.breaker import Kind
from app.sync.bulk import update_many
from app.sync.candidates import Candidates, mailbox_of
from app.sync.decisions import decided
from app.sync.links import Links
from app.sync.masks import BUSY, masked, unseen_of
from app.sync.match_keys import MatchKeys, forget_items
from app.sync.meetings_rows import Meetings, uid_of
from app.sync.news import announce_record
from app.sync.policy import Access
from app.sync.questions import Question, ask_about, sample, too_many
from app.sync.reconcile import Listening, Received, born
from app.sync.records import Records, Step
from app.sync.spread import spread
from app.sync.work import Work

Json = dict[str, Any]


async def nobody_to_match(work: Work, session: AsyncSession, *, number: int) -> bool:
    """Say whether a first round may import as it reads: there is no record that an item could be.

    A record that the CRM sends meanwhile is recognised among those not named yet.
    """
    if work.collection.matched_at is not None or work.words.changes_ids or not imports(work):
        return False
    if work.imports_at_once is None:
        work.imports_at_once = not await Candidates(session).any_record(mailbox_of(work))
    if work.imports_at_once and await too_many(work, session, Kind.CREATIONS, side="crm", pending=number):
        work.imports_at_once = False  # the rest is counted once all of it is read
    return work.imports_at_once


async def let_in(work: Work, links: Sequence[Link]) -> Sequence[Link]:
    """Return the items to import; where they are too many, none, and somebody is asked."""
    if not links:
        return links
    async with work.transaction() as session:
        asked = await Approvals(session).open_on(work.collection.id, "crm")
        held = (asked.total or 0) if asked and (asked.approval or {})["reason"] == Kind.CREATIONS else 0
        if not await too_many(work, session, Kind.CREATIONS, side="crm", pending=len(links) + held):
            return links
        if asked is None:
            titles = [sample(title=work.type.title(work.words.parse(link.graph_had or {}))) for link in links]
            question = Question(
                reason=Kind.CREATIONS, side="crm", verb="created", number=len(links), samples=titles
            )
            run = await ask_about(work, session, question)
            await Links(session).move(Link.id.in_([link.id for link in links]), held_by=run.id)
            await work.move(session)
    return ()


def imports(work: Work) -> bool:
    """Say whether items that nobody knows become records."""
    return work.direction.hears and work.settings.import_new and not work.collection.built_in


async def import_items(
    work: Work, session: AsyncSession, wordings: Mapping[str, Fields], *, matched: bool = True
) -> dict[str, Json]:
    """Make a record for each link's item; return what the links become, by link id.

    Where nothing was ``matched`` yet, whoever might be somebody else is left out: the match comes later.
    """
    listening, now = work.listening(Access.PRIMARY), work.now
    received = {link_id: _received(work, had, listening=listening) for link_id, had in wordings.items()}
    keys = {link_id: work.type.index_keys(each.doc) for link_id, each in received.items()}
    if not matched:
        shared = await _shared(work, session, keys)
        received = {link_id: each for link_id, each in received.items() if link_id not in shared}
    records = {link_id: _born(work, each) for link_id, each in received.items()}
    records = await _first_to_meet(session, records, wordings)
    listed = {each: [*keys[each], *work.type.address_keys(record.doc)] for each, record in records.items()}
    await Records(session).write([_first_step(record, listed[each]) for each, record in records.items()])
    for record in records.values():
        announce_record(
            session, record, "created", origin="microsoft", connection_id=work.connection.id,
            now=record.first_at, changed=[name for name, value in record.doc.items() if value],
        )  # fmt: skip
    work.progress.count("to_crm.created", len(records))
    why = decided(Reason.IN_SCOPE, now=now, run=work.progress.run_id)
    work.progress.note("to_crm", Kind.CREATIONS, number=len(records))
    return {
        link_id: {
            "record_id": record.record_id, "state": "linked", "linked_at": now, "updated_at": now,
            "graph_means": received[link_id].link.graph_means, "due_at": None, **why,
        }
        for link_id, record in records.items()
    }  # fmt: skip


async def _first_to_meet(
    session: AsyncSession, records: Mapping[str, Record], wordings: Mapping[str, Fields]
) -> dict[str, Record]:
    """Return those records whose meeting nobody else has; the others are joined with that one later."""
    uids = {link_id: uid for link_id in records if (uid := uid_of(wordings[link_id]))}
    others = await Meetings(session).claim({uid: records[each].record_id for each, uid in uids.items()})
    return {link_id: record for link_id, record in records.items() if uids.get(link_id) not in others}


def _received(work: Work, had: Fields, *, listening: Listening) -> Received:
    """Return the record that an item gives birth to; one of which only the time is seen is just that."""
    part = work.settings.part({}, {}, access=Access.PRIMARY, now=work.now)
    received = born(masked(work.shape, {}, LinkView(had), part), had, listening=listening)
    if unseen_of(had, work.scope.private):
        received.doc["title"] = BUSY
    return received


async def import_links(work: Work, session: AsyncSession, links: Sequence[Link]) -> None:
    """Make a record for each of these items, and give it to the item's link."""
    become = await import_items(work, session, {link.id: link.graph_had or {} for link in links})
    workspace = work.lease.workspace
    rows = [{"workspace_id": workspace, "id": link_id, **row} for link_id, row in become.items()]
    await update_many(session, Link, rows)
    forget_items(session, become)
    await spread(session, [row["record_id"] for row in rows], now=work.now, skip=become)


async def _shared(work: Work, session: AsyncSession, keys: Mapping[str, Sequence[str]]) -> set[str]:
    """Return who shares a key with another of them, or with a record that there is."""
    count = Counter(key for held in keys.values() for key in set(held))
    known = await MatchKeys(session).held(work.collection.entity, count)
    return {link_id for link_id, held in keys.items() if any(count[key] > 1 or key in known for key in held)}


def _born(work: Work, received: Received) -> Record:
    now = work.now
    owners = [{"user": work.connection.user, "access": Access.PRIMARY.value}]
    return Record(
        workspace_id=work.lease.workspace, record_id=new_id("rec", now), entity=work.collection.entity,
        crm_id=None, doc=received.doc, extra={"owners": owners}, revision=1, field_at=received.field_at,
        crm_had={}, crm_revision=0, offers={}, held={}, swings={}, origin="microsoft",
        origin_connection=work.connection.id, first_at=now, last_at=now,
    )  # fmt: skip


def _first_step(record: Record, keys: Sequence[str]) -> Step:
    kind = record_type(record.entity)
    blank = {name: kind.empty(name) for name in record.doc}
    return Step(record=record, origin="microsoft", at=record.first_at, previous=blank, new=True, keys=keys)
