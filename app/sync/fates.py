"""What a look-up of items finds: only a clear word about this very item proves anything."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from app.graph.batch import Answer
from app.graph.protocol import Document, FolderGone, ItemGone, NotFound
from app.graph.translation import Translation
from app.models import Link
from app.sync.adopt import mark
from app.sync.container import folder_gone
from app.sync.work import Work

ITEMS_A_BATCH = 19


class Fate(Enum):
    """What a look-up of a suspect found."""

    GONE = auto()
    ELSEWHERE = auto()
    HERE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A suspect's fate, with its body where it is still in the folder."""

    fate: Fate
    item: Document | None = None


async def look_up(work: Work, suspects: Sequence[Link]) -> dict[str, Verdict]:
    """Look up to 19 items up beside their folder; return the verdict on each by link id."""
    words = work.words
    reads = [words.read(str(link.item_id)) for link in suspects]
    own, *answers = await work.mailbox.batch([words.container_call(work.folder), *reads])
    if isinstance(own.error(missing=FolderGone), NotFound):
        raise folder_gone()
    await words.complete(work.mailbox, [answer.result() for answer in answers if answer.error() is None])
    above = words.parse_container(own.result()).parent_id
    parents = {parent for answer in answers if (parent := _parent(words, answer))} - {work.folder}
    deleted = await words.deleted_among(work.mailbox, parents | ({above} if above else set()))
    if above in deleted:
        raise folder_gone()
    verdicts = {
        link.id: _verdict(work, answer, deleted=deleted)
        for link, answer in zip(suspects, answers, strict=True)
    }
    gone = {link.id: link for link in suspects if verdicts[link.id].fate is Fate.GONE}
    known = {link_id: (mark(link), link.graph_had or {}) for link_id, link in gone.items()}
    moved = await words.moved(work.mailbox, known) if known else frozenset()
    return verdicts | dict.fromkeys(moved, Verdict(Fate.ELSEWHERE))


def _parent(words: Translation, answer: Answer) -> str | None:
    return None if answer.error() else words.container_of(answer.result())


def _verdict(work: Work, answer: Answer, *, deleted: Container[str]) -> Verdict:
    """Read one look-up. Whatever isn't a clear word about this very item proves nothing."""
    error = answer.error()
    if error is not None:
        return Verdict(Fate.GONE if isinstance(error, ItemGone) else Fate.UNKNOWN)
    parent = _parent(work.words, answer)
    if parent in deleted:
        return Verdict(Fate.GONE)
    return Verdict(Fate.HERE, answer.result()) if parent in {None, work.folder} else Verdict(Fate.ELSEWHERE)
