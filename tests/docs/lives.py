"""The life of a link, as docs/how-concord-decides.md tells it; tests/preview holds it against what happens."""

from reference import table

from app.records.link import LinkState as S

UNMATCHED = "unmatched"
LIVES: dict[tuple[str, str], str] = {
    (UNMATCHED, S.LINKED): "the item is recognised, or taken over as somebody new",
    (UNMATCHED, S.IN_REVIEW): "several could be meant",
    (UNMATCHED, S.IGNORED): "it is a copy of another item, or somebody declined it",
    (UNMATCHED, S.SUSPENDED): "the item is recognised, and its record is out of scope",
    (S.IN_REVIEW, S.LINKED): "a person, or new evidence, says who it is",
    (S.IN_REVIEW, UNMATCHED): "a person says that it is somebody new",
    (S.IN_REVIEW, S.IGNORED): "a person says to leave it alone, or it is a copy",
    (S.IGNORED, UNMATCHED): "a copy was edited, or takes the place of an item like it that was deleted",
    (S.IGNORED, S.WANTED): "somebody wants it there after all",
    (S.WANTED, S.LINKED): "its item was created",
    (S.WANTED, S.IN_REVIEW): "an item in the folder might be this record",
    (S.WANTED, S.IGNORED): "so many creations were declined",
    (S.WANTED, S.SUSPENDED): "its record left the scope",
    (S.WANTED, S.REMOVED_BY_US): "its record was deleted before there was an item",
    (S.WANTED, S.SEVERED): "the CRM rejected the record, or somebody cut the link",
    (S.LINKED, S.SUSPENDED): "its record left the scope, or the sync was switched off or disconnected",
    (S.LINKED, S.REMOVED_BY_US): "we deleted the item, as the settings say",
    (S.LINKED, S.GONE): "the item is gone, and its record would go with it",
    (S.LINKED, S.REMOVED_THERE): "the item is gone, and its record stays",
    (S.LINKED, S.MOVED_OUT): "the item is in another folder",
    (S.LINKED, S.WANTED): "the item is gone and is made again, or another account is connected",
    (S.LINKED, S.SEVERED): "its record was deleted and the item kept, the CRM rejected it, or the link was cut",
    (S.GONE, S.REMOVED_THERE): "it is decided what becomes of the record",
    (S.GONE, S.LINKED): "the item was seen again, or a copy takes its place",
    (S.GONE, S.WANTED): "the item is made again",
    (S.REMOVED_THERE, S.LINKED): "its user restored the item",
    (S.REMOVED_THERE, S.WANTED): "somebody wants it there again",
    (S.REMOVED_THERE, S.SUSPENDED): "its user restored the item, and the record is out of scope",
    (S.REMOVED_THERE, S.SEVERED): "the CRM rejected the record, or somebody cut the link",
    (S.REMOVED_BY_US, S.WANTED): "its record is back",
    (S.MOVED_OUT, S.LINKED): "the item came back",
    (S.MOVED_OUT, S.SUSPENDED): "the item came back, and the record is out of scope",
    (S.MOVED_OUT, S.SEVERED): "its record was deleted and the item kept, the CRM rejected it, or the link was cut",
    (S.SUSPENDED, S.LINKED): "its record is in scope again, or the sync is on again",
    (S.SUSPENDED, S.REMOVED_THERE): "its user deleted the item meanwhile",
    (S.SUSPENDED, S.WANTED): "the same, and the item is made again",
    (S.SUSPENDED, S.SEVERED): "its record was deleted and the item kept, the CRM rejected it, or the link was cut",
    (S.SEVERED, S.LINKED): "its deleted record is back",
    (S.SEVERED, S.MOVED_OUT): "the item is in another folder, as was only found when the link was cut",
    (S.SEVERED, UNMATCHED): "it takes the place of an item like it that was deleted",
}  # fmt: skip


def life() -> str:
    """Return the table: which state follows which, and on what."""
    lines = [(f"`{was}`", f"`{became}`", when) for (was, became), when in LIVES.items()]
    return table(("a link that is", "becomes", "when"), lines)
