"""Pull: what changed in a folder since the last round, page by page.

A page is one look at its links, one ordered lock, a merge in memory and one write together with the
position. The next page is fetched while this one is stored.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy.exc import InterfaceError
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Interruption
from app.graph import delta
from app.graph.protocol import DeltaExpired, Document, GraphError, NotFound
from app.graph.translation import read_marked
from app.ids import new_id
from app.models import Link
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.adopt import Adoption, adopt, adoptions, remove_doublets
from app.sync.collections import Collections
from app.sync.importing import import_items, nobody_to_match
from app.sync.links import Links
from app.sync.marked import came_back
from app.sync.match_keys import note_item
from app.sync.page import Report, locked_page, receive
from app.sync.reconcile import needs_rereading
from app.sync.resting import put_to_rest
from app.sync.spread import spread
from app.sync.switch import restart_round
from app.sync.unreadable import set_aside
from app.sync.work import Work, viewed

log = structlog.get_logger()
HEARD = frozenset(
    {LinkState.LINKED, LinkState.SUSPENDED, LinkState.MOVED_OUT, LinkState.REMOVED_THERE, LinkState.GONE}
)
LIVE_HERE = frozenset(
    {LinkState.LINKED, "unmatched", LinkState.IN_REVIEW, LinkState.IGNORED, LinkState.SEVERED}
)
SHOWN_UNMATCHED = frozenset({"unmatched", LinkState.IN_REVIEW})


async def pull(work: Work) -> bool:
    """Follow the delta to the end of its round; say whether it got there within this slice.

    Raises FolderGone. A token that expired begins a full round: nothing is deleted by its silence alone.
    """
    while True:
        try:
            return await _round(work)
        except DeltaExpired:
            await _start_over(work)


async def _round(work: Work) -> bool:
    collection = work.collection
    if collection.round_full and collection.position is None:
        async with work.transaction() as session:
            await work.move(session, round_started_at=work.now)
    fetching = _fetch(work, collection.position or collection.delta_link)
    try:
        while True:
            page = await fetching
            last = work.out_of_time or page.next_link is None
            if not last:
                fetching = _fetch(work, page.next_link)
            await _take(work, page)
            if page.delta_link is not None:
                return True
            if last:
                return False
    finally:
        fetching.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await fetching


def _fetch(work: Work, link: str | None) -> asyncio.Task[delta.Page]:
    return asyncio.create_task(
        work.words.delta(work.mailbox, work.folder, link, window=work.window, known=work.hydrated)
    )


async def _start_over(work: Work) -> None:
    async with work.transaction() as session:
        collection = await Collections(session).get(work.collection.id)
        assert collection is not None  # noqa: S101  its lease is ours
        await restart_round(session, collection)
        await work.move(session, round_started_at=work.now)
    work.collection = collection


@dataclass(frozen=True, slots=True)
class Seen:
    """The rows of a page, sorted by what we know of them."""

    known: Mapping[str, Link]
    rows: Mapping[str, Document]
    removed: Sequence[str]
    adopted: Sequence[Adoption]
    reread: frozenset[str]

    def unknown(self) -> list[Document]:
        """Return items that no link knows and none of our own creates made."""
        ours = {adoption.item_id for adoption in self.adopted}
        ours |= {copy["id"] for adoption in self.adopted for copy in adoption.doublets()}
        return [
            row for item_id, row in self.rows.items() if item_id not in self.known and item_id not in ours
        ]


async def _take(work: Work, page: delta.Page) -> None:
    """Store a page with the position. What breaks it is looked for row by row, and set aside alone."""
    counts, done = deepcopy(work.progress.counts), work.progress.done
    try:
        await _store(work, page, **_position(work, page))
    except (Interruption, GraphError, OSError, InterfaceError):
        raise
    except Exception as error:
        log.exception("page.failed", collection=work.collection.id)
        if len(page.items) == 1:
            work.progress.start_again(counts, done=done)
            await set_aside(work, page.items[0], error)
            await _store(work, replace(page, items=[]), **_position(work, page))
            return
        work.progress.start_again(counts, done=done)
        for row in page.items:
            await _take(work, delta.Page([row], [], None, None))
        await _store(work, replace(page, items=[]), **_position(work, page))


async def _store(work: Work, page: delta.Page, **position: object) -> None:
    seen = await _sorted(work, page)
    shown = [*(row["id"] for row in page.items), *page.removed]
    await work.unseen.seen(work.collection.id, shown)
    async with work.transaction() as session:
        reports = [
            Report(link.id, seen.rows[item_id], certain=item_id in seen.reread)
            for item_id, link in seen.known.items()
            if item_id in seen.rows and link.record_id is not None and link.state in HEARD
        ]
        pairs = [(link.id, link.record_id) for link in seen.known.values() if link.record_id is not None]
        pairs = [pair for pair in pairs if pair[0] in {report.link_id for report in reports}]
        pairs += [(adoption.link_id, adoption.record_id) for adoption in seen.adopted]
        locked = await locked_page(work, session, pairs)
        for report in reports:
            receive(locked, report)
        for adoption in seen.adopted:
            adopt(locked, adoption)
        await locked.close(own=locked.links)
        await _keep_unmatched(work, session, seen)
        await _note_removed(work, session, seen)
        await _mark_seen(work, session, seen)
        work.progress.count("pulled", len(seen.rows))
        work.progress.advance(len(seen.rows))
        await work.move(session, **position)
    await remove_doublets(work, seen.adopted)


def _position(work: Work, page: delta.Page) -> dict[str, object]:
    """Return how far a page leads; a single row of one leads nowhere."""
    if page.delta_link is None and page.next_link is None:
        return {}
    if page.delta_link is None:
        return {"position": page.next_link}
    return {"position": None, "delta_link": page.delta_link, "pulled_at": work.now}


async def _sorted(work: Work, page: delta.Page) -> Seen:
    """Look the rows up, and ask Graph where a row alone can't be trusted; no transaction is open then."""
    rows = {row["id"]: row for row in page.items}
    async with work.transaction() as session:
        known = await Links(session).of_items(work.connection.id, [*rows, *page.removed])
        creating = await Links(session).creating(work.collection.id, now=work.now)
    fresh = {
        item_id: row
        for item_id, row in rows.items()
        if work.collection.round_full or item_id not in known or not _echo(known[item_id], row)
    }
    strangers = [row for item_id, row in fresh.items() if item_id not in known]
    known |= await came_back(work, strangers, removed=page.removed)
    unknown = [item_id for item_id in fresh if item_id not in known]
    adopted: list[Adoption] = []
    if creating and unknown:
        marked = await read_marked(work.words, work.mailbox, unknown)
        label = work.words.mark_of
        adopted = adoptions(creating, {item_id: (label(item), item) for item_id, item in marked.items()})
    reread, gone = await _reread(work, known, fresh)
    fresh |= reread
    return Seen(
        known,
        {item_id: row for item_id, row in fresh.items() if item_id not in gone},
        [*page.removed, *gone],
        adopted,
        frozenset(reread),
    )


