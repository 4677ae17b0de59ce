"""Stop and ask: what the breaker does not let pass is put to somebody as a run of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Link, Record, Run, Workspace
from app.records.types import record_type
from app.sync.approvals import PATIENCE, Json, Side, awaiting, text
from app.sync.breaker import WINDOW, Kind, Limits, Window, trips
from app.sync.effects import Effects
from app.sync.feed import News, announce
from app.sync.links import Links
from app.sync.records import Records
from app.sync.runs import AWAITING, Runs, no_counts, shown
from app.sync.work import Work

MOST_SAMPLES: Final = 10
VERBS: Final[Mapping[Kind, Literal["created", "updated", "deleted"]]] = {
    Kind.DELETIONS: "deleted",
    Kind.CREATIONS: "created",
    Kind.CLEARS: "updated",
    Kind.INVITATIONS: "updated",
}
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody is asked: how many are to be deleted, created or updated on a side, and why it waits."""

    reason: str
    side: Side
    verb: Literal["created", "updated", "deleted"]
    number: int
    samples: Sequence[Json] = ()

    def document(self, *, now: datetime) -> Json:
        """Return the question as the run shows it, open for seven days."""
        zeros = no_counts()
        would = {way: zeros[way] for way in ("to_crm", "to_microsoft")}
        if self.reason == Kind.INVITATIONS:
            would["invitations"] = self.number
        else:
            would[f"to_{self.side}"][self.verb] = self.number
        return {
            "reason": self.reason, "side": self.side, "as_of": text(now), "would": would,
            "samples": list(self.samples[:MOST_SAMPLES]),
            "expires_at": text(now + PATIENCE),
        }  # fmt: skip


def sample(record: Record | None = None, *, title: str | None = None) -> Json:
    """Return one of the set as a person recognises it; an item that is new has no record yet."""
    if record is None:
        return {"crm_id": None, "record_id": None, "title": title or ""}
    return {
        "crm_id": record.crm_id,
        "record_id": record.record_id,
        "title": record_type(record.entity).title(record.doc) or "",
    }


async def samples_of(session: AsyncSession, links: Sequence[Link]) -> list[Json]:
    """Return the first records of a set, as a person recognises them."""
    found = [await Records(session).get(str(link.record_id)) for link in links[:MOST_SAMPLES]]
    return [sample(record) for record in found if record is not None]


async def too_many(work: Work, session: AsyncSession, kind: Kind, *, side: Side, pending: int) -> bool:
    """Return whether so many more must not be done unasked. A rehearsal does all, and tells what is asked.

    As many as somebody saw in a preview, and then chose, are no surprise.
    """
    now, collection = work.now, work.collection.id
    live = 0 if kind is Kind.CREATIONS else await Links(session).lived(collection, since=now - WINDOW)
    done = await Effects(session).done(collection, side=side, kind=kind, since=now - WINDOW)
    stored = await session.scalar(select(Workspace.breaker).where(Workspace.id == work.lease.workspace))
    window, limits = Window(done=done, live=live), Limits.of(stored or {})
    if not trips(kind, pending=pending, window=window, limits=limits):
        return False
    if pending <= await _foreseen(work, session, kind, side=side):
        return False
    if not work.asks:
        question = Question(reason=kind, side=side, verb=VERBS[kind], number=pending)
        work.unasked.append(question.document(now=now))
    return work.asks


async def _foreseen(work: Work, session: AsyncSession, kind: Kind, *, side: Side) -> int:
    """Return how many are left, for a day, of those in the preview that the settings were chosen by."""
    seen = work.collection.approved
    if seen is None or (chosen_at := datetime.fromisoformat(seen["at"])) <= work.now - WINDOW:
        return 0
    done = await Effects(session).done(work.collection.id, side=side, kind=kind, since=chosen_at)
    counts = seen["counts"]
    shown = counts["invitations"] if kind is Kind.INVITATIONS else counts[f"to_{side}"][VERBS[kind]]
    return int(shown) - done


async def ask_about(work: Work, session: AsyncSession, question: Question) -> Run:
    """Open a question as a run of its own, and tell the CRM. Whoever asks has the links point to it."""
    now, collection = work.now, work.collection
    run = Runs(session).add(
        connection_id=collection.connection_id, collection_id=collection.id, entity=collection.entity,
        trigger=work.progress.trigger, direction="both", full=False, status=AWAITING, now=now,
        approval=question.document(now=now), total=question.number,
    )  # fmt: skip
    run.problem = awaiting(run)
    await session.flush()
    announce(
        session,
        News(
            type="run.awaiting_approval", subject=run.id, at=now, origin="concord",
            connection_id=run.connection_id, reason=question.reason, snapshot=shown(run, now=now),
        ),
    )  # fmt: skip
    log.warning(
        "breaker.tripped", run=run.id, reason=question.reason, side=question.side, number=question.number
    )
    return run
