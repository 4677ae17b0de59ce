"""SQL of matches: items in review, what a person decided of them, and what the CRM hears of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import MatchClosed, MatchNotFound
from app.ids import new_id
from app.models import Link, Match, Record
from app.records import Fields
from app.sync.feed import News, announce
from app.sync.ownership import of_user
from app.sync.shown import moment

Json = dict[str, Any]
Closing = Literal["resolved", "obsolete"]
SUMMARY: Final = ("display_name", "given_name", "family_name", "company", "job_title", "emails", "phones")


class MatchRows:
    """The matches of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def unsettled(self, collection_id: str) -> Sequence[Match]:
        """Return what is open, or decided and not followed yet, the oldest first."""
        query = select(Match).where(
            Match.workspace_id == self.workspace,
            Match.collection_id == collection_id,
            Match.followed_at.is_(None),
        )
        return (await self.session.scalars(query.order_by(Match.id))).all()

    async def of_links(self, collection_id: str, link_ids: Collection[str]) -> dict[str, Match]:
        """Return the open matches of these items, locked, by link id. Links are locked before them."""
        query = select(Match).where(
            Match.workspace_id == self.workspace,
            Match.collection_id == collection_id,
            Match.link_id.in_(sorted(link_ids)),
            Match.followed_at.is_(None),
        )
        rows = await self.session.scalars(
            query.order_by(Match.id).with_for_update(), execution_options={"populate_existing": True}
        )
        return {row.link_id: row for row in rows if row.status == "open"}

    async def still_doubted(self, collection_id: str) -> set[str]:
        """Return the records that some open match of the collection may be about."""
        rows = await self.unsettled(collection_id)
        return {candidate for row in rows if row.status == "open" for candidate in candidates_of(row)}

    async def moved_since(self, rows: Sequence[Match]) -> set[str]:
        """Return the matches whose item is gone or due, or of which a candidate moved since we looked."""
        ids = {candidate for row in rows for candidate in candidates_of(row)}
        query = select(Record.record_id, Record.last_at).where(
            Record.workspace_id == self.workspace, Record.record_id.in_(sorted(ids))
        )
        last = {found.record_id: found.last_at for found in await self.session.execute(query)}
        links = select(Link.id).where(
            Link.workspace_id == self.workspace,
            Link.id.in_([row.link_id for row in rows]),
            Link.state == "in_review",
            Link.due_at.is_(None),
        )
        resting = set(await self.session.scalars(links))
        return {
            row.id
            for row in rows
            if row.link_id not in resting
            or any(each not in last or last[each] > row.looked_at for each in candidates_of(row))
        }

    async def page(
        self,
        *,
        after: str,
        limit: int,
        status: str | None = None,
        connection: str | None = None,
        entity: str | None = None,
        only_user: str | None = None,
    ) -> Sequence[Match]:
        """Return matches in the order they were opened."""
        query = select(Match).where(Match.workspace_id == self.workspace, Match.id > after)
        wanted = {Match.status: status, Match.connection_id: connection, Match.entity: entity}
        for column, value in wanted.items():
            if value is not None:
                query = query.where(column == value)
        if only_user is not None:
            query = query.where(of_user(Match.connection_id, user=only_user, workspace=self.workspace))
        return (await self.session.scalars(query.order_by(Match.id).limit(limit))).all()

    async def locked_open(self, match_id: str) -> Match:
        """Return an open match, locked. Raises MatchNotFound or MatchClosed."""
        query = select(Match).where(Match.workspace_id == self.workspace, Match.id == match_id)
        row = await self.session.scalar(
            query.with_for_update(), execution_options={"populate_existing": True}
        )
        if row is None:
            raise MatchNotFound(f"There is no match {match_id}.")
        if row.status != "open":
            raise MatchClosed(f"This match is {row.status} since {moment(row.resolved_at)}.")
        return row

    async def known(self, rows: Iterable[Match]) -> dict[str, Record]:
        """Return the candidates of these matches that live, by id."""
        ids = {candidate for row in rows for candidate in candidates_of(row)}
        query = select(Record).where(
            Record.workspace_id == self.workspace,
            Record.record_id.in_(sorted(ids)),
            Record.deleted_at.is_(None),
        )
        return {record.record_id: record for record in await self.session.scalars(query)} if ids else {}

    async def open(self, rows: Sequence[Match]) -> None:
        """Put items into review, and tell."""
        self.session.add_all(rows)
        await self._tell(rows, "opened")

    async def close(self, rows: Collection[Match], status: Closing, *, by: str, now: datetime) -> None:
        """Take items out of review, and tell."""
        for row in rows:
            row.status, row.resolved_at, row.resolved_by = status, now, by
            if status == "obsolete":
                row.followed_at = now
        await self._tell(rows, "resolved")

    async def note_followed(self, match_id: str, *, now: datetime) -> None:
        """Note that a decision was carried out."""
        query = update(Match).where(Match.workspace_id == self.workspace, Match.id == match_id)
        await self.session.execute(query.values(followed_at=now))

    async def _tell(self, rows: Collection[Match], verb: str) -> None:
        known = await self.known(rows)
        for row in rows:
            announce(self.session, News(
                type=f"match.{verb}", subject=row.id, at=row.resolved_at or row.opened_at, origin="concord",
                connection_id=row.connection_id, snapshot=shown_match(row, known),
            ))  # fmt: skip


def review_of(link: Link, *, summary: Fields, candidates: list[Json], now: datetime) -> Match:
    """Return the match of an item that a person is to decide on."""
    return Match(
        workspace_id=link.workspace_id, id=new_id("mat", now), connection_id=link.connection_id,
        entity=link.entity, collection_id=link.collection_id, link_id=link.id, status="open",
        summary=summary, candidates=candidates, opened_at=now, looked_at=now,
    )  # fmt: skip


def candidates_of(row: Match) -> list[str]:
    """Return the records that an item in review may be."""
    return [candidate["record_id"] for candidate in row.candidates]


def shown_match(row: Match, records: Mapping[str, Record], *, in_scope_only: bool = False) -> Json:
    """Return a match in the words of the API, without candidates that are gone; without others' if asked."""
    return {
        "id": row.id,
        "status": row.status,
        "connection": row.connection_id,
        "entity": row.entity,
        "item": summary(row.summary),
        "candidates": [
            {
                "record_id": record.record_id,
                "crm_id": record.crm_id,
                "summary": summary(record.doc),
                "because": candidate["because"],
                "in_scope": candidate.get("in_scope", True),
            }
            for candidate in row.candidates
            if (record := records.get(candidate["record_id"])) is not None
            and (candidate.get("in_scope", True) or not in_scope_only)
        ],
        "decision": row.decision,
        "opened_at": moment(row.opened_at),
        "resolved_at": moment(row.resolved_at),
        "resolved_by": row.resolved_by,
    }


def summary(doc: Fields) -> Json:
    """Return what tells a person who somebody is."""
    return {name: doc.get(name, [] if name in {"emails", "phones"} else None) for name in SUMMARY}
