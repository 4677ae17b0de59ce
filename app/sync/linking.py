"""What becomes of items that a match or a person has settled: linked to a record, or left alone as copies."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from app.errors import Unavailable
from app.models import Link
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.decisions import decide
from app.sync.links import Links
from app.sync.match_keys import forget_items
from app.sync.page import Report, locked_page, receive
from app.sync.records import Records
from app.sync.reviews import close
from app.sync.work import Work

A_PAGE = 200
WITHOUT_RECORD = frozenset({"unmatched", LinkState.IN_REVIEW})
Bases = Mapping[str, tuple[dict[str, Any], dict[str, Any]]]
NO_BASES: Final[Bases] = {}


async def link_items(
    work: Work, items: Mapping[str, Link], pairs: Mapping[str, str], *, bases: Bases = NO_BASES
) -> None:
    """Give matched items their records; both sides' blanks are filled from the other.

    ``bases`` are ``graph_had`` and ``graph_means`` of items that the record has met in another's place.
    """
    chosen = list(pairs.items())
    for start in range(0, len(chosen), A_PAGE):
        part = dict(chosen[start : start + A_PAGE])
        async with work.transaction() as session:
            records = await Records(session).locked(part.values())
            taken = await Links(session).make_room(work.connection.id, list(part.values()))
            if taken or any(record.deleted_at for record in records.values()):
                raise Unavailable("A record was matched or deleted meanwhile.", after=timedelta(0))
            await Links(session).give(part)
            page = await locked_page(work, session, list(part.items()))
            for link_id in part:
                link = page.links[link_id]
                if link.state not in WITHOUT_RECORD:
                    raise Unavailable("An item was matched meanwhile.", after=timedelta(0))
                body = {**(items[link_id].graph_had or {}), "@odata.etag": link.etag}
                link.graph_had, link.graph_means = bases.get(link_id, (None, {}))
                link.state = "unmatched"
                receive(page, Report(link_id, body))
            forget_items(session, part)
            work.progress.count("linked", len(part))
            await page.close(own=page.links)
            await close(work, session, part)
            await work.move(session)


async def ignore_copies(
    work: Work, copies: Mapping[str, Link], *, because: Reason = Reason.DUPLICATE_ITEM
) -> None:
    """Leave copies alone: the oldest of them stands for all."""
    if not copies:
        return
    async with work.transaction() as session:
        for link in (await Links(session).locked(copies)).values():
            link.state, link.due_at, link.updated_at = LinkState.IGNORED.value, None, work.now
            decide(link, because, run=work.progress.run_id, now=work.now)
        forget_items(session, copies)
        await session.flush()
        await close(work, session, copies)
        await work.move(session)