def _echo(link: Link, row: Document) -> bool:
    """Say whether a row tells nothing new: the link lives, and we have received this very version."""
    return link.etag == row.get("@odata.etag") and link.state in LIVE_HERE and link.gone_at is None


async def _reread(
    work: Work, known: Mapping[str, Link], rows: Mapping[str, Document]
) -> tuple[dict[str, Document], set[str]]:
    """GET the items whose row may be older than what we know: they were edited, gone, or elsewhere since."""
    doubtful = [
        item_id for item_id, row in rows.items() if item_id in known and _doubtful(work, known[item_id], row)
    ]
    answers = await work.mailbox.batch([work.words.read(item) for item in doubtful]) if doubtful else []
    found: dict[str, Document] = {}
    gone: set[str] = set()
    for item_id, answer in zip(doubtful, answers, strict=True):
        if isinstance(answer.error(), NotFound) or not work.is_here(answer.result()):
            gone.add(item_id)
        else:
            found[item_id] = answer.result()
    await work.words.complete(work.mailbox, list(found.values()))
    return found, gone


def _doubtful(work: Work, link: Link, row: Document) -> bool:
    """Say whether a row alone proves too little: a replay must not bring back what has gone."""
    back = link.state in HEARD - LIVE_HERE - {LinkState.SUSPENDED}
    return back or (link.state in HEARD and needs_rereading(work.shape, viewed(link), work.had(row)))


