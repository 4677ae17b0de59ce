"""Take a rehearsal down: every write, change and link it comes to is a step of the plan.

Steps are stored as they come, a page at a time, so that a plan of any length takes little memory.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Boolean, Row, literal_column, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database, Scratch
from app.graph.batch import Call
from app.graph.translation import Translation
from app.graph.translations import translation
from app.models import Change, Connection, Link, Record, Run
from app.records.link import LinkState
from app.records.reasons import Reason
from app.records.types import RecordType, record_type
from app.sync.conflicts import Side
from app.sync.mails import mailed_by_call
from app.sync.plan import Doing, Standing, Step, moves, turned
from app.sync.plan_rows import PlanSteps
from app.sync.policy import why_ended
from app.sync.previews import Previews
from app.sync.progress import Progress
from app.sync.rehearsal_absent import absent, skipped
from app.sync.scope import Scope
from app.sync.verdict import Sync

A_PAGE: Final = 500
TOLD_EVERY: Final = 1.0
VERBS: Final[Mapping[str, Doing]] = {
    "created": Doing.CREATE, "updated": Doing.UPDATE, "deleted": Doing.DELETE,
}  # fmt: skip
METHODS: Final[Mapping[str, Doing]] = {
    "POST": Doing.CREATE, "PATCH": Doing.UPDATE, "DELETE": Doing.DELETE,
}  # fmt: skip
TOLD_ELSEWHERE: Final = {"deleted_in_microsoft": Reason.REMOVED_THERE}
WRITTEN_ANEW: Final = frozenset({Reason.EDIT_OUTLIVED_DELETE, Reason.RESTORED})

COUNTED: Final = text("""
SELECT coalesce(sum((counts ->> 'pulled')::int), 0), coalesce(sum((counts ->> 'conflicts')::int), 0) FROM runs
""")
EXISTED: Final = literal_column(
    "EXISTS (SELECT FROM records_at_outset AS before WHERE before.record_id = changes.record_id)", Boolean
)
TURNED: Final = text("""
SELECT l.id, l.state, l.record_id, l.item_id, l.graph_had, l.decision ->> 'code' AS code,
       o.state AS was_state, o.record_id AS was_record, o.decision ->> 'code' AS was_code,
       r.crm_id, r.doc, r.deleted_because, before.record_id IS NOT NULL AS existed
FROM links AS l
LEFT JOIN links_at_outset AS o ON o.id = l.id
LEFT JOIN records AS r ON r.workspace_id = :workspace AND r.record_id = l.record_id
LEFT JOIN records_at_outset AS before ON before.record_id = l.record_id
WHERE l.workspace_id = :workspace AND l.connection_id = :connection AND l.entity = :entity AND l.id > :after
  AND (l.state, l.record_id, l.decision) IS DISTINCT FROM (o.state, o.record_id, o.decision)
