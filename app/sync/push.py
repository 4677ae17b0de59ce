"""Push: write to a folder until it holds our records, twenty at a time.

What is owed is worked out afresh for each batch, under the records' locks; the attempt is committed before
anything is sent, the note after it is answered. Safe to repeat and to kill at any point.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import structlog

from app.errors import Interruption, Throttled, Unavailable
from app.graph.batch import Answer, Call, failed
from app.graph.calls import create_contact, delete_contact, update_contact
from app.graph.protocol import EtagMismatch, FolderGone, GraphError, NotFound, OutcomeUnknown
from app.models import Link, Record
from app.records.link import Attempt, AttemptKind, LinkState
from app.records.reasons import Reason
from app.sync import holding
from app.sync.adopt import mark
from app.sync.breaker import Kind
from app.sync.clearing import overwrites
from app.sync.container import folder_gone
from app.sync.decisions import decide
from app.sync.gate import Gate, follows
from app.sync.join import match_wanted
from app.sync.links import Links
from app.sync.open_conflicts import BY_POLICY
from app.sync.page import (
    Page,
    Report,
    decide_in_scope,
    deleted,
    locked_page,
    receive,
    still_empties,
    want_again,
)
from app.sync.parked import park
from app.sync.policy import record_deleted, why_ended
from app.sync.projection import Create, Nothing, Update, attempted, owed
from app.sync.rescope import wake
from app.sync.settle import reread, settle
from app.sync.uniting import MERGED
from app.sync.work import Work, viewed

LONGEST_WAIT = timedelta(minutes=15)
FULL = frozenset({"errorquotaexceeded", "quotalimitreached"})
UNFIT = frozenset({"errorinvalidproperty", "errorinvalidpropertyset", "errorpropertyvalidationfailure"})
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Deletion:
    """The item is to go: its record went or left the scope, and the settings say that it follows."""


Owed = Create | Update | Deletion


@dataclass(frozen=True, slots=True)
class Sending:
    """One call under way, with the link it is for, what it writes and what the breaker counts it as."""

    link_id: str
    record_id: str
    write: Owed
    call: Call
    kind: Kind | None


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
        answers = await work.mailbox.batch([sending.call for sending in sendings])
    except Interruption as failure:
        answers, stopping = failed(failure, calls=len(sendings)), failure
    stopping = await _note(work, sendings, answers) or stopping
    if stopping is not None:
        raise stopping


async def _attempt(gate: Gate, links: Sequence[Link]) -> list[Sending]:
    """Decide what each link is owed and commit the attempts; what is owed nothing is due no more."""
    work = gate.work
    async with work.transaction() as session:
        page = await locked_page(work, session, _pairs(links))
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
    for kind in Kind:
        some = [sending for sending in sendings if sending.kind is kind]
        if some and not await gate.shut(page, kind, [page.links[each.link_id] for each in some]):
            passed += some
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
    except Exception as error:
        log.exception("link.failed", link=link.id)
        park(
            link, "failing", detail=f"It can't be worded for Outlook ({type(error).__name__}).", now=page.now
        )
        page.work.progress.count("parked")
        return None


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


def _deletion(page: Page, link: Link, record: Record) -> Sending:
    attempt = Attempt(page.now, AttemptKind.DELETE, generation=link.generation)
    link.attempt, link.due_at = attempt.document(), page.now
    call = delete_contact(str(link.item_id), etag=link.etag)
    return Sending(link.id, record.record_id, Deletion(), call, Kind.DELETIONS)


def _owed(page: Page, link: Link, record: Record) -> Sending | None:
    work, view = page.work, viewed(link)
    if not work.listening(page.access.get(record.record_id)).accepts:
        page.release(link, BY_POLICY)
    held = holding.held_from(record.held, link.connection_id)
    write = owed(work.shape, record.doc, view, held=held)
    if isinstance(write, Nothing):
        decide_in_scope(page, link)
        return None
    kind = Kind.CREATIONS if isinstance(write, Create) else None
    if isinstance(write, Update) and overwrites(work.shape, record.doc, view, write):
        kind = Kind.CLEARS
    attempt = attempted(write, view, at=page.now, generation=link.generation)
    link.attempt, link.due_at = attempt.document(), page.now
    if isinstance(write, Create):
        call = create_contact(work.folder, write.payload, mark=mark(link))
    else:
        call = update_contact(str(link.item_id), write.payload, etag=link.etag)
    return Sending(link.id, record.record_id, write, call, kind)


async def _note(work: Work, sendings: Sequence[Sending], answers: Sequence[Answer]) -> Interruption | None:
    """Commit what came of each call; return what stops the rest of this turn, if anything does."""
    results = {sending.link_id: (sending, answer) for sending, answer in zip(sendings, answers, strict=True)}
    stopping: Interruption | None = None
    stale: list[Link] = []
    async with work.transaction() as session:
        page = await locked_page(work, session, [(s.link_id, s.record_id) for s in sendings])
        for link in page.links.values():
            sending, answer = results[link.id]
            failure = answer.error()
            if failure is None:
                _done(page, link, sending, answer)
            elif isinstance(failure, Interruption):
                stopping = _postponed(page, link, failure) or stopping
            elif isinstance(failure, EtagMismatch):
                link.attempt = None
                stale.append(link)
            else:
                stopping = _refused(page, link, sending, failure) or stopping
        work.progress.advance(len(sendings))
        await page.close(own=page.links)
        await work.move(session)
    if stale:
        await reread(work, stale)
    return stopping


def _done(page: Page, link: Link, sending: Sending, answer: Answer) -> None:
    counts, record = page.work.progress, page.record_of(link)
    match sending.write:
        case Deletion():
            deleted(page, link)
            counts.count("to_microsoft.deleted")
            restorable = sending.record_id if record.deleted_because != MERGED else None
            counts.note("to_microsoft", Kind.DELETIONS, record_id=restorable)
            alive = record.deleted_at is None
            why = page.reason_of(link) if alive else why_ended(record.deleted_because)
            decide(link, why, run=counts.run_id, now=page.now)
            return
        case Create() as write:
            item = answer.result()
            link.item_id = item["id"]
            receive(page, Report(link.id, item, write=write))
            counts.count("to_microsoft.created")
            counts.note("to_microsoft", Kind.CREATIONS)
        case Update() as write:
            receive(page, Report(link.id, answer.result(), write=write))
            counts.count("to_microsoft.updated")
            if sending.kind is Kind.CLEARS:
                counts.note("to_microsoft", Kind.CLEARS)
    decide_in_scope(page, link)


def _postponed(page: Page, link: Link, failure: Interruption) -> Interruption | None:
    """Keep the attempt where its outcome is unknown; else it surely wasn't carried out and is tried again."""
    link.failures += 1
    backoff = min(timedelta(seconds=2**link.failures), LONGEST_WAIT)
    link.due_at = link.next_attempt_at = page.now + max(failure.after, backoff)
    reason = Reason.THROTTLED if isinstance(failure, Throttled) else Reason.RETRYING
    decide(link, reason, run=page.work.progress.run_id, now=page.now)
    if isinstance(failure, OutcomeUnknown):
        return None
    link.attempt = None
    return failure


