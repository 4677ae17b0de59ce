"""Removals: only what is verified to be gone ends a link, and that hardly ever ends its record.

They gather until the collection was quiet for a moment. A look-up counts only beside a good answer for the
folder itself: a mailbox that answers nothing has deleted nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from app.errors import Unavailable
from app.models import Link
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.decisions import decide
from app.sync.ending import end_gone, verified
from app.sync.fates import ITEMS_A_BATCH, Fate, Verdict, look_up
from app.sync.links import Gathered, Links
from app.sync.page import Page, Report, locked_page, receive
from app.sync.stand_ins import StandIns, find_stand_ins, hand_over, make_way
from app.sync.work import Work

A_PAGE = 1000
QUIET = timedelta(seconds=5)
LONGEST = timedelta(seconds=60)
AGAIN = timedelta(seconds=60)


def ripe_at(gathered: Gathered) -> datetime | None:
    """Return when gathered removals are looked at: after a quiet moment, or once the first waited long."""
    if gathered.first is None or gathered.last is None:
        return None
    return min(gathered.last + QUIET, gathered.first + LONGEST)


async def remove(work: Work) -> datetime | None:
    """Verify and decide the removals that are ripe; return when the rest will be."""
    now = work.now
    async with work.transaction() as session:
        gathered = await Links(session).gathered(work.collection.id, now=now)
    ripe = ripe_at(gathered)
    if ripe is not None and ripe > now:
        return _soonest(ripe, gathered.again)
    while suspects := await _suspects(work, now=now):
        for start in range(0, len(suspects), ITEMS_A_BATCH):
            part = suspects[start : start + ITEMS_A_BATCH]
            verdicts = await look_up(work, part)
            stand_ins = await find_stand_ins(work, part, verdicts)
            await _note(work, {**verdicts, **stand_ins.doubtful()}, stand_ins)
            await hand_over(work, stand_ins)
            if work.out_of_time:
                return now
    await end_gone(work)
    return await next_removal(work)


async def next_removal(work: Work) -> datetime | None:
    """Return when removals are looked at next, also those that a write of ours came upon."""
    async with work.transaction() as session:
        gathered = await Links(session).gathered(work.collection.id, now=work.now)
    return _soonest(ripe_at(gathered), gathered.again)


async def _suspects(work: Work, *, now: datetime) -> Sequence[Link]:
    async with work.transaction() as session:
        return await Links(session).unverified(work.collection.id, now=now, limit=A_PAGE)


def _soonest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


async def _note(work: Work, verdicts: Mapping[str, Verdict], stand_ins: StandIns) -> None:
    """Follow what was found: only where a record would go with its item the end waits for all the others."""
    async with work.transaction() as session:
        links = await Links(session).by_id(verdicts)
        await Links(session).drop([link.id for link in links if _forgettable(link, verdicts)])
        for link in links:
            if link.record_id is None and not _forgettable(link, verdicts):
                link.gone_at = _suspected_until(verdicts[link.id], now=work.now)
        pairs = [(link.id, link.record_id) for link in links if link.record_id is not None]
        page = await locked_page(work, session, pairs)
        others = await Links(session).of_records(page.records)
        for link in page.links.values():
            if link.gone_at is None:
                raise Unavailable("A suspect was seen again meanwhile.", after=timedelta(0))
            if not make_way(page, link, stand_ins):
                _found(page, link, verdicts[link.id], others=others)
        await stand_ins.note(work, session)
        await page.close(own=page.links)
        await work.move(session)


def _forgettable(link: Link, verdicts: Mapping[str, Verdict]) -> bool:
    return link.record_id is None and verdicts[link.id].fate in {Fate.GONE, Fate.ELSEWHERE}


def _suspected_until(verdict: Verdict, *, now: datetime) -> datetime | None:
    """Return when a suspect is looked up again, if nobody could tell."""
    return now + AGAIN if verdict.fate is Fate.UNKNOWN else None


def _found(page: Page, link: Link, verdict: Verdict, *, others: Sequence[Link]) -> None:
    if verdict.item is not None:
        receive(page, Report(link.id, verdict.item, certain=True))
        return
    if verdict.fate is Fate.UNKNOWN:
        link.gone_at = _suspected_until(verdict, now=page.now)
        return
    link.due_at = None
    if verdict.fate is Fate.ELSEWHERE:
        link.state, link.gone_at = LinkState.MOVED_OUT.value, None
        link.held_by = link.cleared_at = None
        decide(link, Reason.MOVED_OUT, run=page.work.progress.run_id, now=page.now)
    else:
        verified(page, link, others=others)
