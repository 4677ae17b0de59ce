"""Adoption: an item that a create of ours made, though its answer was lost, is known by its mark."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.graph.protocol import Document
from app.models import Link
from app.records.link import LinkState
from app.sync.page import Page, Report, receive
from app.sync.work import Work


@dataclass(frozen=True, slots=True)
class Adoption:
    """A creating link and the item that turned out to be its own. ``copies`` carry the same mark."""

    link_id: str
    record_id: str
    item_id: str
    item: Document
    copies: tuple[Document, ...] = ()

    def doublets(self) -> list[Document]:
        """Return what a repeated create of ours made twice, where nobody has touched it since."""
        return [copy for copy in self.copies if untouched(copy)]


def mark(link: Link) -> str:
    """Return what marks the item of a link, so that its create can be recognised: one of this generation."""
    return f"{link.id}.{link.generation}"


def adoptions(creating: Iterable[Link], found: Mapping[str, tuple[str | None, Document]]) -> list[Adoption]:
    """Pair creating links with the marked items among ``found`` (by id: its mark and body).

    Of two items with one mark the older is the link's own. A mark that no creating link of that generation
    bears is a copy's: the item is new.
    """
    by_mark: dict[str, list[tuple[str, Document]]] = {}
    for item_id, (label, item) in found.items():
        if label is not None:
            by_mark.setdefault(label.casefold(), []).append((item_id, item))
    pairs = []
    for link in creating:
        items = sorted(by_mark.get(mark(link).casefold(), ()), key=_born)
        if items and link.record_id is not None:
            (item_id, item), *copies = items
            pairs.append(Adoption(link.id, link.record_id, item_id, item, tuple(copy for _, copy in copies)))
    return pairs


def adopt(page: Page, adoption: Adoption) -> None:
    """Give the link its item. What our create sent is recognised in it, the rest is received."""
    link = page.links[adoption.link_id]
    if link.attempt is None:
        return
    link.item_id = adoption.item_id
    if link.state == LinkState.SEVERED:
        link.attempt = None  # cut while its item was being made: it is known for what it is, and left alone
    else:
        receive(page, Report(link.id, adoption.item, certain=True))
    page.work.progress.count("to_microsoft.created")


def untouched(item: Document) -> bool:
    """Say whether nobody has written an item since it was made."""
    return item.get("createdDateTime") == item.get("lastModifiedDateTime")


def _born(pair: tuple[str, Document]) -> str:
    return str(pair[1].get("createdDateTime"))


async def remove_doublets(work: Work, adopted: Iterable[Adoption]) -> None:
    """Delete our own doublets; the older item is the link's."""
    doublets = [item for adoption in adopted for item in adoption.doublets()]
    if doublets:
        await work.mailbox.batch(
            [work.words.delete(item["id"], etag=item.get("@odata.etag")) for item in doublets]
        )
