"""End links whose item is verified to be gone, under the breaker: their records hardly ever go with them.

A link that would take its record along is ``gone`` (verified, not yet decided) until all removals that came
with it are verified too. Then the breaker sees how many they are.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Link
from app.records.link import LinkState, Role
from app.records.reasons import Reason
from app.sync.approvals import COLLECTION_GONE, Approvals
from app.sync.breaker import Kind
from app.sync.decisions import decide
from app.sync.hub import delete_record
from app.sync.links import LIVE, Links
from app.sync.page import Page, locked_page, want_again
from app.sync.policy import Access, DeletedInMicrosoft, Direction, Happening, SharedDeletes, item_gone
from app.sync.projection import Update, owed
from app.sync.questions import Question, ask_about, samples_of, too_many
from app.sync.settle import kind_of
from app.sync.work import Work, viewed

A_PAGE = 200
UNDECIDED = frozenset({*LIVE, LinkState.GONE.value})


def verified(page: Page, link: Link, *, others: Sequence[Link]) -> None:
    """Follow the end of an item at once, unless its record goes with it: that waits for the breaker."""
    happening = happening_of(page, link, others=others)
    if happening.deletes_record:
        link.state, link.attempt, link.updated_at = LinkState.GONE.value, None, page.now
        link.held_by = link.cleared_at = None
    else:
        follow(page, link, happening)


async def end_gone(work: Work) -> None:
    """Delete the records whose items are gone, or ask first where they are too many at once."""
    async with work.transaction() as session:
        gone = await _undecided(session, work.collection.id)
        if not gone:
            return
        if await _stopped(work, session, gone):
            return
    for start in range(0, len(gone), A_PAGE):
        await end_page(work, gone[start : start + A_PAGE], held_by=None)


async def end_page(work: Work, links: Sequence[Link], *, held_by: str | None) -> None:
    """End these links by what holds now: what was seen again or edited since is decided anew."""
    async with work.transaction() as session:
        page = await locked_page(work, session, [(link.id, str(link.record_id)) for link in links])
        others = await Links(session).of_records(page.records)
        for link in page.links.values():
            if link.state == LinkState.GONE and link.held_by == held_by:
                happening = happening_of(page, link, others=others)
                follow(page, link, happening, approved=held_by is not None)
        await page.close(own=page.links)
        await work.move(session)


async def _undecided(session: AsyncSession, collection_id: str) -> list[Link]:
    found: list[Link] = []
    while part := await Links(session).in_state(
        collection_id, LinkState.GONE, after=found[-1].id if found else "", limit=5000
    ):
        found += part
    return [link for link in found if link.held_by is None and link.record_id is not None]


async def _stopped(work: Work, session: AsyncSession, gone: Sequence[Link]) -> bool:
    """Ask, where these are too many. While a question is open, what it holds counts as pending too."""
    asked = await Approvals(session).open_on(work.collection.id, "crm")
    same = asked is not None and (asked.approval or {})["reason"] in {Kind.DELETIONS, COLLECTION_GONE}
    held = (asked.total or 0) if asked is not None and same else 0
    if not await too_many(work, session, Kind.DELETIONS, side="crm", pending=len(gone) + held):
        return False
    if asked is None:
        await ask_about_the_gone(work, session, gone, reason=Kind.DELETIONS)
        await work.move(session)
    return True


async def ask_about_the_gone(
    work: Work, session: AsyncSession, gone: Sequence[Link], *, reason: str, deleting: int | None = None
) -> None:
    """Hold these links, and ask whether their records are to go."""
    samples = await samples_of(session, gone)
    run = await ask_about(
        work,
        session,
        Question(
            reason=reason, side="crm", verb="deleted", number=len(gone) if deleting is None else deleting,
            samples=samples,
        ),
    )  # fmt: skip
    for link in gone:
        link.held_by, link.state, link.due_at = run.id, LinkState.GONE.value, None
        decide(link, Reason.AWAITING_APPROVAL, run=run.id, now=work.now)
    await session.flush()


def happening_of(page: Page, link: Link, *, others: Sequence[Link]) -> Happening:
    """Return what follows from the end of a link's item, as things are now."""
    work, record = page.work, page.record_of(link)
    unsaid = isinstance(owed(page.shape_of(link), record.doc, viewed(link)), Update)
    in_scope = page.reason_of(link) is Reason.IN_SCOPE
    mirror = link.role == Role.MIRROR
    heard = work.direction is Direction.TWO_WAY and not mirror
    if unsaid and in_scope and record.deleted_at is None and heard:
        # The CRM edited what Outlook deleted meanwhile: an edit outlives a concurrent delete.
        return Happening(LinkState.WANTED, Reason.EDIT_OUTLIVED_DELETE, next_generation=True)
    organizes = viewed(link).graph_had.get("isOrganizer")
    live = [
        other
        for other in others
        if other.record_id == link.record_id
        and other.id != link.id
        and other.state in UNDECIDED
        and not (organizes and viewed(other).graph_had.get("isOrganizer") is False)
    ]
    access = page.access.get(record.record_id) if in_scope else None
    return item_gone(
        LinkState(link.state),
        attempt=kind_of(link),
        direction=work.direction,
        setting=DeletedInMicrosoft(
            "keep" if organizes is False or mirror else work.settings.deleted_in_microsoft
        ),
        access=Access(access) if access else None,
        other_live_links=len(live),
        record_lives=record.deleted_at is None,
        shared=SharedDeletes(work.workspace.rules.get("shared_deletes", SharedDeletes.LAST_COPY)),
    )


def follow(page: Page, link: Link, happening: Happening, *, approved: bool = False) -> None:
    """Let a link become what follows, and its record go where that is so."""
    work = page.work
    link.state, link.attempt, link.updated_at = happening.state.value, None, page.now
    link.gone_at = link.cleared_at = link.held_by = link.due_at = None
    page.release(link)
    if happening.next_generation:
        want_again(page, link)
    if happening.reason is not None:
        decide(link, happening.reason, run=work.progress.run_id, now=page.now)
    if happening.deletes_record:
        record = page.record_of(link)
        delete_record(
            page.session,
            record,
            reason="deleted_in_microsoft",
            connection_id=link.connection_id,
            now=page.now,
            told="approved" if approved else None,
        )
        page.moved.add(record.record_id)
        page.ended.add(record.record_id)
        work.progress.count("to_crm.deleted")
        work.progress.note("to_crm", Kind.DELETIONS, record_id=record.record_id, approved=approved)
