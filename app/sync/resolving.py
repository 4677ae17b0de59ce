"""What a person decides of an item in review, and how it is followed.

The decision is noted at once; whoever holds the collection's lease follows it: only they may move its links.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import InvalidRequest
from app.models import Link, Match
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.candidates import Candidates
from app.sync.collections import Collections
from app.sync.decisions import decide
from app.sync.importing import import_links
from app.sync.linking import ignore_copies, link_items
from app.sync.links import Links
from app.sync.match_keys import forget_items
from app.sync.match_rows import MatchRows, candidates_of
from app.sync.records import Records
from app.sync.work import Work


@dataclass(frozen=True, slots=True)
class Choice:
    """One of three: link the item to this record, make a record of it, or leave it alone."""

    link: str | None = None
    create: bool = False
    ignore: bool = False

    def document(self) -> dict[str, Any]:
        """Return the choice as the match keeps it."""
        return {"link": self.link} if self.link is not None else {"create" if self.create else "ignore": True}


async def resolve(session: AsyncSession, match_id: str, choice: Choice, *, by: str, now: datetime) -> Match:
    """Note what a person chose of an open match, and ring for it to be followed."""
    matches = MatchRows(session)
    row = await matches.locked_open(match_id)
    if choice.link is not None:
        record = await Records(session).get(choice.link)
        if record is None or record.entity != row.entity or record.deleted_at is not None:
            wrong = f"There is no record {choice.link}: take the record_id of a candidate."
            raise InvalidRequest(errors=[{"pointer": "/link", "detail": wrong}])
    row.decision = choice.document()
    await matches.close([row], "resolved", by=by, now=now)
    Collections(session).ring([row.collection_id], now=now)
    return row


async def follow_decisions(work: Work) -> set[str]:
    """Do what persons decided since the last turn; return the records that were in question."""
    async with work.transaction() as session:
        rows = [
            row for row in await MatchRows(session).unsettled(work.collection.id) if row.status == "resolved"
        ]
    for row in rows:
        await _follow(work, row)
    return {candidate for row in rows for candidate in _about(row)}


def _about(row: Match) -> Sequence[str]:
    link = (row.decision or {}).get("link")
    return [*candidates_of(row), *([link] if link else [])]


async def _follow(work: Work, row: Match) -> None:
    """Follow one decision. Where its item or its record has gone meanwhile, the item is matched anew."""
    decision = row.decision or {}
    async with work.transaction() as session:
        found = {link.id: link for link in await Links(session).by_id([row.link_id])}
        link = found.get(row.link_id)
        target = decision.get("link")
        record = await Records(session).get(target) if target else None
        taken = (
            target in await Candidates(session).with_items(work.connection.id, [target]) if target else False
        )
    if link is not None and link.record_id is None:
        if target and taken:
            await ignore_copies(work, found)
        elif record is not None and record.deleted_at is None:
            await link_items(work, found, {link.id: record.record_id})
        else:
            await _alone(work, link, create=bool(decision.get("create")), ignore=bool(decision.get("ignore")))
    async with work.transaction() as session:
        await MatchRows(session).note_followed(row.id, now=work.now)
        await work.move(session)


async def _alone(work: Work, link: Link, *, create: bool, ignore: bool) -> None:
    """Make a record of an item, leave it alone for good, or let it be matched once more."""
    async with work.transaction() as session:
        if create:
            await import_links(work, session, [link])
        elif ignore:
            for each in (await Links(session).locked([link.id])).values():
                each.state, each.due_at, each.updated_at = LinkState.IGNORED.value, None, work.now
                decide(each, Reason.COPY_IGNORED, run=work.progress.run_id, now=work.now)
            forget_items(session, [link.id])
            await session.flush()
        else:
            await Links(session).move(Link.id == link.id, state="unmatched", due_at=work.now)
        await work.move(session)
