"""Removals: only what is verified to be gone ends a link, and that hardly ever ends its record.

They gather until the collection was quiet for a moment. A look-up counts only beside a good answer for the
folder itself: a mailbox that answers nothing has deleted nothing.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from app.errors import Unavailable
from app.graph.batch import Answer
from app.graph.calls import read_contact
from app.graph.folders import Folder, deleted_among, folder_call
from app.graph.protocol import Document, FolderGone, ItemGone, NotFound
from app.models import Link
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.container import folder_gone
from app.sync.decisions import decide
from app.sync.ending import end_gone, verified
from app.sync.links import Gathered, Links
from app.sync.page import Page, Report, locked_page, receive
from app.sync.work import Work

A_PAGE = 1000
QUIET = timedelta(seconds=5)
LONGEST = timedelta(seconds=60)
AGAIN = timedelta(seconds=60)
ITEMS_A_BATCH = 19


class Fate(Enum):
    """What a look-up of a suspect found."""

    GONE = auto()
    ELSEWHERE = auto()
    HERE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A suspect's fate, with its body where it is still in the folder."""

    fate: Fate
    item: Document | None = None


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
            await _note(work, await _verified(work, part))
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


async def _verified(work: Work, suspects: Sequence[Link]) -> dict[str, Verdict]:
    reads = [read_contact(str(link.item_id)) for link in suspects]
    own, *answers = await work.mailbox.batch([folder_call(work.folder), *reads])
    if isinstance(own.error(missing=FolderGone), NotFound):
        raise folder_gone()
    above = Folder.parse(own.result()).parent_id
    parents = {parent for answer in answers if (parent := _parent(answer))} - {work.folder}
    deleted = await deleted_among(work.mailbox, parents | ({above} if above else set()))
    if above in deleted:
        raise folder_gone()
    return {
        link.id: _verdict(answer, work.folder, deleted=deleted)
        for link, answer in zip(suspects, answers, strict=True)
    }


def _parent(answer: Answer) -> str | None:
    return None if answer.error() else answer.result().get("parentFolderId")


def _verdict(answer: Answer, folder: str, *, deleted: Container[str]) -> Verdict:
    """Read one look-up. Whatever isn't a clear word about this very item proves nothing."""
    error = answer.error()
    if error is not None:
        return Verdict(Fate.GONE if isinstance(error, ItemGone) else Fate.UNKNOWN)
    parent = _parent(answer)
    if parent in deleted:
        return Verdict(Fate.GONE)
    return Verdict(Fate.HERE, answer.result()) if parent == folder else Verdict(Fate.ELSEWHERE)


async def _note(work: Work, verdicts: Mapping[str, Verdict]) -> None:
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
            _found(page, link, verdicts[link.id], others=others)
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
        decide(link, Reason.MOVED_OUT, run=page.work.progress.run_id, now=page.now)
    else:
        verified(page, link, others=others)
