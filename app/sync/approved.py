"""Follow what was decided about a set of links that waited, by what holds now.

Without a decision (a run cancelled, a question expired) nothing is applied: each side keeps what it has.
Safe to kill: a link stops pointing to its run in the transaction that does what was decided.
"""

from collections.abc import Sequence

from app.models import Link, Run
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.approvals import COLLECTION_GONE, Approvals
from app.sync.breaker import Kind
from app.sync.decisions import decide
from app.sync.emptied import keep_values
from app.sync.ending import A_PAGE, end_page, follow
from app.sync.inbound import Room, crm_restores
from app.sync.links import Links
from app.sync.page import Page, locked_page
from app.sync.parked import park
from app.sync.policy import Happening
from app.sync.records import Records
from app.sync.work import Work


async def follow_decisions(work: Work) -> bool:
    """Do what was decided since the last turn; say whether all of it is done within this slice."""
    async with work.transaction() as session:
        await Approvals(session).expire(work.collection.id, now=work.now)
        decided = await Approvals(session).to_follow(work.collection.id, current=work.progress.run_id)
    for run in decided:
        if not await follow_run(work, run):
            return False
    return True


async def follow_run(work: Work, run: Run) -> bool:
    """Do what was decided about one run's links; say whether all of it is done within this slice."""
    while links := await _held(work, run):
        if work.out_of_time:
            return False
        await _follow(work, run, links)
    return True


async def _held(work: Work, run: Run) -> Sequence[Link]:
    async with work.transaction() as session:
        return await Links(session).held(run.id, limit=A_PAGE)


async def _follow(work: Work, run: Run, links: Sequence[Link]) -> None:
    asked = run.approval or {}
    decision = asked.get("decision") if run.status != "cancelled" else None
    kind = Kind.DELETIONS if asked["reason"] == COLLECTION_GONE else Kind(asked["reason"])
    if decision == "apply" and (kind, asked["side"]) != (Kind.DELETIONS, "crm"):
        await _release(work, run, kind, links)
    elif kind is Kind.INVITATIONS:
        await _unmailed(work, links)
    elif kind is Kind.CREATIONS:
        await _ignore(work, links)
    elif kind is Kind.CLEARS:
        back = decision == "put_back" and (asked["side"] == "microsoft" or work.direction.sends)
        await keep_values(work, run, links, put_back=back)
    elif asked["side"] == "microsoft":
        await _spare(work, run, links, put_back=decision == "put_back")
    else:
        await _end(work, run, links, decision=decision)


async def _end(work: Work, run: Run, links: Sequence[Link], *, decision: str | None) -> None:
    """Delete the records of what was deleted in Outlook, or keep them."""
    if decision == "apply":
        await end_page(work, links, held_by=run.id)
        return
    async with work.transaction() as session:
        page = await locked_page(work, session, [(link.id, str(link.record_id)) for link in links])
        for link in page.links.values():
            if link.held_by == run.id:
                follow(page, link, _kept(page, link, put_back=decision == "put_back"))
        await page.close(own=page.links)
        await work.move(session)


async def _release(work: Work, run: Run, kind: Kind, links: Sequence[Link]) -> None:
    """Let these be written after all: whatever is owed by now passes as if it had been paid for."""
    side = (run.approval or {})["side"]
    async with work.transaction() as session:
        await Links(session).move(
            Link.id.in_([link.id for link in links]), Link.held_by == run.id, held_by=None,
            due_at=work.now if side == "microsoft" else None,
        )  # fmt: skip
        mails = (run.approval or {})["would"].get("invitations")
        work.progress.note(f"to_{side}", kind, number=-(mails or len(links)))
        await work.move(session)


async def _unmailed(work: Work, links: Sequence[Link]) -> None:
    """Leave these as they are in Outlook: nobody wanted their guests to be mailed."""
    async with work.transaction() as session:
        for link in (await Links(session).locked(link.id for link in links)).values():
            link.held_by = None
            park(link, "invitation-blocked", detail="Somebody decided that nobody is mailed.", now=work.now)
            link.due_at = link.next_attempt_at = None
            decide(link, Reason.INVITATION_BLOCKED, run=work.progress.run_id, now=work.now)
        await work.move(session)


async def _ignore(work: Work, links: Sequence[Link]) -> None:
    """Leave on its side what was created there; it is not asked about again."""
    async with work.transaction() as session:
        for link in (await Links(session).locked(link.id for link in links)).values():
            link.held_by, link.due_at, link.state = None, None, LinkState.IGNORED.value
            decide(link, Reason.DECLINED, run=work.progress.run_id, now=work.now)
        await work.move(session)


async def _spare(work: Work, run: Run, links: Sequence[Link], *, put_back: bool) -> None:
    """Keep the items of what the CRM deleted, cut off; or bring their records back."""
    async with work.transaction() as session:
        records = await Records(session).locked([str(link.record_id) for link in links])
        outside = {each.record_id for each in records.values() if each.deleted_at is None}
        for record in records.values():
            if put_back and record.deleted_at is not None:
                await crm_restores(Room(session, record.entity, work.now), record)
        for link in (await Links(session).locked(link.id for link in links)).values():
            if link.held_by != run.id:
                continue
            link.held_by = None
            if link.record_id in outside:
                link.state, link.due_at = LinkState.SUSPENDED.value, work.now  # looked at once more
            elif records[str(link.record_id)].deleted_at is None:
                link.due_at = work.now
                decide(link, Reason.RESTORED, run=work.progress.run_id, now=work.now)
            else:
                link.state, link.due_at = LinkState.SEVERED.value, None
                decide(link, Reason.KEPT_AFTER_DELETE, run=work.progress.run_id, now=work.now)
        await work.move(session)


def _kept(page: Page, link: Link, *, put_back: bool) -> Happening:
    """Keep the record of an item that is gone, and make the item again where that was asked for."""
    if page.record_of(link).deleted_at is not None or not put_back:
        return Happening(LinkState.REMOVED_THERE, Reason.REMOVED_THERE)
    if not page.work.direction.sends:
        return Happening(LinkState.REMOVED_THERE, Reason.DIRECTION)
    return Happening(LinkState.WANTED, Reason.RESTORED, next_generation=True)
