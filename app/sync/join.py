"""Join items and records: link who is already there on both sides, import the rest, and never guess."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Unavailable
from app.graph.contacts import parse
from app.ids import new_id
from app.models import Link, Match
from app.records import Fields
from app.records.contact import match_keys
from app.records.link import LinkState
from app.sync.bulk import update_many
from app.sync.candidates import Candidates
from app.sync.importing import import_items, let_in
from app.sync.links import Links
from app.sync.matching import Matches, Review, match
from app.sync.page import Report, locked_page, receive
from app.sync.reach import survey
from app.sync.spread import spread
from app.sync.work import Work

A_PAGE = 200


async def join(work: Work) -> None:
    """Match what the round left unmatched; the first time, against every record of the user.

    The collection counts as matched only when all of it was: until then nothing is pushed.
    """
    first = work.collection.matched_at is None
    async with work.transaction() as session:
        items = {link.id: link for link in await _unmatched(session, work.collection.id)}
        if not items and not first:
            return
        keys = {link_id: list(match_keys(parse(link.graph_had or {}))) for link_id, link in items.items()}
        evidence = None if first and items else {key for held in keys.values() for key in held}
        records = await _records(work, session, evidence)
    matches = match(keys, {record_id: list(match_keys(doc)) for record_id, doc in records.items()})
    await _apply(work, items, matches)
    if first:
        async with work.transaction() as session:
            found = await survey(session, work.collection, work.scope, now=work.now)
            wanted = found.lacking if work.direction.sends else []
            await Links(session).insert(wanted)
            if work.progress.total is None and work.progress.run_id is not None:
                work.progress.total = work.progress.done + len(wanted)
            await work.move(session, matched_at=work.now)


async def match_wanted(work: Work, links: Sequence[Link]) -> None:
    """Before records are created in Outlook: link those whose item has been there all along."""
    wanted = [link for link in links if link.state == LinkState.WANTED and link.record_id is not None]
    async with work.transaction() as session:
        docs = await Candidates(session).documents([str(link.record_id) for link in wanted])
        keys = {record_id: list(match_keys(doc)) for record_id, doc in docs.items()}
        addresses = {_address(key) for held in keys.values() for key in held}
        found = (
            await Candidates(session).unmatched_items(work.collection.id, addresses=addresses)
            if addresses
            else []
        )
    if found:
        items = {link.id: link for link in found}
        held = {link.id: list(match_keys(parse(link.graph_had or {}))) for link in found}
        matches = match(held, keys)
        await _link(work, items, matches.links)
        await _review(work, items, matches.reviews)


def _address(key: str) -> str:
    return key.partition(":")[2]


async def _unmatched(session: AsyncSession, collection_id: str) -> list[Link]:
    found: list[Link] = []
    while part := await Links(session).in_state(
        collection_id, "unmatched", after=found[-1].id if found else "", limit=5000
    ):
        found += part
    return [link for link in found if link.held_by is None]


async def _records(work: Work, session: AsyncSession, keys: set[str] | None) -> dict[str, Fields]:
    addresses = None if keys is None else {_address(key) for key in keys}
    if addresses is not None and not addresses:
        return {}
    return await Candidates(session).records(
        user=work.connection.user, connection_id=work.connection.id,
        entity=work.collection.entity, addresses=addresses,
    )  # fmt: skip


async def _apply(work: Work, items: Mapping[str, Link], matches: Matches) -> None:
    await _link(work, items, matches.links)
    await _review(work, items, matches.reviews)
    waiting = {item for review in matches.reviews for item in review.items}
    new = [link for link in items.values() if link.id not in matches.links and link.id not in waiting]
    if work.direction.hears and work.settings.import_new:
        new = list(await let_in(work, new))
        for start in range(0, len(new), A_PAGE):
            await _import(work, new[start : start + A_PAGE])


async def _link(work: Work, items: Mapping[str, Link], pairs: Mapping[str, str]) -> None:
    """Give matched items their records; both sides' blanks are filled from the other."""
    chosen = list(pairs.items())
    for start in range(0, len(chosen), A_PAGE):
        part = dict(chosen[start : start + A_PAGE])
        async with work.transaction() as session:
            await Links(session).drop_wanted(work.connection.id, list(part.values()))
            await Links(session).give(part)
            page = await locked_page(work, session, list(part.items()))
            for link_id in part:
                link = page.links[link_id]
                if link.state != "unmatched":
                    raise Unavailable("An item was matched meanwhile.", after=timedelta(0))
                body = {**(items[link_id].graph_had or {}), "@odata.etag": link.etag}
                link.graph_had, link.graph_means = None, {}
                receive(page, Report(link_id, body))
            work.progress.count("linked", len(part))
            await page.close(own=page.links)
            await work.move(session)


async def _review(work: Work, items: Mapping[str, Link], reviews: Sequence[Review]) -> None:
    """Let a person decide: neither the items nor the records in doubt are created on the other side."""
    for review in reviews:
        async with work.transaction() as session:
            await Links(session).drop_wanted(work.connection.id, list(review.records))
            await Links(session).move(Link.id.in_(review.items), state=LinkState.IN_REVIEW.value, due_at=None)
            await Links(session).insert([_held(work, record_id) for record_id in review.records])
            for link_id in review.items:
                session.add(_match_row(work, items[link_id], review))
            work.progress.count("in_review", len(review.items))
            await session.flush()
            await work.move(session)


def _held(work: Work, record_id: str) -> dict[str, Any]:
    now = work.now
    return {
        "id": new_id("lnk", now), "connection_id": work.connection.id, "entity": work.collection.entity,
        "collection_id": work.collection.id, "record_id": record_id, "role": "main", "born": "crm",
        "state": LinkState.IN_REVIEW.value, "generation": 1, "graph_means": {}, "shape": 0, "seen_round": 0,
        "failures": 0, "created_at": now, "updated_at": now,
    }  # fmt: skip


def _match_row(work: Work, link: Link, review: Review) -> Match:
    now = work.now
    return Match(
        workspace_id=work.lease.workspace, id=new_id("mat", now), connection_id=work.connection.id,
        entity=work.collection.entity, link_id=link.id, status="open", summary=parse(link.graph_had or {}),
        candidates=[{"record_id": record, "because": list(review.because)} for record in review.records],
        opened_at=now,
    )  # fmt: skip


async def _import(work: Work, links: Sequence[Link]) -> None:
    async with work.transaction() as session:
        become = await import_items(work, session, {link.id: link.graph_had or {} for link in links})
        workspace = work.lease.workspace
        rows = [{"workspace_id": workspace, "id": link_id, **row} for link_id, row in become.items()]
        await update_many(session, Link, rows)
        await spread(session, [row["record_id"] for row in rows], now=work.now, skip=become)
        await work.move(session)
