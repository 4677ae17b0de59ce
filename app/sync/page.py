"""A page of reports, merged in memory under ordered locks: records by id, then their links.

Everything that a mailbox tells us of an item, a delta row, a GET, the answer of our own write, passes here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Unavailable
from app.graph.protocol import Document
from app.models import Link, Record
from app.records import Fields
from app.records.link import LinkState, LinkView, Role
from app.records.reasons import Reason
from app.records.shape import Shape
from app.sync import breaker, holding
from app.sync.breaker import Kind
from app.sync.clearing import Cleared, apart, empties, refilled
from app.sync.conflict_rows import Conflicts
from app.sync.conflicts import Side, Stamp
from app.sync.decisions import decide
from app.sync.hub import move_record, revive_record
from app.sync.links import Links
from app.sync.mails import may_mail
from app.sync.masks import Part, frozen, heard
from app.sync.match_keys import note_record
from app.sync.meetings_rows import Meetings, uid_of
from app.sync.mirrors import as_shown_in, guarded, unheard
from app.sync.moments import next_moment
from app.sync.occurrences import begun_anew, lost_exceptions
from app.sync.open_conflicts import AGREED, REMOVED, Closing, note
from app.sync.owners import Owners
from app.sync.policy import Access
from app.sync.projection import Create, Nothing, Update, owed
from app.sync.reconcile import Listening, Received, receive_item, wrote
from app.sync.records import Records
from app.sync.scoping import leave, reason_of
from app.sync.spread import spread
from app.sync.swinging import parked
from app.sync.timers import Timers
from app.sync.work import Work, viewed


@dataclass(frozen=True, slots=True)
class Report:
    """What an item holds now. ``certain``: read after every write of ours ended. ``write``: its answer."""

    link_id: str
    item: Document
    certain: bool = False
    write: Create | Update | None = None
    cleared: Cleared = Cleared.WAITS


@dataclass(slots=True)
class Page:
    """The locked rows of one page, and what moved in it.

    ``organized`` are the records of which another mailbox has the organizer's copy, with whom that invites;
    ``comes_by_invitation`` those that aren't to be made here.
    """

    work: Work
    session: AsyncSession
    records: Mapping[str, Record]
    links: Mapping[str, Link]
    access: Mapping[str, str]
    now: datetime
    organized: Mapping[str, set[str]] = field(default_factory=dict)
    met: dict[str, str] = field(default_factory=dict)
    comes_by_invitation: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    asked: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    closings: dict[str, Closing] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    def record_of(self, link: Link) -> Record:
        """Return the locked record of a link."""
        assert link.record_id is not None  # noqa: S101  a page holds only links with records
        return self.records[link.record_id]

    def hold(self, record: Record, held: Mapping[str, Any]) -> None:
        """Let these fields of a record be in question from now on."""
        if held != record.held:
            self.asked.setdefault(record.record_id, record.held)
            record.held = dict(held)

    def release(self, link: Link, closing: Closing = REMOVED) -> None:
        """Ask nothing any more about an item: it is gone, or its user has no say."""
        record = self.record_of(link)
        if holding.held_from(record.held, link.connection_id):
            self.closings[record.record_id] = closing
            self.hold(record, holding.released(record.held, link.connection_id))

    def shape_of(self, link: Link, wording: Fields | None = None) -> Shape:
        """Return the shape by which a link's item is read and written in this mailbox.

        ``wording`` is what it says where it meets its record for the first time.
        """
        view = viewed(link) if link.graph_had or wording is None else LinkView(wording)
        shape = self.work.shape_for(view, self.record_of(link), self.part_of(link))
        return guarded(shape) if link.role == Role.MIRROR else shape

    def part_of(self, link: Link) -> Part:
        """Return this mailbox's part in the record of a link."""
        record = self.record_of(link)
        access, organized = self.access.get(record.record_id), self.organized.get(record.record_id)
        return self.work.part_in(record, access=access, organized=organized)

    def keep_guests_out(self, link: Link, shape: Shape) -> None:
        """Take guests for agreed whom nobody may mail from this mailbox."""
        link.graph_means = frozen(shape, self.record_of(link).doc, viewed(link), self.part_of(link))

    def listening(self, link: Link) -> Listening:
        """Return how this mailbox is heard about a link's record."""
        return unheard(self.work.listening(self.access.get(str(link.record_id))), link)

    def reason_of(self, link: Link) -> Reason:
        """Return why a living record does or doesn't belong in this mailbox."""
        return reason_of(self.work.scope, self.record_of(link), link)

    def may_mail(self, record: Record) -> bool:
        """Say whether the settings let Outlook mail the guests of this event."""
        policy, invite = self.work.settings.invitation_policy, bool(record.extra.get("invite"))
        own = record.entity == self.work.collection.entity  # nobody is ever invited to a task
        return own and may_mail(policy, invite=invite, doc=record.doc, now=self.now)

    def leave(self, link: Link, reason: Reason, *, edited: bool = False) -> bool:
        """Let a link rest whose record is out of scope; say whether its item is to be deleted instead."""
        deletes = leave(
            link, reason, settings=self.work.settings, run=self.work.progress.run_id, now=self.now,
            edited=edited,
        )  # fmt: skip
        if link.state == LinkState.SUSPENDED:
            self.release(link)
        return deletes

    async def close(self, *, own: Iterable[str]) -> None:
        """Flush, note what is in question, and make due whatever other mailbox a moved record is in."""
        await self.session.flush()
        await Meetings(self.session).claim(self.met)
        if self.ended:
            await Conflicts(self.session).close(
                sorted(self.ended), status="obsolete", by="microsoft", now=self.now
            )
        for record_id, was in self.asked.items():
            closing = self.closings.get(record_id, AGREED)
            record = self.records[record_id]
            opened = await note(self.session, record, was=was, now=self.now, closing=closing)
            self.work.progress.count("conflicts", opened)
            if due_at := next_moment(record):
                await Timers(self.session).set("record", record_id, due_at)
        await spread(self.session, sorted(self.moved), now=self.now, skip=own)


