"""Settle attempts whose end we never learned: a create, update or delete that was sent and not answered.

Nothing else is sent for such a link before. One empty look-up right after a time-out proves nothing, so an
ambiguous create is repeated at the earliest 60 seconds after its attempt and after two empty look-ups.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from app.graph.protocol import Document, NotFound
from app.graph.translation import find_marked
from app.models import Link
from app.records.link import Attempt, AttemptKind
from app.sync.adopt import Adoption, adopt, adoptions, mark, remove_doublets
from app.sync.clearing import Cleared
from app.sync.links import Links
from app.sync.occurrences import EXCEPTIONS
from app.sync.page import Page, Report, deleted, locked_page, receive
from app.sync.work import Work

PATIENCE = timedelta(seconds=60)
LOOKS = 2


def kind_of(link: Link) -> AttemptKind | None:
    """Return what stands unanswered on a link."""
    return Attempt.parse(link.attempt).kind if link.attempt else None


async def settle(work: Work, links: Sequence[Link]) -> None:
    """Find out what became of these links' attempts, as far as that can be known now."""
    creating = [link for link in links if kind_of(link) is AttemptKind.CREATE]
    if creating:
        await _settle_creates(work, creating)
    others = [link for link in links if kind_of(link) in {AttemptKind.UPDATE, AttemptKind.DELETE}]
    if others:
        await reread(work, others)


async def _settle_creates(work: Work, creating: Sequence[Link]) -> None:
    found = await find_marked(work.words, work.mailbox, work.folder, marks=[mark(link) for link in creating])
    items = {item["id"]: (label, item) for label, marked in found.items() for item in marked}
    adopted = await _whole(work, adoptions(creating, items))
    now = work.now
    async with work.transaction() as session:
        page = await locked_page(work, session, [(a.link_id, a.record_id) for a in adopted])
        for adoption in adopted:
            adopt(page, adoption)
        await page.close(own=page.links)
        missing = [link.id for link in creating if link.id not in page.links]
        for link in (await Links(session).locked(missing)).values():
            _look_again(link, now=now)
        await work.move(session)
    await remove_doublets(work, adopted)


async def _whole(work: Work, adopted: Sequence[Adoption]) -> Sequence[Adoption]:
    """Read adopted items one by one where a list leaves out what differs of a series: it is still owed."""
    if not adopted or EXCEPTIONS not in work.shape.parts:
        return adopted
    answers = await work.mailbox.batch([work.words.read(each.item_id) for each in adopted])
    read = {
        each.item_id: answer.result()
        for each, answer in zip(adopted, answers, strict=True)
        if answer.error() is None
    }
    await work.words.complete(work.mailbox, list(read.values()))
    return [replace(each, item=read.get(each.item_id, each.item)) for each in adopted]


def _look_again(link: Link, *, now: datetime) -> None:
    """Count an empty look-up. After two, the second late enough, the create surely never happened."""
    if link.attempt is None:
        return
    began, looks = Attempt.parse(link.attempt).at, link.attempt.get("looks", 0) + 1
    if looks >= LOOKS and now >= began + PATIENCE:
        link.attempt, link.due_at, link.next_attempt_at = None, now, None
    else:
        link.attempt = {**link.attempt, "looks": looks}
        link.due_at = link.next_attempt_at = max(began + PATIENCE, now + timedelta(seconds=1))


async def reread(work: Work, links: Sequence[Link], *, cleared: Cleared = Cleared.WAITS) -> None:
    """GET these links' items and receive them; one that isn't there is suspected gone."""
    held = [link for link in links if link.item_id is not None and link.record_id is not None]
    answers = await work.mailbox.batch([work.words.read(str(link.item_id)) for link in held])
    bodies: dict[str, Document] = {}
    missing: set[str] = set()
    for link, answer in zip(held, answers, strict=True):
        if isinstance(answer.error(), NotFound):
            missing.add(link.id)
        else:
            bodies[link.id] = answer.result()
    await work.words.complete(work.mailbox, list(bodies.values()))
    elsewhere = {each for each, body in bodies.items() if not work.is_here(body)}
    async with work.transaction() as session:
        page = await locked_page(work, session, [(link.id, str(link.record_id)) for link in held])
        for link in page.links.values():
            if cleared is not Cleared.WAITS:
                link.held_by = link.cleared_at = None
            if link.id in missing | elsewhere:
                _not_here(page, link)
            else:
                receive(page, Report(link.id, bodies[link.id], certain=True, cleared=cleared))
        await page.close(own=page.links)
        await work.move(session)


def _not_here(page: Page, link: Link) -> None:
    """End a delete of ours that took effect; what else isn't in the folder is verified as a removal."""
    if kind_of(link) is AttemptKind.DELETE:
        deleted(page, link)
    else:
        link.gone_at, link.attempt, link.due_at = link.gone_at or page.now, None, None