async def _keep_unmatched(work: Work, session: AsyncSession, seen: Seen) -> None:
    """Keep items that no record knows yet as links without a record; the match comes after the round."""
    now, entity = work.now, work.collection.entity
    for item_id, link in seen.known.items():
        if item_id in seen.rows and _waits_for_its_match(link):
            row = seen.rows[item_id]
            link.graph_had, link.etag = work.had(row), row.get("@odata.etag")
            link.gone_at, link.updated_at = None, now
            link.due_at = now if link.held_by is None else None
            if link.state == LinkState.IGNORED:
                link.state = "unmatched"
            session.add(link)
            note_item(session, link.id, entity, link.graph_had)
    rows = {str(row["id"]): row for row in (_unmatched(work, item) for item in seen.unknown())}
    outside = {link_id: row for link_id, row in rows.items() if put_to_rest(work, row)}
    rows = {link_id: row for link_id, row in rows.items() if link_id not in outside}
    if rows and await nobody_to_match(work, session, number=len(rows)):
        wordings = {link_id: row["graph_had"] for link_id, row in rows.items()}
        become = await import_items(work, session, wordings, matched=False)
        rows = {link_id: row | become.get(link_id, {}) for link_id, row in rows.items()}
    for link_id, row in rows.items():
        if row["record_id"] is None:
            note_item(session, link_id, entity, row["graph_had"])
    for link_id, row in outside.items():
        note_item(session, link_id, entity, row["graph_had"], rests=True)
    await Links(session).insert([*rows.values(), *outside.values()])
    born = [row["record_id"] for row in rows.values() if row["record_id"] is not None]
    await spread(session, born, now=now, skip=rows)


def _waits_for_its_match(link: Link) -> bool:
    """Say whether what an item now says bears on who it is. A copy that was edited is a copy no more."""
    return link.record_id is None and (link.state in SHOWN_UNMATCHED or _is_copy(link))


def _is_copy(link: Link) -> bool:
    code = (link.decision or {}).get("code")
    return link.record_id is None and link.state == LinkState.IGNORED and code == Reason.DUPLICATE_ITEM


def _unmatched(work: Work, row: Document) -> dict[str, Any]:
    """Return the link of an item that nobody knows: as old as the item, and due for its match."""
    now = work.now
    return {
        "id": new_id("lnk", now), "connection_id": work.connection.id, "entity": work.collection.entity,
        "collection_id": work.collection.id, "record_id": None, "item_id": row["id"], "role": "main",
        "born": "microsoft", "state": "unmatched", "generation": 1, "etag": row.get("@odata.etag"),
        "graph_had": work.had(row), "graph_means": {}, "shape": work.shape.version,
        "seen_round": work.collection.round, "failures": 0, "due_at": now, "linked_at": None,
        "decision": None, "decisions": None,
        "created_at": row.get("createdDateTime") or now, "updated_at": now,
    }  # fmt: skip


async def _note_removed(work: Work, session: AsyncSession, seen: Seen) -> None:
    """Remember what was reported removed: it is verified later, and told from the echo of our own delete."""
    gone = [link for item_id in seen.removed if (link := seen.known.get(item_id)) is not None]
    forgotten = [link.id for link in gone if link.state == "unmatched" or _is_copy(link)]
    await Links(session).drop(forgotten)
    doubtful = [
        link.id for link in gone if link.state in {LinkState.LINKED, LinkState.SUSPENDED, LinkState.IN_REVIEW}
    ]
    await _set(session, doubtful, gone_at=work.now)


async def _mark_seen(work: Work, session: AsyncSession, seen: Seen) -> None:
    """In a full round remember what it showed: only what it didn't is suspected at its end."""
    if work.collection.round_full:
        shown = [link.id for item_id, link in seen.known.items() if item_id in seen.rows]
        await _set(session, shown, seen_round=work.collection.round, gone_at=None)


async def _set(session: AsyncSession, ids: Iterable[str], **values: object) -> None:
    wanted = list(ids)
    if wanted:
        await Links(session).move(Link.id.in_(wanted), **values)
