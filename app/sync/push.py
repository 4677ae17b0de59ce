"""Push: write to a folder until it holds our records, twenty at a time.

What is owed is worked out afresh for each batch, under the records' locks; the attempt is committed before
anything is sent, the note after it is answered. Safe to repeat and to kill at any point.
"""

from collections.abc import Sequence
from typing import Final

import structlog

from app.errors import Interruption
from app.graph.batch import Answer, failed
from app.models import Link, Record
from app.records.link import Attempt, AttemptKind, LinkState
from app.records.reasons import Reason
from app.records.unsupported import Unsupported
from app.sync import holding
from app.sync.adopt import mark
from app.sync.answers import note
from app.sync.breaker import Kind
from app.sync.checklists import of_checklist
from app.sync.clearing import overwrites
from app.sync.decisions import decide
from app.sync.gate import Gate, follows
from app.sync.join import match_wanted
from app.sync.links import Links
from app.sync.mails import mailed_by, mailed_by_delete, silent
from app.sync.masks import GUESTS, without
from app.sync.meetings import invited_elsewhere
from app.sync.occurrences import in_steps, of_occurrences
from app.sync.online_meetings import of_online_meeting
from app.sync.open_conflicts import BY_POLICY
from app.sync.page import (
    Page,
    decide_in_scope,
    locked_page,
    still_empties,
    want_again,
)
from app.sync.parked import park
from app.sync.policy import record_deleted
from app.sync.projection import Create, Nothing, Update, attempted, owed
from app.sync.rescope import wake
from app.sync.sendings import Deletion, Sending
from app.sync.settle import settle
from app.sync.shown import record_url
from app.sync.work import Work, viewed

COUNTED: Final = (Kind.DELETIONS, Kind.CREATIONS, Kind.CLEARS)
log = structlog.get_logger()


async def push(work: Work) -> bool:
    """Write what is owed; say whether all that is due now is done within this slice."""
    gate = Gate(work)
    while not work.out_of_time:
        async with work.transaction() as session:
            due = await Links(session).due(work.collection.id, now=work.now, limit=work.at_once)
        if not due:
            return True
        unanswered = [link for link in due if link.attempt is not None]
        resting = [link for link in due if link.attempt is None and link.state == LinkState.SUSPENDED]
        fresh = [link for link in due if link.attempt is None and link.state != LinkState.SUSPENDED]
        if unanswered:
            await settle(work, unanswered)
        if resting:
            await wake(work, resting)
        if fresh:
            await _write(gate, await match_wanted(work, fresh))
    return False


async def _write(gate: Gate, links: Sequence[Link]) -> None:
    work = gate.work
    sendings = await _attempt(gate, links)
    if not sendings:
        return
    stopping: Interruption | None = None
    try:
        answers = await _sent(work, sendings)
    except Interruption as failure:
        answers, stopping = failed(failure, calls=len(sendings)), failure
    stopping = await note(work, sendings, answers) or stopping
    if stopping is not None:
        raise stopping


async def _sent(work: Work, sendings: Sequence[Sending]) -> Sequence[Answer]:
    """Make the calls in batches; a series whose occurrences differ takes several of its own."""
    plain = [sending for sending in sendings if sending.series is None]
    answers = await work.mailbox.batch([sending.call for sending in plain]) if plain else []
    found = dict(zip((sending.link_id for sending in plain), answers, strict=True))
    for sending in sendings:
        if sending.series is not None:
            try:
                found[sending.link_id] = await sending.series(work)
            except Interruption as failure:
                found[sending.link_id] = failed(failure, calls=1)[0]
    return [found[sending.link_id] for sending in sendings]


async def _attempt(gate: Gate, links: Sequence[Link]) -> list[Sending]:
    """Decide what each link is owed and commit the attempts; what is owed nothing is due no more."""
    work = gate.work
    async with work.transaction() as session:
        page = await locked_page(work, session, _pairs(links))
        page.comes_by_invitation = await invited_elsewhere(page, page.links.values())
        sendings = [
            sending
            for link in page.links.values()
            if link.due_at is not None and (sending := _safely_decided(page, link)) is not None
        ]
        await page.close(own=page.links)
        sendings = await _let_through(gate, page, sendings)
        await Links(session).drop([link.id for link in page.links.values() if _pointless(page, link)])
        await work.move(session)
    return sendings


async def _let_through(gate: Gate, page: Page, sendings: Sequence[Sending]) -> list[Sending]:
    """Return what may be sent: of deletions, creations and clears that are too many, none."""
    passed = [sending for sending in sendings if sending.kind is None]
    for kind in COUNTED:
        some = [sending for sending in sendings if sending.kind is kind]
        if some and not await gate.shut(page, kind, [page.links[each.link_id] for each in some]):
            passed += some
    mailing = [sending for sending in passed if sending.mails]
    if mailing and await gate.keeps_silent(page, mailing):
        return [sending for sending in passed if not sending.mails]
    return passed


def _pairs(links: Sequence[Link]) -> list[tuple[str, str]]:
    return [(link.id, link.record_id) for link in links if link.record_id is not None]


def _in_scope(page: Page, link: Link) -> bool:
    return page.record_of(link).deleted_at is None and page.reason_of(link) is Reason.IN_SCOPE


def _pointless(page: Page, link: Link) -> bool:
    """Say whether a creation never begun has nothing left to create."""
    begun = link.item_id is not None or link.attempt is not None
    return link.state == LinkState.WANTED and not begun and not _in_scope(page, link)


def _safely_decided(page: Page, link: Link) -> Sending | None:
    """Decide on one link; whatever is wrong with it concerns no other."""
    try:
        return _decided(page, link)
    except Unsupported as refusal:
        _unfit(page, link, refusal)
        return None
    except Exception as error:
        log.exception("link.failed", link=link.id)
        park(
            link, "failing", detail=f"It can't be worded for Outlook ({type(error).__name__}).", now=page.now
        )
        page.work.progress.count("parked")
        return None


