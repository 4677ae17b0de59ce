"""The gate before every batch of a push: what is too much at once waits for somebody's word.

All that is due of a kind (deletions, creations, clears) is counted before the first of it is written. What
passes is not counted again.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Link, Record
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.approvals import Approvals
from app.sync.breaker import Kind
from app.sync.clearing import empties
from app.sync.decisions import decide
from app.sync.holding import held_from
from app.sync.links import Links
from app.sync.mirrors import as_shown_in
from app.sync.page import Page
from app.sync.policy import LeftScope, RemovedFromCrm, left_scope
from app.sync.questions import VERBS, Question, ask_about, samples_of, too_many
from app.sync.scoping import reason_of
from app.sync.sendings import Sending
from app.sync.uniting import MERGED
from app.sync.work import Work, viewed

LOOKED_AT_AGAIN: Final = timedelta(minutes=10)


@dataclass(slots=True)
class Gate:
    """How many of each kind may still be written unasked in this push."""

    work: Work
    passing: Counter[Kind] = field(default_factory=Counter)

    async def shut(self, page: Page, kind: Kind, links: Sequence[Link]) -> bool:
        """Say whether these must not be written now; if so, they and all others of the kind wait."""
        if self.passing[kind] >= len(links):
            self.passing[kind] -= len(links)
            return False
        session, collection = page.session, self.work.collection.id
        others = await self._due(session, kind, now=page.now, but={link.id for link in links})
        asked = await Approvals(session).open_on(collection, "microsoft")
        same = asked is not None and (asked.approval or {})["reason"] == kind
        held = (asked.total or 0) if asked is not None and same else 0
        pending = len(links) + len(others)
        if not await too_many(self.work, session, kind, side="microsoft", pending=pending + held):
            self.passing[kind] = len(others)
            return False
        if asked is None:
            await self._ask(session, kind, [*links, *others])
        else:
            for link in links:
                link.attempt, link.due_at = None, page.now + LOOKED_AT_AGAIN
        return True

    async def keeps_silent(self, page: Page, mailing: Sequence[Sending]) -> bool:
        """Say whether these would mail more people than may be mailed unasked; if so, they wait."""
        number = sum(len(sending.mails) for sending in mailing)
        asked = await Approvals(page.session).open_on(self.work.collection.id, "microsoft")
        same = asked is not None and (asked.approval or {})["reason"] == Kind.INVITATIONS
        pending = number + ((asked.total or 0) if asked is not None and same else 0)
        if not await too_many(self.work, page.session, Kind.INVITATIONS, side="microsoft", pending=pending):
            return False
        links = [page.links[sending.link_id] for sending in mailing]
        if asked is None:
            await self._ask(page.session, Kind.INVITATIONS, links, number=number)
        else:
            for link in links:
                link.attempt, link.due_at = None, page.now + LOOKED_AT_AGAIN
        return True

    async def _ask(
        self, session: AsyncSession, kind: Kind, links: Sequence[Link], *, number: int | None = None
    ) -> None:
        samples = await samples_of(session, links)
        question = Question(
            reason=kind,
            side="microsoft",
            verb=VERBS[kind],
            samples=samples,
            number=len(links) if number is None else number,
        )
        run = await ask_about(self.work, session, question)
        for link in links:
            link.held_by, link.attempt, link.due_at = run.id, None, None
            decide(link, Reason.AWAITING_APPROVAL, run=run.id, now=self.work.now)

    async def _due(
        self, session: AsyncSession, kind: Kind, *, now: datetime, but: Collection[str]
    ) -> list[Link]:
        """Return the other links of the collection that are due a write of this kind."""
        found = await Links(session).due_with_records(self.work.collection.id, now=now)
        fits = {Kind.DELETIONS: self._deletes, Kind.CREATIONS: _creates, Kind.CLEARS: self._clears}[kind]
        return [
            link
            for link, record in found
            if link.id not in but and fits(link, as_shown_in(self.work.collection.entity, record))
        ]

    def _deletes(self, link: Link, record: Record) -> bool:
        if link.state != LinkState.LINKED:
            return False
        if record.deleted_at is not None:
            return follows(record, self.work.settings.removed_from_crm) is RemovedFromCrm.DELETE
        reason = reason_of(self.work.scope, record, link)
        return reason is not Reason.IN_SCOPE and self._leaves(reason)

    def _leaves(self, reason: Reason) -> bool:
        settings = self.work.settings
        happening = left_scope(
            reason, attempt=None, direction=self.work.direction, setting=LeftScope(settings.left_scope),
            edited=False,
        )  # fmt: skip
        return happening.deletes_item

    def _clears(self, link: Link, record: Record) -> bool:
        if link.state != LinkState.LINKED or record.deleted_at is not None:
            return False
        if reason_of(self.work.scope, record, link) is not Reason.IN_SCOPE:
            return False
        held = held_from(record.held, link.connection_id)
        owners = record.extra.get("owners") or ()
        user = self.work.connection.user
        access = next((each["access"] for each in owners if each["user"] == user), None)
        shape = self.work.shape_for(viewed(link), record, self.work.part_in(record, access=access))
        return empties(shape, record.doc, viewed(link), held=held)


def _creates(link: Link, record: Record) -> bool:
    return link.state == LinkState.WANTED and record.deleted_at is None


def follows(record: Record, setting: str) -> RemovedFromCrm:
    """Return whether the item goes too: always where another item of the same person took its place."""
    return RemovedFromCrm.DELETE if record.deleted_because == MERGED else RemovedFromCrm(setting)
