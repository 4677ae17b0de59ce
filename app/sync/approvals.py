"""Approvals: what would be too much to do unasked waits as a run of its own, over a fixed set of links.

The links of the set name the run in ``held_by`` and rest; everything else goes on syncing. A decision is
written down by whoever makes it, and followed by whoever holds the collection's lease (``approved.py``).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotAwaitingApproval
from app.models import Link, Run
from app.states import state
from app.sync.collections import Collections
from app.sync.runs import AWAITING, OPEN, Runs

Side = Literal["crm", "microsoft"]
Decision = Literal["apply", "put_back"]
Json = dict[str, Any]

PATIENCE: Final = timedelta(days=7)
COLLECTION_GONE: Final = "collection_gone"


class Approvals:
    """The runs of the transaction's workspace that somebody is, or was, asked about."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def open_of(self, collection_ids: Sequence[str]) -> Sequence[Run]:
        """Return the open questions of these collections, the oldest first."""
        query = select(Run).where(
            Run.workspace_id == self.workspace,
            Run.collection_id.in_(list(collection_ids)),
            Run.status == AWAITING,
        )
        return (await self.session.scalars(query.order_by(Run.id))).all()

    async def open_on(self, collection_id: str, side: Side) -> Run | None:
        """Return the one question that may be open about a side of a collection."""
        found = await self.open_of([collection_id])
        return next((run for run in found if (run.approval or {})["side"] == side), None)

    async def to_follow(self, collection_id: str, *, current: str | None) -> Sequence[Run]:
        """Return the runs that links still wait for although they are decided, or ended without a word."""
        holders = select(Link.held_by).where(
            Link.workspace_id == self.workspace,
            Link.collection_id == collection_id,
            Link.held_by.is_not(None),
        )
        query = select(Run).where(Run.workspace_id == self.workspace, Run.id.in_(holders.distinct()))
        runs = (await self.session.scalars(query.order_by(Run.id))).all()
        return [run for run in runs if run.id == current or run.status not in (*OPEN, AWAITING)]

    async def expire(self, collection_id: str, *, now: datetime) -> None:
        """End questions that nobody has answered for seven days, and those about nothing any more."""
        waiting = exists().where(
            Link.workspace_id == self.workspace, Link.collection_id == collection_id, Link.held_by == Run.id
        )
        await Runs(self.session).cancel_all(
            Run.collection_id == collection_id,
            Run.status == AWAITING,
            or_(Run.created_at <= now - PATIENCE, ~waiting),
            now=now,
        )

    async def next_expiry(self, collection_id: str) -> datetime | None:
        """Return when the oldest open question ends by itself."""
        found = await self.open_of([collection_id])
        return found[0].created_at + PATIENCE if found else None


async def decide_on(session: AsyncSession, run: Run, decision: Decision, *, now: datetime) -> None:
    """Write down what was decided, and ring for whoever follows it."""
    await session.refresh(run, with_for_update=True)
    if run.status != AWAITING or run.approval is None or run.created_at <= now - PATIENCE:
        raise NotAwaitingApproval
    run.approval = {**run.approval, "decision": decision, "decided_at": text(now)}
    run.status, run.problem, run.updated_at = "queued", None, now
    Collections(session).ring([run.collection_id], now=now)


def awaiting(run: Run) -> Json:
    """Return the state that an open question puts its sync into, with the call that answers it."""
    asked = run.approval or {}
    call = {"method": "POST", "path": f"/v1/runs/{run.id}/approve", "body": {"decision": "apply"}}
    slug = "folder-gone" if asked.get("reason") == COLLECTION_GONE else "awaiting-approval"
    return state(slug, since=run.created_at, call=call, detail=_sentence(asked))


def _sentence(asked: Json) -> str:
    number = asked["would"].get("invitations") or sum(asked["would"][f"to_{asked['side']}"].values())
    where = "the CRM" if asked["side"] == "crm" else "Outlook"
    match asked["reason"]:
        case "collection_gone":
            return f"The folder in Outlook is gone. If that was meant, {number} records go from the CRM."
        case "deletions":
            return f"{number} would be deleted in {where}. None of them is before somebody says so."
        case "invitations":
            return f"Outlook would mail {number} people. Nobody is mailed before somebody says so."
        case "creations":
            return f"{number} would be created in {where}. None of them is before somebody says so."
        case _:
            return f"Fields of {number} would be emptied in {where}. None is before somebody says so."


def text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