def _refused(page: Page, link: Link, sending: Sending, failure: GraphError) -> Interruption | None:
    """Follow a no to this one write: the item is gone, the folder is gone, or the value is not to be had."""
    link.attempt, now = None, page.now
    if isinstance(failure, FolderGone):
        return folder_gone()
    if isinstance(failure, NotFound):
        if isinstance(sending.write, Deletion):
            deleted(page, link)
        elif isinstance(sending.write, Create):
            link.due_at = now
            return Unavailable("The folder was not found.", after=timedelta(seconds=1))
        else:
            link.gone_at, link.due_at = now, None
        return None
    slug, reason = refusal(failure)
    park(link, slug, detail=f"Microsoft answered {failure.status} {failure.code}.", now=now)
    decide(link, reason, run=page.work.progress.run_id, now=now, detail=failure.code)
    page.work.progress.count("parked")
    return None


def refusal(failure: GraphError) -> tuple[str, Reason]:
    """Return what a lasting no to one write is: the state of its link, and the reason."""
    code = failure.code.casefold()
    if failure.status == HTTPStatus.INSUFFICIENT_STORAGE or code in FULL:
        return "mailbox-full", Reason.MAILBOX_FULL
    if code in UNFIT:
        return "unsupported-value", Reason.UNSUPPORTED_VALUE
    return "refused-by-microsoft", Reason.REFUSED_BY_MICROSOFT