async def locked_page(work: Work, session: AsyncSession, pairs: Collection[tuple[str, str]]) -> Page:
    """Lock these (link, record) pairs in the one order that never deadlocks.

    Raises Unavailable where a link was given to another record between our look and our lock: try again.
    """
    locked = await Records(session).locked({record_id for _, record_id in pairs})
    records = {record_id: as_shown_in(work.collection.entity, record) for record_id, record in locked.items()}
    links = await Links(session).locked(link_id for link_id, _ in pairs)
    for link_id, record_id in pairs:
        if link_id not in links or links[link_id].record_id != record_id or record_id not in records:
            raise Unavailable("A link was given to another record meanwhile.", after=timedelta(0))
    access = await Owners(session).access_of(work.connection.user, records)
    organized = {}
    if records and work.collection.entity == "calendar":
        organized = await Meetings(session).organized(records, but=work.connection.id)
    return Page(work, session, records, links, access, work.now, organized)


def receive(page: Page, report: Report) -> None:
    """Merge one report into its record and move the link's bases."""
    link = page.links[report.link_id]
    record = page.record_of(link)
    reason = Reason.IN_SCOPE if record.deleted_at is not None else page.reason_of(link)
    if reason is not Reason.IN_SCOPE and report.write is None and link.attempt is None:
        _not_heard(page, link, report, reason=reason)
        return
    received, swings = parked(
        _merged(page, link, record, report), record.doc, record.swings,
        connection=link.connection_id, now=page.now,
    )  # fmt: skip
    if _to_be_counted(link, record, report, received):
        _let_it_wait(page, link)
        return
    if swings != record.swings:
        record.swings = swings
    if record.deleted_at is not None:
        _receive_of_deleted(page, link, record, received)
    elif received.previous:
        _move(page, link, record, received)
    page.hold(record, received.held)
    _note_conflicts(page, link, record, received)
    if received.conflicts and page.access.get(record.record_id) == Access.VIEW_ONLY:
        decide(link, Reason.VIEW_ONLY, run=page.work.progress.run_id, now=page.now)
    _settle(page, link, record, received, etag=report.item.get("@odata.etag"))
    if report.cleared is not Cleared.WAITS and record.deleted_at is None:
        _decide_cleared(page, link, report.cleared)
    if reason is not Reason.IN_SCOPE and page.leave(link, reason, edited=bool(received.previous)):
        link.due_at = page.now


def _to_be_counted(link: Link, record: Record, report: Report, received: Received) -> bool:
    """Say whether an item was emptied that both sides knew filled, and nothing else stands on its link."""
    if report.cleared is not Cleared.WAITS or report.write is not None or link.attempt is not None:
        return False
    return record.deleted_at is None and _clears(link, received)


