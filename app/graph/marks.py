"""Our mark on items: what tells a create whose answer was lost from somebody else's item."""

from collections.abc import Sequence

from app.graph.calls import find_marked_contacts, mark_of, read_marked_contact
from app.graph.mailbox import Mailbox
from app.graph.protocol import Document, NotFound


async def read_marked(mailbox: Mailbox, item_ids: Sequence[str]) -> dict[str, Document]:
    """Return the items of these ids, each showing its mark (``mark_of``); what isn't there is left out."""
    answers = await mailbox.batch([read_marked_contact(item_id) for item_id in item_ids])
    found: dict[str, Document] = {}
    for item_id, answer in zip(item_ids, answers, strict=True):
        if not isinstance(answer.error(), NotFound):
            found[item_id] = answer.result()
    return found


async def find_marked(mailbox: Mailbox, folder_id: str, *, marks: Sequence[str]) -> dict[str, list[Document]]:
    """Return for each mark the folder's items that carry it, oldest first.

    Right after a create an empty list proves nothing: the look-up may lag behind.
    """
    answers = await mailbox.batch([find_marked_contacts(folder_id, mark=mark) for mark in marks])
    return {
        mark: sorted(
            (item for item in answer.result().get("value", ()) if mark_of(item) == mark),
            key=lambda item: str(item.get("createdDateTime")),
        )
        for mark, answer in zip(marks, answers, strict=True)
    }
