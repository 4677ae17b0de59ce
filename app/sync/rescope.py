"""Links whose record left the scope of a mailbox, or came back into it.

Where a direction sends, push looks at each due link. Where it only hears, this is who looks; a change of the
settings, or a hint that got lost, is seen by the audit, for the whole mailbox at once.
"""

from collections.abc import Iterable, Sequence

from app.models import Link
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.links import Links
from app.sync.page import Page, locked_page
from app.sync.reach import Outline, survey
from app.sync.resting import wake_resting
from app.sync.settle import reread
from app.sync.work import Work

A_PAGE = 200


async def rescope(work: Work) -> None:
    """Look at the links that are due in a direction that sends nothing: they leave, return, or wait."""
    while not work.out_of_time:
        async with work.transaction() as session:
            due = await Links(session).due(work.collection.id, now=work.now, limit=A_PAGE)
        if not due:
            return
        resting = [link for link in due if link.state == LinkState.SUSPENDED]
        await rest(work, _pairs(link for link in due if link not in resting))
        await wake(work, resting)


async def rescope_all(work: Work) -> None:
    """Hold every link of the collection against the settings as they are now, and make what is lacking."""
    await wake_resting(work)
    async with work.transaction() as session:
        found = await survey(session, work.collection, work.scope, now=work.now)
        await Links(session).insert(found.lacking if work.direction.sends else [])
        await Links(session).set_due(found.returning, now=work.now)
        await work.move(session)
    for start in range(0, len(found.leaving), A_PAGE):
        await rest(work, _pairs(found.leaving[start : start + A_PAGE]))


async def rest(work: Work, pairs: Sequence[tuple[str, str]]) -> None:
    """Let those of these links rest whose record is out of scope; what else they are owed is for push."""
    async with work.transaction() as session:
        page = await locked_page(work, session, pairs)
        for link in page.links.values():
            link.due_at = page.now if work.direction.sends else None
            alive = page.record_of(link).deleted_at is None
            if link.state == LinkState.LINKED and alive and page.reason_of(link) is not Reason.IN_SCOPE:
                page.leave(link, page.reason_of(link))
        await page.close(own=page.links)
        await work.move(session)


async def wake(work: Work, links: Sequence[Link]) -> None:
    """Look at links that rest: those whose record is in scope again are read before anything is written."""
    async with work.transaction() as session:
        page = await locked_page(work, session, _pairs(links))
        for link in page.links.values():
            link.due_at = None
        back = [link for link in page.links.values() if link.item_id is not None and _is_back(page, link)]
        await page.close(own=page.links)
        await work.move(session)
    if back:
        await reread(work, back)


def _is_back(page: Page, link: Link) -> bool:
    if page.record_of(link).deleted_at is not None:
        return False
    reason = page.reason_of(link)
    if reason is not Reason.IN_SCOPE:
        page.leave(link, reason)
    return reason is Reason.IN_SCOPE


def _pairs(links: Iterable[Link | Outline]) -> list[tuple[str, str]]:
    return [(link.id, link.record_id) for link in links if link.record_id is not None]