def _let_it_wait(page: Page, link: Link) -> None:
    """Take note of an item that its user emptied, maybe while it was out of reach: it is linked, unheard."""
    if link.cleared_at is None and not still_empties(page, link):
        link.held_by = None  # whatever it was held for: its record lives, and its item is there
    if link.state != LinkState.LINKED:
        link.state = LinkState.LINKED.value
        decide(link, Reason.IN_SCOPE, run=page.work.progress.run_id, now=page.now)
    link.cleared_at, link.gone_at, link.due_at = link.cleared_at or page.now, None, None


def _decide_cleared(page: Page, link: Link, cleared: Cleared) -> None:
    """Note what was decided about an item that its user had emptied."""
    if cleared is Cleared.TAKEN:
        decide_in_scope(page, link)
    else:
        reason = Reason.RESTORED if cleared is Cleared.PUT_BACK else Reason.DECLINED
        decide(link, reason, run=page.work.progress.run_id, now=page.now)


def _clears(link: Link, received: Received) -> bool:
    return bool(link.graph_had) and breaker.clears(received.previous, received.doc)


def _not_heard(page: Page, link: Link, report: Report, *, reason: Reason) -> None:
    """Let an item rest whose record is out of scope: both copies stay, bases frozen."""
    known, wording = link.graph_had or {}, page.work.had(report.item)
    edited = any(
        known.get(name) != wording.get(name)
        for name, part in page.shape_of(link).parts.items()
        if part.reads and name in known
    )
    link.gone_at = None
    if page.leave(link, reason, edited=edited):
        link.etag, link.due_at = report.item.get("@odata.etag"), page.now


def deleted(page: Page, link: Link) -> None:
    """End a delete of ours that took effect; a record that was saved again meanwhile is wanted again."""
    link.attempt = link.due_at = link.gone_at = link.held_by = link.cleared_at = None
    page.release(link)
    alive = page.record_of(link).deleted_at is None and page.reason_of(link) is Reason.IN_SCOPE
    if alive and page.work.direction.sends:
        want_again(page, link)
    else:
        link.state, link.updated_at = LinkState.REMOVED_BY_US.value, page.now


def decide_in_scope(page: Page, link: Link) -> None:
    """Note that a link's record belongs here, and whether somebody must decide on some of its fields."""
    held = holding.held_from(page.record_of(link).held, link.connection_id)
    reason, detail = (Reason.CONFLICT_OPEN, ", ".join(sorted(held))) if held else (Reason.IN_SCOPE, None)
    decide(link, reason, run=page.work.progress.run_id, now=page.now, detail=detail)


def want_again(page: Page, link: Link) -> None:
    """Let go of an item that is gone: another is made, in the next generation."""
    page.release(link)
    link.state, link.updated_at = LinkState.WANTED.value, page.now
    link.generation += 1
    link.item_id = link.etag = link.graph_had = None
    link.graph_means, link.due_at = {}, page.now


def _merged(page: Page, link: Link, record: Record, report: Report) -> Received:
    wording, write, listening = page.work.had(report.item), report.write, page.listening(link)
    shape = heard(page.shape_of(link, wording), wording)
    view = begun_anew(shape, viewed(link), wording, sent=write.fields if write is not None else None)
    if write is not None:
        return wrote(
            shape, record.doc, view, wording,
            write=write, listening=listening, field_at=record.field_at, held=record.held,
        )  # fmt: skip
    received = receive_item(
        shape, record.doc, view, wording,
        listening=listening, field_at=record.field_at, held=record.held, certain=report.certain,
    )  # fmt: skip
    return _as_decided(page, link, received, report.cleared)


def _as_decided(page: Page, link: Link, received: Received, cleared: Cleared) -> Received:
    """Follow what was decided about a report that empties a record, should it still do so."""
    if cleared not in {Cleared.PUT_BACK, Cleared.LEFT} or not breaker.clears(received.previous, received.doc):
        return received
    kept = refilled(received)
    if cleared is Cleared.PUT_BACK:
        return kept
    fields = received.previous.keys() - kept.previous.keys()
    return replace(kept, link=apart(page.shape_of(link), kept.doc, kept.link, fields))


def _move(page: Page, link: Link, record: Record, received: Received) -> None:
    if not page.work.type.is_news(received.doc, received.previous):
        record.doc = received.doc
        note_record(page.session, record)
        return
    move_record(page.session, record, received, connection_id=link.connection_id, now=page.now)
    page.moved.add(record.record_id)
    page.work.progress.count("to_crm.updated")
    if _clears(link, received):
        page.work.progress.note("to_crm", Kind.CLEARS)


