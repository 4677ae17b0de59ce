"""What Microsoft answered to our writes, noted on their links: done, to be tried again, or refused."""

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus

from app.errors import Interruption, Throttled, Unavailable
from app.graph.batch import Answer
from app.graph.protocol import EtagMismatch, FolderGone, GraphError, NotFound, OutcomeUnknown
from app.models import Link
from app.records.reasons import Reason
from app.sync.breaker import Kind
from app.sync.container import folder_gone
from app.sync.decisions import decide
from app.sync.occurrences import answered
from app.sync.online_meetings import LOST
from app.sync.page import Page, Report, decide_in_scope, deleted, locked_page, receive
from app.sync.parked import park
from app.sync.policy import why_ended
from app.sync.projection import Create, Update
from app.sync.sendings import Deletion, Sending
from app.sync.settle import reread
from app.sync.uniting import MERGED
from app.sync.work import Work

LONGEST_WAIT = timedelta(minutes=15)
FULL = frozenset({"errorquotaexceeded", "quotalimitreached"})
UNFIT = frozenset(
    {
        "errorinvalidproperty",
        "errorinvalidpropertyset",
        "erroroccurrencecrossingboundary",
        "errorpropertyvalidationfailure",
        "timezonenotsupportedexception",
    }
)


async def note(work: Work, sendings: Sequence[Sending], answers: Sequence[Answer]) -> Interruption | None:
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
    if sending.mails:
        counts.count("invitations", len(sending.mails))
        counts.note("to_microsoft", Kind.INVITATIONS, number=len(sending.mails))
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
            item = answered(answer.result(), write, fresh=page.work.words.fresh)
            link.item_id = item["id"]
            receive(page, Report(link.id, item, write=write))
            counts.count("to_microsoft.created")
            counts.note("to_microsoft", Kind.CREATIONS)
        case Update() as write:
            item = answered(answer.result(), write, fresh=page.work.words.fresh)
            between = page.work.words.before_moving_on(item, write.fields)
            receive(page, Report(link.id, between or item, write=write))
            if between is not None and page.work.direction.hears:
                receive(page, Report(link.id, item))
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
    if _is_about_joining(sending, failure):
        reason = Reason.ONLINE_MEETING_UNAVAILABLE
    park(link, slug, detail=f"Microsoft answered {failure.status} {failure.code}.", now=now)
    decide(link, reason, run=page.work.progress.run_id, now=now, detail=failure.code)
    page.work.progress.count("parked")
    return None


def _is_about_joining(sending: Sending, failure: GraphError) -> bool:
    """Say whether a no concerns the online meeting: the account has none, or its block can't be made out."""
    wanted = not isinstance(sending.write, Deletion) and sending.write.fields.get("isOnlineMeeting")
    return failure.code == LOST or bool(wanted and failure.code.casefold() == "errorinvalidrequest")


def refusal(failure: GraphError) -> tuple[str, Reason]:
    """Return what a lasting no to one write is: the state of its link, and the reason."""
    code = failure.code.casefold()
    if failure.status == HTTPStatus.INSUFFICIENT_STORAGE or code in FULL:
        return "mailbox-full", Reason.MAILBOX_FULL
    if code in UNFIT:
        return "unsupported-value", Reason.UNSUPPORTED_VALUE
    return "refused-by-microsoft", Reason.REFUSED_BY_MICROSOFT
