"""Items that can't be taken over: each is set aside alone, and the page it came with goes on.

A row that breaks the page would otherwise be fetched for ever, and everything behind it would wait.
"""

from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.graph.protocol import Document
from app.ids import new_id
from app.models import Link
from app.records.link import LinkState
from app.states import slug_of, state
from app.sync.collections import Collections
from app.sync.links import Links
from app.sync.switch import restart_round
from app.sync.work import Work

UNREADABLE: Final = "unreadable-item"
log = structlog.get_logger()


async def set_aside(work: Work, row: Document, error: Exception) -> None:
    """Park the link of an item that breaks whatever it is part of; an unknown one gets a link for that."""
    now, item_id = work.now, str(row["id"])
    detail = f"Taking it over failed ({type(error).__name__})."
    log.error("item.set_aside", collection=work.collection.id, error=type(error).__name__)
    async with work.transaction() as session:
        links = Links(session)
        known = (await links.of_items(work.connection.id, [item_id])).get(item_id)
        since = datetime.fromisoformat(known.problem["since"]) if known and known.problem else now
        problem = state(UNREADABLE, since=since, detail=detail)
        if known is None:
            await links.insert([_unread(work, item_id, problem=problem, now=now)])
        else:
            await links.move(
                Link.id == known.id, problem=problem, failures=Link.failures + 1, gone_at=None,
                seen_round=work.collection.round, updated_at=now,
                state=LinkState.IGNORED.value if known.record_id is None else known.state,
            )  # fmt: skip
        work.progress.count("parked")
        await work.move(session)


def _unread(work: Work, item_id: str, *, problem: Document, now: datetime) -> Document:
    return {
        "id": new_id("lnk", now), "connection_id": work.connection.id, "entity": work.collection.entity,
        "collection_id": work.collection.id, "item_id": item_id, "role": "main", "born": "microsoft",
        "state": LinkState.IGNORED.value, "generation": 1, "graph_means": {}, "shape": work.shape.version,
        "seen_round": work.collection.round, "failures": 1, "problem": problem, "created_at": now,
        "updated_at": now,
    }  # fmt: skip


async def read_again(session: AsyncSession, link: Link, *, now: datetime) -> bool:
    """Read everything anew where a link is parked for what could not be read; say whether it is."""
    if slug_of(link.problem) != UNREADABLE:
        return False
    unknown = {"state": "unmatched"} if link.record_id is None else {}
    await Links(session).move(Link.id == link.id, problem=None, failures=0, **unknown)
    collections = Collections(session)
    row = await collections.get(link.collection_id)
    assert row is not None  # noqa: S101  it has links
    await restart_round(session, row)
    await session.flush()
    await collections.stop([row.id])
    collections.ring([row.id], now=now, pull=True)
    return True