ORDER BY l.id LIMIT :limit
""")


@dataclass(slots=True)
class Script:
    """One plan being taken down, while the run that somebody waits for says how far it is."""

    db: Database
    scratch: Scratch
    run: Run
    connection: Connection
    progress: Progress | None = None
    question: dict[str, Any] | None = None
    place: int = 1
    tally: Counter[tuple[str, str]] = field(default_factory=Counter)
    written: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    told_at: float = 0.0
    pulled: int = 0
    mailed: int = 0
    conflicts: int = 0

    @property
    def words(self) -> Translation:
        """How the items of the run's entity are reached and worded."""
        return translation(self.run.entity)

    @property
    def type(self) -> RecordType:
        """What the records of the run's entity hold."""
        return record_type(self.run.entity)

    async def asked(self) -> None:
        """Say now and then how far the rehearsal is; raise PreviewEnded where nobody waits any more."""
        if time.monotonic() < self.told_at + TOLD_EVERY:
            return
        self.told_at = time.monotonic()
        async with self.db.transaction(self.run.workspace_id) as session:
            await Previews(session).goes_on(self.run.id, self.progress, now=clock.now())

    async def wrote(self, calls: Sequence[Call]) -> None:
        """Take down what would be written to the mailbox."""
        items = [call for call in calls if self.words.mark_of(call.body or {}) or self.words.item_of(call)]
        async with self.scratch.transaction(self.run.workspace_id) as session:
            known = await self._links_of(session, items)
        await self._add([self._written(call, known.get(self._subject(call))) for call in items])
        await self.asked()

    async def _links_of(
        self, session: AsyncSession, calls: Sequence[Call]
    ) -> dict[str, tuple[Link, Record | None]]:
        subjects = [self._subject(call) for call in calls]
        query = (
            select(Link, Record)
            .outerjoin(
                Record,
                (Record.workspace_id == self.run.workspace_id) & (Record.record_id == Link.record_id),
            )
            .where(
                Link.workspace_id == self.run.workspace_id,
                Link.connection_id == self.connection.id,
                or_(Link.id.in_(subjects), Link.item_id.in_(subjects)),
            )
        )
        found = [(link, record) for link, record in await session.execute(query)]
        return {name: pair for pair in found for name in (pair[0].id, pair[0].item_id) if name is not None}

    def _written(self, call: Call, known: tuple[Link, Record | None] | None) -> Step:
        doing = METHODS[call.method]
        had = (known[0].graph_had or {}) if known is not None else {}
        mails = mailed_by_call(call.method, dict(call.body or {}), had)
        self.mailed += len(mails)
        if known is None:
            # A second item that a repeated create of ours had made.
            return Step(step=doing, side=Side.MICROSOFT, because=Reason.DUPLICATE_ITEM)
        link, record = known
        if doing is not Doing.UPDATE:
            self.written.add(link.id)
        ended = record.deleted_because if record is not None and doing is Doing.DELETE else None
        because = why_ended(ended) if ended is not None else Reason.IN_SCOPE
        code = (link.decision or {}).get("code")
        return Step(
            step=doing, side=Side.MICROSOFT, because=code if code in WRITTEN_ANEW else because,
            record_id=link.record_id, crm_id=record.crm_id if record else None,
            title=self.type.title(record.doc if record else self.words.parse(had)),
            fields=self._moved(had, call.body) if call.body else [], mails=mails,
        )  # fmt: skip

    async def ends(self, *, without_import: Reason, resting: Reason) -> None:
        """Take down what the CRM would hear, and what would become of the links."""
        async with self.scratch.transaction(self.run.workspace_id) as session:
            self.pulled, self.conflicts = (await session.execute(COUNTED)).one()
            await self._told_to_the_crm(session)
            await self._turned(session, without_import=without_import, resting=resting)

    async def ends_with_absent(self, mailbox: Scope, sync: Sync) -> None:
        """Take down why records of the user stay out of the mailbox of which nothing else was told."""
        after = ""
        async with self.scratch.transaction(self.run.workspace_id) as session:
            while rows := await absent(session, self.connection, self.run.entity, after=after, limit=A_PAGE):
                await self._add(
                    [skipped(row, mailbox, sync) for row in rows if row.record_id not in self.told]
                )
                after = rows[-1].record_id

    async def _told_to_the_crm(self, session: AsyncSession) -> None:
        word, after = self.type.word, 0
        while True:
            query = select(Change, EXISTED).where(
                Change.workspace_id == self.run.workspace_id, Change.seq > after
            )
            changes = (await session.execute(query.order_by(Change.seq).limit(A_PAGE))).all()
            steps = []
            for change, existed in changes:
                kind, _, verb = change.type.partition(".")
                if kind == word and verb in VERBS:
                    title = self.type.title(change.snapshot)
                    steps.append(_told(change, VERBS[verb], title=title, existed=existed))
            await self._add(steps)
            if len(changes) < A_PAGE:
                return
            after = changes[-1][0].seq

    async def _turned(self, session: AsyncSession, *, without_import: Reason, resting: Reason) -> None:
        values: dict[str, Any] = {
            "workspace": self.run.workspace_id, "connection": self.connection.id,
            "entity": self.run.entity, "limit": A_PAGE, "after": "",
        }  # fmt: skip
        while rows := (await session.execute(TURNED, values)).all():
            found = (self._turn(row, without_import=without_import, resting=resting) for row in rows)
            await self._add([step for step in found if step is not None])
            values["after"] = rows[-1].id

    def _turn(self, row: Row[Any], *, without_import: Reason, resting: Reason) -> Step | None:
        doing = turned(
            Standing(row.was_state, row.was_record, row.was_code),
            Standing(row.state, row.record_id, row.code),
            existed=row.existed,
            written=row.id in self.written or row.deleted_because == "deleted_in_microsoft",
        )
        if doing is None:
            return None
        item_only = row.state == "unmatched" or (doing is Doing.REVIEW and row.item_id is not None)
        return Step(
            step=doing, side=Side.CRM if item_only else Side.MICROSOFT,
            because=_why(doing, row, without_import=without_import, resting=resting),
            record_id=row.record_id, crm_id=row.crm_id,
            title=self.type.title(
                row.doc if row.doc is not None else self.words.parse(row.graph_had or {})
            ),
        )  # fmt: skip

    def _subject(self, call: Call) -> str:
        """Return the link that a create is for, or the item that another write is about."""
        mark = self.words.mark_of(call.body or {})
        return mark.rpartition(".")[0] if mark else str(self.words.item_of(call))

    def _moved(self, had: Mapping[str, Any], body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the fields of an item that a write moves."""
        before, after = self.words.parse({**had}), self.words.parse({**had, **self.words.had(body)})
        return moves(self.type.worded(before), self.type.worded(after))

    async def _add(self, steps: Sequence[Step]) -> None:
        if not steps:
            return
        async with self.db.transaction(self.run.workspace_id) as session:
            await PlanSteps(session).add(self.run.id, steps, first=self.place, now=clock.now())
        self.place += len(steps)
        self.tally.update((step.step, step.side) for step in steps)
        self.told |= {step.record_id for step in steps if step.side is Side.MICROSOFT and step.record_id}


def _told(change: Change, doing: Doing, *, title: str | None, existed: bool) -> Step:
    after = {name: change.snapshot.get(name) for name in change.changed}
    moved = moves(change.previous, after) if doing is not Doing.DELETE else []
    because = TOLD_ELSEWHERE.get(change.reason or "", change.reason or Reason.IN_SCOPE)
    return Step(
        step=doing, side=Side.CRM, because=because, record_id=change.record_id if existed else None,
        crm_id=change.crm_id,
        title=title, fields=moved,
    )  # fmt: skip


def _why(doing: Doing, row: Row[Any], *, without_import: Reason, resting: Reason) -> str:
    if doing is Doing.LINK:
        return Reason.IN_SCOPE
    if doing is Doing.REVIEW:
        return Reason.MATCH_OPEN
    if row.state == "unmatched":
        return without_import
    if row.code not in {None, row.was_code, Reason.IN_SCOPE}:
        return str(row.code)
    return {LinkState.MOVED_OUT: Reason.MOVED_OUT, LinkState.SUSPENDED: resting}.get(
        row.state, Reason.REMOVED_THERE
    )
