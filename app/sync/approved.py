"""Follow what was decided about a set of links that waited, by what holds now.

Without a decision (a run cancelled, a question expired) nothing is applied: each side keeps what it has.
Safe to kill: a link stops pointing to its run in the transaction that does what was decided.
"""

from collections.abc import Sequence

from app.models import Link, Run
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.approvals import Approvals
from app.sync.ending import A_PAGE, end_page, follow
from app.sync.links import Links
from app.sync.page import Page, locked_page
from app.sync.policy import Happening
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
    decision = (run.approval or {}).get("decision") if run.status != "cancelled" else None
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


def _kept(page: Page, link: Link, *, put_back: bool) -> Happening:
    """Keep the record of an item that is gone, and make the item again where that was asked for."""
    if page.record_of(link).deleted_at is not None or not put_back:
        return Happening(LinkState.REMOVED_THERE, Reason.REMOVED_THERE)
    if not page.work.direction.sends:
        return Happening(LinkState.REMOVED_THERE, Reason.DIRECTION)
    return Happening(LinkState.WANTED, Reason.RESTORED, next_generation=True)