def _unfit(page: Page, link: Link, refusal: Unsupported) -> None:
    """Park a link whose record Outlook can't hold; the record is stored all the same."""
    slug = refusal.reason.value.replace("_", "-")
    park(link, slug, detail=refusal.detail, now=page.now)
    decide(link, refusal.reason, run=page.work.progress.run_id, now=page.now)
    page.work.progress.count("parked")


def _decided(page: Page, link: Link) -> Sending | None:
    """Return the write that a link is owed now, its attempt noted on it, or None with its due time moved."""
    record = page.record_of(link)
    link.due_at = None
    saved_again = link.state == LinkState.LINKED and _in_scope(page, link)
    if link.cleared_at is None and saved_again and not still_empties(page, link):
        link.held_by = None  # there is nothing to be asked about any more
    if link.held_by is not None or link.cleared_at is not None or not page.work.direction.sends:
        return None
    if link.state == LinkState.REMOVED_BY_US and _in_scope(page, link):
        want_again(page, link)  # its record had left the scope, and is back
    elif link.state in {LinkState.WANTED, LinkState.LINKED}:
        follow = _living if record.deleted_at is None else _after_deletion
        return follow(page, link, record)
    return None


def _living(page: Page, link: Link, record: Record) -> Sending | None:
    """Return what a link to a living record is owed, unless it is out of scope or waits."""
    reason = page.reason_of(link)
    if link.state == LinkState.LINKED and reason is not Reason.IN_SCOPE:
        return _deletion(page, link, record) if page.leave(link, reason) else None
    held = record.held_until is not None and record.held_until > page.now
    if held and link.state == LinkState.WANTED:
        link.due_at, reason = record.held_until, Reason.AWAITING_NAME
    if link.state == LinkState.WANTED and record.record_id in page.comes_by_invitation:
        reason = Reason.COPY_COMES_BY_INVITATION
    if reason is Reason.IN_SCOPE:
        return _owed(page, link, record)
    decide(link, reason, run=page.work.progress.run_id, now=page.now)
    return None


def _after_deletion(page: Page, link: Link, record: Record) -> Sending | None:
    work = page.work
    happening = record_deleted(
        LinkState(link.state), attempt=None, direction=work.direction,
        setting=follows(record, work.settings.removed_from_crm),
    )  # fmt: skip
    if happening.deletes_item and link.item_id is not None:
        return _deletion(page, link, record)
    link.state = happening.state.value
    if happening.reason is not None:
        decide(link, happening.reason, run=work.progress.run_id, now=page.now)
    return None


def _nothing_owed(page: Page, link: Link) -> None:
    """Note that the item has what it can be given; say so where the record says more."""
    record, view = page.record_of(link), viewed(link)
    whole = without(page.work.shape, unwritten=GUESTS)
    if view.graph_had.get("isOrganizer") is False and isinstance(owed(whole, record.doc, view), Update):
        decide(link, Reason.NOT_ORGANIZER, run=page.work.progress.run_id, now=page.now)
    else:
        decide_in_scope(page, link)


def _blocked(page: Page, link: Link) -> None:
    """Park a write that would mail people whom the settings don't let us mail."""
    park(link, "invitation-blocked", detail="Writing it would mail the meeting's guests.", now=page.now)
    decide(link, Reason.INVITATION_BLOCKED, run=page.work.progress.run_id, now=page.now)
    page.work.progress.count("parked")


def _deletion(page: Page, link: Link, record: Record) -> Sending | None:
    mails = mailed_by_delete(viewed(link).graph_had)
    if mails and not page.may_mail(record):
        _blocked(page, link)
        return None
    attempt = Attempt(page.now, AttemptKind.DELETE, generation=link.generation)
    link.attempt, link.due_at = attempt.document(), page.now
    call = page.work.words.delete(str(link.item_id), etag=link.etag)
    return Sending(link.id, record.record_id, Deletion(), call, Kind.DELETIONS, mails)


def _owed(page: Page, link: Link, record: Record) -> Sending | None:
    work, shape = page.work, page.shape_of(link)
    page.keep_guests_out(link, shape)
    view = viewed(link)
    if not work.listening(page.access.get(record.record_id)).accepts:
        page.release(link, BY_POLICY)
    held = holding.held_from(record.held, link.connection_id)
    write = in_steps(shape, record.doc, view, held=held)
    if isinstance(write, Nothing):
        _nothing_owed(page, link)
        return None
    mails = mailed_by(write, view.graph_had)
    if mails and not page.may_mail(record):
        write, mails = owed(without(shape, unwritten=silent(shape)), record.doc, view, held=held), ()
        if not isinstance(write, Update):
            _blocked(page, link)
            return None
    kind = Kind.CREATIONS if isinstance(write, Create) else None
    if isinstance(write, Update) and overwrites(shape, record.doc, view, write):
        kind = Kind.CLEARS
    attempt = attempted(write, view, at=page.now, generation=link.generation)
    link.attempt, link.due_at = attempt.document(), page.now
    if isinstance(write, Create):
        url = record_url(work.workspace.record_url_template, record)
        call = work.words.create(work.folder, write.payload, mark=mark(link), url=url)
        return Sending(link.id, record.record_id, write, call, kind, mails)
    call = work.words.update(str(link.item_id), write.payload, etag=link.etag)
    series = of_occurrences(work, link, record.doc, write, view)
    series = series or of_online_meeting(work, link, write, view) or of_checklist(work, link, write, view)
    return Sending(link.id, record.record_id, write, call, kind, mails, series)
