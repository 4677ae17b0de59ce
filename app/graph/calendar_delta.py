"""Delta rounds over a calendar view: single events as they come, each series by one look at its master.

https://learn.microsoft.com/en-us/graph/delta-query-events
"""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from app.graph.delta import PAGE_SIZE, Page
from app.graph.event_calls import read_event
from app.graph.mailbox import Mailbox
from app.graph.protocol import Document, FolderGone, NotFound
from app.graph.series import complete

SINGLE, MASTER = "singleInstance", "seriesMaster"
PREFERENCES = 'odata.maxpagesize={}, outlook.body-content-type="text"'


@dataclass(frozen=True, slots=True)
class Window:
    """What a round looks at, in UTC (``2026-01-01T00:00:00Z``). Quirk: its first call fixes it."""

    begin: str
    end: str


async def events_delta(
    mailbox: Mailbox,
    calendar_id: str,
    link: str | None,
    *,
    window: Window,
    known: MutableMapping[str, str],
    page_size: int = PAGE_SIZE,
) -> Page:
    """Return the page behind a link of an earlier one; without a link, the first page of a full round.

    Raises DeltaExpired or FolderGone.
    Quirk: occurrences come bare, and one that is cancelled never comes, but any row of a series tells that
    its master has news: that is read, with all that differs from it. ``known`` are the masters read in this
    round, by their etag, which all rows of a series bear. A removed id may be one that was never seen.
    """
    path = (
        f"/me/calendars/{quote(calendar_id, safe='')}/calendarView/delta"
        f"?startDateTime={window.begin}&endDateTime={window.end}"
    )
    headers = {"prefer": PREFERENCES.format(page_size)}
    page = Page.parse(await mailbox.get(link or path, headers=headers, missing=FolderGone))
    singles = [row for row in page.items if row.get("type") == SINGLE]
    masters = await _masters(mailbox, page.items, known=known)
    return Page([*singles, *masters], page.removed, page.next_link, page.delta_link)


async def _masters(
    mailbox: Mailbox, rows: Sequence[Document], *, known: MutableMapping[str, str]
) -> list[Document]:
    """Read the series that rows belong to; one that is gone by now will be told as removed."""
    news = {
        str(row["id"] if row.get("type") == MASTER else row.get("seriesMasterId")): row.get("@odata.etag")
        for row in rows
        if row.get("type") != SINGLE
    }
    wanted = [item for item, etag in news.items() if etag is None or known.get(item) != etag]
    answers = await mailbox.batch([read_event(item) for item in wanted]) if wanted else []
    found = [answer.result() for answer in answers if not isinstance(answer.error(), NotFound)]
    await complete(mailbox, found)
    known.update({item["id"]: item["@odata.etag"] for item in found})
    return found
