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
from app.sync.hub import delete_record
from app.sync.links import LIVE, Links
from app.sync.page import Page, Report, locked_page, receive, want_again
from app.sync.policy import Access, DeletedInMicrosoft, Direction, Happening, SharedDeletes, item_gone
from app.sync.projection import Update, owed
from app.sync.settle import kind_of
from app.sync.work import Work, viewed

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


def ripe_at(suspects: Sequence[Link]) -> datetime | None:
    """Return when gathered removals are looked at: after a quiet moment, or once the first waited long."""
    moments = [link.gone_at for link in suspects if link.gone_at is not None]
    return min(max(moments) + QUIET, min(moments) + LONGEST) if moments else None


async def remove(work: Work) -> datetime | None:
    """Verify and decide the removals that are ripe; return when the rest will be."""
    now = work.now
    gathered, later = await _suspects(work)
    ripe = ripe_at(gathered)
    if ripe is not None and ripe > now:
        return min([ripe, *later])
    for start in range(0, len(gathered), ITEMS_A_BATCH):
        part = gathered[start : start + ITEMS_A_BATCH]
        verdicts = await _verified(work, part)
        await _decide(work, verdicts)
        later += [now + AGAIN for verdict in verdicts.values() if verdict.fate is Fate.UNKNOWN]
    return min(later, default=None)


async def next_removal(work: Work) -> datetime | None:
    """Return when removals are looked at next, also those that a write of ours came upon."""
    gathered, later = await _suspects(work)
    ripe = ripe_at(gathered)
    return min([*later, *([ripe] if ripe else [])], default=None)


async def _suspects(work: Work) -> tuple[list[Link], list[datetime]]:
    """Return the links to verify, and when those that nobody could tell of are looked up again."""
    now = work.now
    async with work.transaction() as session:
        suspects = await Links(session).gone(work.collection.id)
    gathered = [link for link in suspects if link.gone_at is not None and link.gone_at <= now]
    return gathered, [link.gone_at for link in suspects if link.gone_at is not None and link.gone_at > now]


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


async def _decide(work: Work, verdicts: Mapping[str, Verdict]) -> None:
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
            _end(page, link, verdicts[link.id], others=others)
        await page.close(own=page.links)
        await work.move(session)


def _forgettable(link: Link, verdicts: Mapping[str, Verdict]) -> bool:
    return link.record_id is None and verdicts[link.id].fate in {Fate.GONE, Fate.ELSEWHERE}


def _suspected_until(verdict: Verdict, *, now: datetime) -> datetime | None:
    """Return when a suspect is looked up again, if nobody could tell."""
    return now + AGAIN if verdict.fate is Fate.UNKNOWN else None


def _end(page: Page, link: Link, verdict: Verdict, *, others: Sequence[Link]) -> None:
    if verdict.item is not None:
        receive(page, Report(link.id, verdict.item, certain=True))
        return
    link.gone_at = _suspected_until(verdict, now=page.now)
    if verdict.fate is Fate.UNKNOWN:
        return
    link.due_at = None
    if verdict.fate is Fate.ELSEWHERE:
        link.state = LinkState.MOVED_OUT.value
        decide(link, Reason.MOVED_OUT, run=page.work.progress.run_id, now=page.now)
        return
    _follow(page, link, _happening(page, link, others=others))


def _happening(page: Page, link: Link, *, others: Sequence[Link]) -> Happening:
    work, record = page.work, page.record_of(link)
    unsaid = isinstance(owed(work.shape, record.doc, viewed(link)), Update)
    if unsaid and record.deleted_at is None and work.direction is Direction.TWO_WAY:
        # The CRM edited what Outlook deleted meanwhile: an edit outlives a concurrent delete.
        return Happening(LinkState.WANTED, Reason.EDIT_OUTLIVED_DELETE, next_generation=True)
    live = [o for o in others if o.record_id == link.record_id and o.id != link.id and o.state in LIVE]
    access = page.access.get(record.record_id)
    return item_gone(
        LinkState(link.state),
        attempt=kind_of(link),
        direction=work.direction,
        setting=DeletedInMicrosoft(work.settings.deleted_in_microsoft),
        access=Access(access) if access else Access.VIEW_ONLY,
        other_live_links=len(live),
        record_lives=record.deleted_at is None,
        shared=SharedDeletes(work.workspace.rules.get("shared_deletes", SharedDeletes.LAST_COPY)),
    )


def _follow(page: Page, link: Link, happening: Happening) -> None:
    work = page.work
    link.state, link.attempt, link.updated_at = happening.state.value, None, page.now
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
        )
        page.moved.add(record.record_id)
        work.progress.count("to_crm.deleted")
