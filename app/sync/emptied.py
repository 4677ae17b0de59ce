"""Items that their user emptied: heard once it is clear that they are few, or that somebody meant it.

A report that empties a record is not merged but remembered (``cleared_at``), the link's bases unmoved. At the
end of the turn all of them are counted; then each is read again and taken over, or the set waits.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Link, Record, Run
from app.records import Fields
from app.records.link import LinkState, Role
from app.records.reasons import Reason
from app.sync.approvals import Approvals
from app.sync.breaker import Kind
from app.sync.clearing import Cleared, against, apart
from app.sync.conflict_rows import Conflicts
from app.sync.conflicts import UNSTAMPED, Conflict, Kept, Side, Stamp
from app.sync.decisions import decide
from app.sync.holding import held_from
from app.sync.hub import return_values
from app.sync.links import Links
from app.sync.page import Page, locked_page
from app.sync.projection import Nothing, owed
from app.sync.questions import Question, ask_about, samples_of, too_many
from app.sync.settle import reread
from app.sync.work import Work, viewed

A_PAGE = 20


async def take_over(work: Work) -> bool:
    """Take over what was emptied in Outlook, or ask first; say whether it is done within this slice."""
    async with work.transaction() as session:
        cleared = await Links(session).cleared(work.collection.id)
        if not cleared or await _stopped(work, session, cleared):
            return True
    for start in range(0, len(cleared), A_PAGE):
        if work.out_of_time:
            return False
        await reread(work, cleared[start : start + A_PAGE], cleared=Cleared.TAKEN)
    return True


async def _stopped(work: Work, session: AsyncSession, cleared: Sequence[Link]) -> bool:
    """Ask, where these are too many. While a question is open, what it holds counts as pending too."""
    asked = await Approvals(session).open_on(work.collection.id, "crm")
    same = asked is not None and (asked.approval or {})["reason"] == Kind.CLEARS
    held = (asked.total or 0) if asked is not None and same else 0
    if not await too_many(work, session, Kind.CLEARS, side="crm", pending=len(cleared) + held):
        return False
    if asked is None:
        samples = await samples_of(session, cleared)
        question = Question(
            reason=Kind.CLEARS, side="crm", verb="updated", number=len(cleared), samples=samples
        )
        run = await ask_about(work, session, question)
        for link in cleared:
            link.held_by, link.due_at = run.id, None
            decide(link, Reason.AWAITING_APPROVAL, run=run.id, now=work.now)
        await session.flush()
        await work.move(session)
    return True


async def keep_values(work: Work, run: Run, links: Sequence[Link], *, put_back: bool) -> None:
    """Let the old values return where that was decided; without a word each side keeps what it has."""
    if (run.approval or {})["side"] == "microsoft":
        await _keep_items(work, run, links, put_back=put_back)
        return
    await reread(work, links, cleared=Cleared.PUT_BACK if put_back else Cleared.LEFT)
    async with work.transaction() as session:
        await Links(session).move(
            Link.id.in_([link.id for link in links]), Link.held_by == run.id, held_by=None, cleared_at=None
        )
        await work.move(session)


async def _keep_items(work: Work, run: Run, links: Sequence[Link], *, put_back: bool) -> None:
    """Write nothing of what the CRM emptied: its record is filled again, or both sides stay as they are."""
    async with work.transaction() as session:
        page = await locked_page(work, session, [(link.id, str(link.record_id)) for link in links])
        for link in page.links.values():
            if link.held_by == run.id:
                link.held_by, link.due_at = None, page.now
                _keep_item(page, link, put_back=put_back)
        await page.close(own=())
        await work.move(session)


def _keep_item(page: Page, link: Link, *, put_back: bool) -> None:
    record, shape, view = page.record_of(link), page.shape_of(link), viewed(link)
    values = against(shape, record.doc, view, held=held_from(record.held, link.connection_id))
    if record.deleted_at is not None or link.state != LinkState.LINKED or not values:
        return
    if put_back and link.role == Role.MAIN:
        _keep_both(page, link, record, values)
        return_values(page.session, record, values, connection_id=link.connection_id, now=page.now)
        page.moved.add(record.record_id)
        page.work.progress.count("to_crm.updated")
        decide(link, Reason.RESTORED, run=page.work.progress.run_id, now=page.now)
    else:
        view = apart(shape, record.doc, view, values)
        link.graph_means = view.graph_means
        link.due_at = None if isinstance(owed(shape, record.doc, view), Nothing) else page.now
        decide(link, Reason.DECLINED, run=page.work.progress.run_id, now=page.now)


def _keep_both(page: Page, link: Link, record: Record, values: Fields) -> None:
    """List what the CRM had written over a value that returns."""
    theirs = Stamp(page.now, Side.MICROSOFT, link.connection_id)
    for name, value in values.items():
        if written := record.doc.get(name):
            stamp = record.field_at.get(name)
            ours = Stamp.parse(stamp) if stamp else UNSTAMPED
            conflict = Conflict(name, value, written, value, Kept.THEIRS, ours, theirs)
            Conflicts(page.session).add_settled(
                record, conflict, reporter=Side.MICROSOFT, connection_id=link.connection_id, now=page.now
            )
