"""The audit: hints that got lost are made good, now and then, from what the rows say.

``due_at`` only hints at what may be owed. A run that somebody asks for, and each safety poll, look for links
that should exist, and at those whose record left the scope or is back; a full one looks at every link anew.
"""

from sqlalchemy import not_

from app.models import Link
from app.sync.collections import Collections
from app.sync.links import Links
from app.sync.rescope import rescope_all
from app.sync.switch import restart_round
from app.sync.unreadable import UNREADABLE
from app.sync.work import Work

THOROUGH = frozenset({"manual", "settings", "schedule", "reconnect", "restore"})


async def audit(work: Work) -> None:
    """Recompute the hints of a collection at the beginning of a run that is to miss nothing."""
    progress, collection = work.progress, work.collection
    outdated = collection.shape != work.shape.version
    if progress.phase is not None or not (outdated or progress.trigger in THOROUGH):
        return
    async with work.transaction() as session:
        row = await Collections(session).get(collection.id)
        assert row is not None  # noqa: S101  its lease is ours
        if (progress.full and progress.pulls) or outdated:
            await restart_round(session, row)
        if collection.sends and collection.matched_at is not None:
            await _make_due(work, Links(session))
        await work.move(session, shape=work.shape.version)
    work.collection = row
    row.shape = work.shape.version
    if row.matched_at is not None:
        await rescope_all(work)


async def _make_due(work: Work, links: Links) -> None:
    here = Link.collection_id == work.collection.id
    if work.progress.full:
        await links.move(here, Link.state == "linked", Link.due_at.is_(None), due_at=work.now)
    if work.progress.trigger == "manual":
        parked = Link.problem.is_not(None), Link.record_id.is_not(None)  # who has no record is owed nothing
        unread = Link.problem["type"].as_string() == f"/problems/{UNREADABLE}"  # a write would read nothing
        await links.move(here, *parked, not_(unread), due_at=work.now, problem=None)
