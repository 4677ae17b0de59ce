"""Spread a record that moved: to every mailbox it belongs in, as a hint that something may be owed.

Nothing is decided here. A link is made or made due, its collection rung; what is really owed is derived by
whoever holds the collection's lease.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Link
from app.records.link import Role
from app.records.reasons import Reason
from app.sync.collections import Collections
from app.sync.decisions import deciding
from app.sync.links import Links
from app.sync.reach import reach

RESTING = ("unmatched", "severed", "ignored")


async def spread(
    session: AsyncSession, record_ids: Sequence[str], *, now: datetime, skip: Iterable[str] = ()
) -> None:
    """Make the links these records lack, and make due the ones they have, but for those in ``skip``.

    Called by whoever moved a record's document, owners or deletion, in the same transaction, with the
    records locked.
    """
    if not record_ids:
        return
    links, left_out = Links(session), set(skip)
    known, places = await reach(session, record_ids, now=now)
    due = [link for link in known if link.id not in left_out and link.state not in RESTING and not link.rests]
    if due:
        await links.set_due([link.id for link in due], now=now)
    met = {(link.collection_id, link.record_id) for link in known}
    fresh = [place.wanted(now) for place in places if (place.collection_id, place.record_id) not in met]
    await links.insert(fresh)
    # A direction that sends nothing has only links to look at that leave the scope or come back.
    rung = {link.collection_id for link in due if link.sends or link.crosses}
    Collections(session).ring(sorted(rung | {str(row["collection_id"]) for row in fresh}), now=now)


async def revive(session: AsyncSession, record_ids: Sequence[str], *, now: datetime) -> None:
    """Want these records again where a removal had ended their links: after a restore, or a new owner.

    A mirror that its user removed stays away for good.
    """
    await Links(session).move(
        Link.record_id.in_(list(record_ids)),
        or_(Link.state == "removed_by_us", (Link.state == "removed_there") & (Link.role == Role.MAIN)),
        state="wanted", generation=Link.generation + 1, item_id=None, etag=None, graph_had=None,
        graph_means={}, attempt=None, gone_at=None, due_at=now, **deciding(Reason.RESTORED, now=now),
    )  # fmt: skip
    await Links(session).move(
        Link.record_id.in_(list(record_ids)), Link.state == "severed", Link.item_id.is_not(None),
        state="linked", **deciding(Reason.RESTORED, now=now),
    )  # fmt: skip
    await spread(session, record_ids, now=now)


async def want_everywhere(session: AsyncSession, record_id: str, *, now: datetime) -> None:
    """Want a record again also where its user had removed it, or somebody had declined it."""
    await Links(session).move(
        Link.record_id == record_id,
        Link.role == Role.MAIN,
        or_(Link.state == "removed_there", (Link.state == "ignored") & Link.item_id.is_(None)),
        state="wanted", generation=Link.generation + 1, item_id=None, etag=None, graph_had=None,
        graph_means={}, attempt=None, gone_at=None, failures=0, due_at=now,
    )  # fmt: skip
    await spread(session, [record_id], now=now)
