"""Items that nobody knows and that aren't to become records: events of another time, or private ones.

They rest without being matched, and are looked at again when they change and by each audit: their time may
have come, or another choice been made.
"""

from collections.abc import Sequence
from typing import Any

from app.models import Link
from app.records import Fields
from app.records.reasons import Reason
from app.sync.decisions import decide, decided
from app.sync.links import Links
from app.sync.scope import Facts, by_content
from app.sync.verdict import RESTING
from app.sync.work import Work


def stays_out(work: Work, wording: Fields) -> Reason | None:
    """Return why an item isn't to become a record, if it isn't."""
    if work.scope.days is None:
        return None
    return by_content(work.scope, Facts(said={}, doc=work.words.parse(wording)))


def put_to_rest(work: Work, row: dict[str, Any]) -> bool:
    """Let the row of a new link rest, if its item is to stay out; say whether it is."""
    reason = stays_out(work, row["graph_had"])
    if reason is not None:
        row.update(due_at=None, **decided(reason, now=work.now, run=work.progress.run_id))
    return reason is not None


async def awake(work: Work, links: Sequence[Link]) -> list[Link]:
    """Return those of these unmatched items that may become records; the others rest from now on."""
    if work.scope.days is None:
        return list(links)
    looked_at = [link for link in links if link.due_at is not None or not _rests(link)]
    reasons = {link.id: stays_out(work, link.graph_had or {}) for link in looked_at}
    resting = [link.id for link in looked_at if reasons[link.id] is not None]
    if resting:
        async with work.transaction() as session:
            for link in (await Links(session).locked(resting)).values():
                link.due_at = None
                decide(
                    link, reasons[link.id] or Reason.OUTSIDE_WINDOW, run=work.progress.run_id, now=work.now
                )
            await work.move(session)
    return [link for link in looked_at if reasons[link.id] is None]


async def wake_resting(work: Work) -> None:
    """Let items be looked at again whose time has come."""
    if work.scope.days is None:
        return
    after = ""
    while True:
        async with work.transaction() as session:
            links = Links(session)
            found = await links.unmatched(work.collection.id, due_only=False, after=after, limit=1000)
            resting = [link for link in found if link.due_at is None and _rests(link)]
            come = [link.id for link in resting if stays_out(work, link.graph_had or {}) is None]
            await links.set_due(come, now=work.now)
            await work.move(session)
        if not found:
            return
        after = found[-1].id


def _rests(link: Link) -> bool:
    return (link.decision or {}).get("code") in RESTING
