"""The engine's view of a link: the two images of ``engine.md`` §2 and the life of §4."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from app.records import Fields, Value


class LinkState(StrEnum):
    """Where a link is in its life (``engine.md`` §4)."""

    WANTED = "wanted"
    LINKED = "linked"
    REMOVED_BY_US = "removed_by_us"
    GONE = "gone"
    REMOVED_THERE = "removed_there"
    MOVED_OUT = "moved_out"
    SUSPENDED = "suspended"
    SEVERED = "severed"
    IN_REVIEW = "in_review"
    IGNORED = "ignored"


class Role(StrEnum):
    """What an item is to its record. A ``mirror`` is the event that shows a task: it is never received."""

    MAIN = "main"
    MIRROR = "mirror"


class AttemptKind(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What we asked Microsoft for and don't know the end of; ``fields`` are the parts as we meant them."""

    at: datetime
    kind: AttemptKind
    fields: Fields = field(default_factory=dict)
    generation: int = 0

    def document(self) -> Fields:
        """Return the attempt as JSON, for the ``attempt`` column."""
        return {
            "at": self.at.isoformat(),
            "kind": self.kind.value,
            "fields": self.fields,
            "generation": self.generation,
        }

    @classmethod
    def parse(cls, document: Value) -> Self:
        return cls(
            at=datetime.fromisoformat(document["at"]),
            kind=AttemptKind(document["kind"]),
            fields=document["fields"],
            generation=document["generation"],
        )


UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class LinkView:
    """What one mailbox's item had, in Graph's wording, and what that wording means for us where it differs.

    Both are keyed by the parts of a ``Shape``. A part missing in ``graph_had`` was never agreed. For a list
    ``graph_means`` holds ``{"shown": [...], "hidden": [...]}``: what the seats stand for (where that isn't
    what the wording says) and the elements that are to stay out of them.

    ``graph_means["unsure"]`` has the parts that came out of an unanswered write holding neither the old value
    nor ours, each as ``[raw, sent]``: Microsoft's wording of what we sent, or an edit of the mailbox's user.
    Such a part is owed once more, and the answer tells.
    """

    graph_had: Fields = field(default_factory=dict)
    graph_means: Fields = field(default_factory=dict)
    attempt: Attempt | None = None
