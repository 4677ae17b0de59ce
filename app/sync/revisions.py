"""SQL of revisions: the steps of a record, and how much of them the CRM has come to know."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Record
from app.records import Fields, patch
from app.records.patch import document_at
from app.sync.bulk import encode
from app.sync.copies import CrmView, applied

PRESUME_APPLIED: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Told:
    """A step of a record with what became of telling the CRM; both None where there was nothing to tell."""

    step: patch.Revision
    delivered_at: datetime | None
    acked_at: datetime | None


@dataclass(frozen=True, slots=True)
class History:
    """The steps of a record that the CRM may not have taken yet, oldest first.

    ``settle`` is how long a message of the CRM may be under way.
    """

    steps: Sequence[Told] = ()
    settle: timedelta = timedelta(0)

    @property
    def revisions(self) -> list[patch.Revision]:
        return [told.step for told in self.steps]

    def unheard_edits(self, record: Record) -> list[Told]:
        """Return the steps of mailboxes that the CRM can't know of."""
        heard = self.heard(record)
        return [told for told in self.steps if told.step.number > heard and told.step.told]

    def heard(self, record: Record) -> int:
        """Return the last revision that was delivered, acknowledged, or shown by the CRM itself."""
        came = [number for number, _ in came_to(record)]
        return max([record.crm_revision, *came, *(t.step.number for t in self.steps if t.delivered_at)])

    def applied_up_to(self, record: Record, *, now: datetime) -> int:
        """Return the revision that the CRM is known to have applied, late messages included.

        Known by an ack, or by a PUT that showed it, once it has settled. A delivery alone counts after an
        hour, unless a PUT since then still showed an older value.
        """
        came = [number for number, at in came_to(record) if at + self.settle <= now]
        acked = [t.step.number for t in self.steps if t.acked_at and t.acked_at + self.settle <= now]
        presumed = [
            t.step.number
            for t in self.steps
            if t.delivered_at
            and t.delivered_at + PRESUME_APPLIED <= now
            and not (record.crm_put_at and record.crm_put_at > t.delivered_at)
        ]
        return max([record.crm_revision, *came, *acked, *presumed])

    def before(self, number: int, record: Record) -> Fields | None:
        """Return the document at an earlier revision, or None where its steps aren't all known."""
        later = [step for step in self.revisions if step.number > number]
        if number > record.revision or len(later) != record.revision - number:
            return None
        return document_at(record.doc, later, number)


NOTHING: Final = History()


def came_to(record: Record) -> list[tuple[int, datetime]]:
    """Return the revisions that writes of the CRM have shown it to hold, each with the time."""
    return [(number, datetime.fromisoformat(at)) for number, at in record.offers.get("came", ())]


def note_came_to(record: Record, number: int, *, now: datetime) -> bool:
    """Note that the CRM holds this revision; say whether that was news. An early note isn't replaced."""
    known = came_to(record)
    if number <= max([record.crm_revision, *(known_number for known_number, _ in known)]):
        return False
    kept = [*record.offers.get("came", ())[-9:], [number, now.isoformat()]]
    record.offers = {**record.offers, "came": kept}
    return True


def settled(record: Record, history: History, *, now: datetime) -> History:
    """Move ``crm_had`` on to what the CRM has applied for certain; return the steps it may not have taken."""
    up_to = history.applied_up_to(record, now=now)
    if up_to <= record.crm_revision:
        return history
    record.crm_had = applied(crm_view(record, history), up_to=up_to)
    record.crm_revision = up_to
    came = [[number, at] for number, at in record.offers.get("came", ()) if number > up_to]
    record.offers = {
        **{k: v for k, v in record.offers.items() if k != "came"},
        **({"came": came} if came else {}),
    }
    return History([told for told in history.steps if told.step.number > up_to], history.settle)


def crm_view(record: Record, history: History) -> CrmView:
    """Return what the pure core is to know of the CRM's copy."""
    steps = [step for step in history.revisions if step.number > record.crm_revision]
    heard = history.heard(record)
    return CrmView(record.crm_had, steps, record.revision, heard, history.settle, record.crm_updated_at)


class Revisions:
    """The revisions of the transaction's workspace; ``Records.write`` writes them."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def since(self, numbers: Mapping[str, int]) -> dict[str, History]:
        """Return, by record id, the steps after the number given, each with how far its change has come."""
        if not numbers:
            return {}
        wanted = encode([{"record_id": record, "after": number} for record, number in numbers.items()])
        rows = await self.session.execute(SINCE, {"workspace": self.workspace, "wanted": wanted})
        steps: dict[str, list[Told]] = defaultdict(list)
        settle = timedelta(0)
        for row in rows:
            steps[row.record_id].append(_told(row))
            settle = timedelta(seconds=row.settle or 0)
        return {record_id: History(found, settle) for record_id, found in steps.items()}


def _told(row: Any) -> Told:
    step = patch.Revision(row.revision, row.origin, row.patch, row.previous, row.at, told=row.told)
    return Told(step, row.delivered_at, row.acked_at)


SINCE: Final = text("""
SELECT (SELECT settle_seconds FROM workspaces WHERE id = :workspace) AS settle,
       r.record_id, r.revision, r.origin, r.patch, r.previous, r.at,
       max(c.delivered_at) AS delivered_at, max(c.acked_at) AS acked_at, count(c.seq) > 0 AS told
FROM jsonb_to_recordset(CAST(:wanted AS jsonb)) AS w(record_id text, after integer)
JOIN revisions AS r ON r.workspace_id = :workspace AND r.record_id = w.record_id AND r.revision > w.after
LEFT JOIN changes AS c ON c.workspace_id = :workspace AND c.record_id = r.record_id
                      AND c.revision = r.revision AND c.subject = r.record_id
GROUP BY r.workspace_id, r.record_id, r.revision
ORDER BY r.record_id, r.revision
""")
