"""Join items and records: link who is already there on both sides, import the rest, and never guess."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.models import Link
from app.records.evidence import Evidence, kind_of
from app.records.link import LinkState, Role
from app.sync.candidates import Candidates, Circle, evidence_of_items, mailbox_of
from app.sync.importing import import_links, imports, let_in
from app.sync.linking import ignore_copies, link_items
from app.sync.links import Links
from app.sync.marked import leave_copies
from app.sync.match_keys import keys_of
from app.sync.matching import NOBODY, Matches, match
from app.sync.meetings import join_meetings
from app.sync.reach import survey
from app.sync.resolving import follow_decisions
from app.sync.resting import awake
from app.sync.reviews import Doubt, close, open_reviews, release, to_look_at
from app.sync.work import Work

A_PAGE = 200
NO_DOUBTS: Final[Mapping[str, Collection[str]]] = {}
WITHOUT_RECORD = frozenset({"unmatched", LinkState.IN_REVIEW})


async def join(work: Work) -> None:
    """Match what the round left unmatched, and look again at reviews whose evidence moved.

    The collection counts as matched only when all of it was: until then nothing is pushed.
    """
    first = work.collection.matched_at is None
    touched = await follow_decisions(work)
    again, doubted = await to_look_at(work, touched)
    items = {link.id: link for link in [*await _newcomers(work, first=first), *again]}
    met = await join_meetings(work, items)
    met |= await leave_copies(work, items)
    items = {link_id: link for link_id, link in items.items() if link_id not in met}
    if items:
        await _apply(work, await _matched(work, items, doubted=doubted), importing=True)
    await release(work)
    if first:
        async with work.transaction() as session:
            found = await survey(session, work.collection, work.scope, now=work.now)
            wanted = found.lacking if work.direction.sends else []
            await Links(session).insert(wanted)
            if work.progress.total is None and work.progress.run_id is not None:
                work.progress.total = work.progress.done + len(wanted)
            await work.move(session, matched_at=work.now)


async def match_wanted(work: Work, links: Sequence[Link]) -> Sequence[Link]:
    """Before records are created in Outlook: link those whose item has been there all along.

    Return those links that there still are: one whose record got an item made way for the item's.
    """
    wanted = [
        link.record_id
        for link in links
        if link.state == LinkState.WANTED and link.record_id is not None and link.role == Role.MAIN
    ]
    if not wanted:
        return links
    async with work.transaction() as session:
        docs = await Candidates(session).documents(wanted)
        found = await Candidates(session).items(mailbox_of(work), keys_of(work.type, docs.values()))
    if not found:
        return links
    await _apply(work, await _matched(work, found, besides=wanted), importing=False)
    async with work.transaction() as session:
        return await Links(session).by_id(link.id for link in links)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a match came to, with everybody it looked at.

    ``asked`` are the items it was made for, ``doubted`` the records that those in review were doubted about.
    """

    matches: Matches
    items: Mapping[str, Link]
    evidence: Mapping[str, Evidence]
    circle: Circle
    asked: Collection[str]
    doubted: Mapping[str, Collection[str]]


async def _newcomers(work: Work, *, first: bool) -> list[Link]:
    """Return items that were not matched since they last changed; all of them where they may be imported."""
    due_only = not first and not imports(work) and work.direction.sends
    found: list[Link] = []
    async with work.transaction() as session:
        while part := await Links(session).unmatched(
            work.collection.id, due_only=due_only, after=found[-1].id if found else "", limit=5000
        ):
            found += part
    return await awake(work, [link for link in found if link.held_by is None])


async def _matched(
    work: Work,
    items: Mapping[str, Link],
    *,
    besides: Collection[str] = (),
    doubted: Mapping[str, Collection[str]] = NO_DOUBTS,
) -> Outcome:
    """Match items with whoever their keys reach, and with the other items that those reach."""
    mailbox = mailbox_of(work)
    async with work.transaction() as session:
        candidates = Candidates(session)
        keys = keys_of(work.type, (work.words.parse(link.graph_had or {}) for link in items.values()))
        circle = await candidates.circle(mailbox, keys, besides=besides)
        everybody = await candidates.items(
            mailbox, keys | keys_of(work.type, (circle.docs[each] for each in circle.free))
        )
    everybody.update(items)
    evidence = evidence_of_items(everybody, region=mailbox.region)
    beyond = circle.beyond if imports(work) else NOBODY
    matches = match(evidence, circle.free, taken=circle.taken, beyond=beyond)
    return Outcome(matches, everybody, evidence, circle, frozenset(items), doubted)


async def _apply(work: Work, outcome: Outcome, *, importing: bool) -> None:
    """Carry a match out. Where nothing may be imported, who is new is left for later."""
    matches, items = outcome.matches, outcome.items
    await link_items(work, items, matches.links)
    await ignore_copies(work, {item: items[item] for item in matches.ignored})
    doubts = _doubts(work, outcome)
    await open_reviews(work, items, doubts, free=outcome.circle.free)
    if not importing:
        return
    waiting = {*matches.links, *matches.ignored, *(doubt.item for doubt in doubts)}
    new = [items[item] for item in outcome.asked if item not in waiting]
    let = list(await let_in(work, new)) if imports(work) else new
    if len(let) < len(new):
        await _rest(work, new)
    for start in range(0, len(let), A_PAGE):
        await _settle_new(work, let[start : start + A_PAGE])


def _doubts(work: Work, outcome: Outcome) -> list[Doubt]:
    """Return what is left to a person; what isn't imported, only if there is a record to link it to."""
    matches, circle = outcome.matches, outcome.circle
    doubts = [
        Doubt(item, review.records, review.because, beyond=frozenset(circle.beyond))
        for review in matches.reviews
        if imports(work) or any(record in circle.free for record in review.records)
        for item in review.items
    ]
    settled = {*matches.links, *matches.ignored, *(doubt.item for doubt in doubts)}
    return doubts + [
        Doubt(item, tuple(still), tuple(sorted({kind for kinds in still.values() for kind in kinds})))
        for item, before in outcome.doubted.items()
        if item not in settled and (still := _still(outcome, item, before))
    ]


def _still(outcome: Outcome, item: str, before: Collection[str]) -> dict[str, set[str]]:
    """Return the records that an item in review still has evidence in common with, although they are linked.

    What a person decides of one item isn't taken for a decision on the next.
    """
    keys = set(outcome.evidence[item].keys)
    common = {
        record: {kind_of(key) for key in keys.intersection(outcome.circle.taken[record].keys)}
        for record in before
        if record in outcome.circle.taken
    }
    return {record: kinds for record, kinds in common.items() if kinds}


async def _rest(work: Work, links: Sequence[Link]) -> None:
    """Let items rest that somebody is asked about: they are too many at once."""
    async with work.transaction() as session:
        await Links(session).move(Link.id.in_([link.id for link in links]), due_at=None)
        await work.move(session)


async def _settle_new(work: Work, links: Sequence[Link]) -> None:
    """Make records of items that are nobody else's, or let them rest where nothing is imported."""
    ids = [link.id for link in links]
    async with work.transaction() as session:
        if imports(work):
            await import_links(work, session, links)
        else:
            await Links(session).move(Link.id.in_(ids), state="unmatched", due_at=None)
        await close(work, session, ids)
        await work.move(session)