def _receive_of_deleted(page: Page, link: Link, record: Record, received: Received) -> None:
    """Bring a record back that Outlook's user restored, or edited while the CRM deleted it."""
    if link.state == LinkState.REMOVED_THERE and record.deleted_because == "deleted_in_microsoft":
        if page.listening(link).accepts and page.listening(link).hears:
            _revive(page, link, record, received, reason=Reason.RESTORED)
        return
    deleting = page.work.settings.removed_from_crm == "delete" and page.work.collection.sends
    cancelled = received.link.graph_had.get("isCancelled")  # its organizer took it back, too
    if not received.previous or cancelled or not deleting or link.state != LinkState.LINKED:
        return
    _revive(page, link, record, received, reason=Reason.EDIT_OUTLIVED_DELETE)
    Conflicts(page.session).add_deleted_vs_edited(
        record, connection_id=link.connection_id, fields=received.previous, now=page.now
    )
    page.work.progress.count("conflicts")


def _revive(page: Page, link: Link, record: Record, received: Received, *, reason: Reason) -> None:
    revive_record(
        page.session, record, received, reason=reason, connection_id=link.connection_id, now=page.now
    )
    decide(link, reason, run=page.work.progress.run_id, now=page.now)
    page.moved.add(record.record_id)
    page.work.progress.count("to_crm.created")


def _note_conflicts(page: Page, link: Link, record: Record, received: Received) -> None:
    for conflict in received.conflicts:
        Conflicts(page.session).add_settled(
            record, conflict, reporter=Side.MICROSOFT, connection_id=link.connection_id, now=page.now
        )
    page.work.progress.count("conflicts", len(received.conflicts))
    _note_lost_exceptions(page, link, record, received)


def _note_lost_exceptions(page: Page, link: Link, record: Record, received: Received) -> None:
    """Keep the exceptions that Exchange dropped when its user gave a series another time."""
    theirs = Stamp(page.now, Side.MICROSOFT, link.connection_id)
    if (lost := lost_exceptions(received.previous, received.doc, theirs=theirs)) is None:
        return
    Conflicts(page.session).add_settled(
        record, lost, reporter=Side.MICROSOFT, connection_id=link.connection_id, now=page.now,
        code=Reason.EXCEPTION_LOST,
    )  # fmt: skip
    page.work.progress.count("conflicts")
    decide(link, Reason.EXCEPTION_LOST, run=page.work.progress.run_id, now=page.now)


def _settle(page: Page, link: Link, record: Record, received: Received, *, etag: str | None) -> None:
    """Store the link's new bases; it lives, and is due if something is still owed."""
    view, now = received.link, page.now
    link.graph_had, link.graph_means = view.graph_had, view.graph_means
    shape = page.shape_of(link)
    page.keep_guests_out(link, shape)
    view, uid = viewed(link), uid_of(view.graph_had)
    if uid is not None and record.deleted_at is None and link.role == Role.MAIN:
        page.met[uid] = record.record_id
    link.attempt = received.link.attempt.document() if received.link.attempt else None
    link.etag, link.shape, link.gone_at, link.updated_at = etag, page.work.shape.version, None, now
    link.problem, link.failures, link.next_attempt_at = None, 0, None
    waits = link.cleared_at is None and still_empties(page, link)
    link.held_by, link.cleared_at = link.held_by if waits else None, None
    if link.state == LinkState.WANTED or (link.state != LinkState.LINKED and record.deleted_at is None):
        # Also where the record was deleted while its create was under way: there is an item now.
        link.state, link.linked_at = LinkState.LINKED.value, link.linked_at or now
        if record.deleted_at is None:
            decide(link, Reason.IN_SCOPE, run=page.work.progress.run_id, now=now)
    more = link.attempt is not None or record.deleted_at is not None
    held = holding.held_from(record.held, link.connection_id)
    still = more or not isinstance(owed(shape, record.doc, view, held=held), Nothing)
    if held:
        decide_in_scope(page, link)
    link.due_at = now if still and link.held_by is None and page.work.collection.sends else None


def still_empties(page: Page, link: Link) -> bool:
    """Say whether a link that waits would still have its item emptied by a living record."""
    record = page.record_of(link)
    if link.held_by is None or record.deleted_at is not None or link.state != LinkState.LINKED:
        return False
    held = holding.held_from(record.held, link.connection_id)
    return empties(page.shape_of(link), record.doc, viewed(link), held=held)
