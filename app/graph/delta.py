"""Delta rounds: what of a folder changed since the last one, page by page.

https://learn.microsoft.com/en-us/graph/delta-query-overview
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from app.graph.contacts import SELECT
from app.graph.mailbox import Mailbox
from app.graph.protocol import DEFAULT_WAIT, Document, FolderGone, OutcomeUnknown

PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a round. Exactly one link is set: the round goes on, or the next begins there."""

    items: Sequence[Document]
    removed: Sequence[str]
    next_link: str | None
    delta_link: str | None

    @classmethod
    def parse(cls, document: Document) -> Self:
        """Read a page. Of what it says twice about one id the last word counts.

        Raises OutcomeUnknown where it isn't one: a page without a link would pass for a finished round.
        """
        rows = document.get("value")
        next_link, delta_link = document.get("@odata.nextLink"), document.get("@odata.deltaLink")
        if bool(next_link) == bool(delta_link) or not _are_items(rows):
            raise OutcomeUnknown("Graph's answer is not a page of a delta.", after=DEFAULT_WAIT)
        last: dict[str, Document] = {row["id"]: row for row in rows or ()}
        return cls(
            items=[row for row in last.values() if "@removed" not in row],
            removed=[item_id for item_id, row in last.items() if "@removed" in row],
            next_link=next_link,
            delta_link=delta_link,
        )


def _are_items(rows: Any) -> bool:
    return isinstance(rows, list) and all(isinstance(row, dict) and "id" in row for row in rows)


async def contacts_delta(
    mailbox: Mailbox, folder_id: str, link: str | None, *, page_size: int = PAGE_SIZE
) -> Page:
    """Return the page behind a link of an earlier one; without a link, the first page of a full round.

    Raises DeltaExpired or FolderGone.
    Quirk: preferences aren't encoded in the links and must be sent with each page.
    """
    path = f"/me/contactFolders/{quote(folder_id, safe='')}/contacts/delta?$select={','.join(SELECT)}"
    preferences = {"prefer": f"odata.maxpagesize={page_size}"}
    return Page.parse(await mailbox.get(link or path, headers=preferences, missing=FolderGone))
