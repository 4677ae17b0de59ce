"""A copy stands in for an item that was deleted: whoever deletes one of two equal items still has the other.

The link that ended makes way, the copy is one that waits for its record, and is given it as any matched item
is. Were we killed in between, the next match finds the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Link
from app.records.evidence import Evidence
from app.records.link import AttemptKind, LinkState, Role
from app.records.reasons import Reason
from app.sync.candidates import Candidates, evidence_of_items, mailbox_of
from app.sync.decisions import decide
from app.sync.doubles import doubles_of
from app.sync.ending import follow
from app.sync.fates import ITEMS_A_BATCH, Fate, Verdict, look_up
from app.sync.linking import link_items
from app.sync.links import Links
from app.sync.match_keys import keys_of, note_item
from app.sync.matching import stand_ins
from app.sync.page import Page
from app.sync.policy import Happening
from app.sync.settle import kind_of
from app.sync.work import Work

Base = tuple[dict[str, Any], dict[str, Any]]


@dataclass(slots=True)
class StandIns:
    """Which copy stands in for which link whose item is gone; ``unsure`` are links whose copy nobody saw.

    ``pairs`` are copies with the records they are given, ``bases`` what was agreed before.
    """

    copies: dict[str, Link] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    items: dict[str, Link] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)
    bases: dict[str, Base] = field(default_factory=dict)

    def doubtful(self) -> dict[str, Verdict]:
        """Return those whose fate is open, because nobody could tell whether their copy is there."""
        return dict.fromkeys(self.unsure, Verdict(Fate.UNKNOWN))

    async def note(self, work: Work, session: AsyncSession) -> None:
        """Let the copies whose place is free wait for their records, with what they hold now."""
        fresh = {copy.id: copy for copy in self.copies.values() if copy.id in self.pairs}
        for link_id, link in (await Links(session).locked(fresh)).items():
            if link.state != fresh[link_id].state or link.record_id != fresh[link_id].record_id:
                continue
            link.record_id = None
            link.graph_had, link.etag = fresh[link_id].graph_had, fresh[link_id].etag
            link.state, link.due_at, link.updated_at = "unmatched", work.now, work.now
            decide(link, Reason.RESTORED, run=work.progress.run_id, now=work.now)
            note_item(session, link_id, link.entity, link.graph_had)
            self.items[link_id] = link


async def find_stand_ins(work: Work, suspects: Sequence[Link], verdicts: Mapping[str, Verdict]) -> StandIns:
    """Look for copies of items that are gone, and look up whether those are there."""
    gone = {
        link.record_id: link for link in suspects
        if verdicts[link.id].fate is Fate.GONE and link.record_id is not None and _stood(link)
    }  # fmt: skip
    if not gone:
        return StandIns()
    async with work.transaction() as session:
        docs = await Candidates(session).documents(gone)
        wordings = [work.words.parse(link.graph_had or {}) for link in gone.values()]
        copies = await Candidates(session).copies(mailbox_of(work), [*docs.values(), *wordings])
        cut = await doubles_of(session, work.collection.id, docs)
    there, unsure = await _there(work, [*copies, *(link for link, _ in cut)])
    if not there:
        return StandIns()
    async with work.transaction() as session:
        keys = keys_of(work.type, (work.words.parse(link.graph_had or {}) for link in there.values()))
        circle = await Candidates(session).circle(mailbox_of(work), keys, besides=list(docs))
    everybody = {**circle.free, **circle.taken}
    ended = {record: everybody.pop(record) for record in docs if record in everybody}
    evidence = evidence_of_items(there, region=mailbox_of(work).region)
    found = StandIns()
    for copy, record in _pairs(
        evidence, ended, everybody, cut={link.id: record for link, record in cut}
    ).items():
        link = gone[record]
        if copy in unsure:
            found.unsure.add(link.id)
            continue
        found.copies[link.id] = there[copy]
        if evidence[copy].content == ended[record].content:
            found.bases[copy] = (link.graph_had or {}, link.graph_means)
    return found


def _pairs(
    copies: Mapping[str, Evidence],
    ended: Mapping[str, Evidence],
    others: Mapping[str, Evidence],
    *,
    cut: Mapping[str, str],
) -> dict[str, str]:
    """Pair items with the records they stand in for: those first that were cut off when two became one."""
    doubles: dict[str, str] = {}
    for item in copies:
        if item in cut and cut[item] not in doubles.values():
            doubles[item] = cut[item]
    alike = {item: evidence for item, evidence in copies.items() if item not in cut}
    left = {record: evidence for record, evidence in ended.items() if record not in doubles.values()}
    return {**doubles, **stand_ins(alike, left, others=others)}


def make_way(page: Page, link: Link, found: StandIns) -> bool:
    """End a link whose record has a stand-in and stays; say whether it was."""
    copy = found.copies.get(link.id)
    if copy is None or not _stood(link) or page.record_of(link).deleted_at is not None:
        return False
    follow(page, link, Happening(LinkState.REMOVED_THERE))
    found.pairs[copy.id] = str(link.record_id)
    return True


async def hand_over(work: Work, found: StandIns) -> None:
    """Give the copies the records they stand in for; an equal one also what was agreed before."""
    pairs = {copy: record for copy, record in found.pairs.items() if copy in found.items}
    await link_items(work, found.items, pairs, bases=found.bases)


def _stood(link: Link) -> bool:
    if link.role == Role.MIRROR:
        return False
    return link.state == LinkState.LINKED and kind_of(link) is not AttemptKind.DELETE


async def _there(work: Work, copies: Sequence[Link]) -> tuple[dict[str, Link], set[str]]:
    """Return the copies that are in the folder, as they are now, and which of them nobody could tell of."""
    there: dict[str, Link] = {}
    unsure: set[str] = set()
    for start in range(0, len(copies), ITEMS_A_BATCH):
        part = copies[start : start + ITEMS_A_BATCH]
        verdicts = await look_up(work, part)
        for link in part:
            verdict = verdicts[link.id]
            if verdict.item is not None:
                link.graph_had, link.etag = work.had(verdict.item), verdict.item.get("@odata.etag")
            elif verdict.fate is Fate.UNKNOWN:
                unsure.add(link.id)
            else:
                continue
            there[link.id] = link
    return there, unsure
