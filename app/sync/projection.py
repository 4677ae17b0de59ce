"""How one mailbox would word a record, and what it is owed (``engine.md`` §§2, 7)."""

from dataclasses import dataclass

from app.records import Fields, Value
from app.records.link import Attempt, LinkView
from app.records.shape import Part, Shape


@dataclass(frozen=True, slots=True)
class Create:
    """POST ``payload``. ``fields`` are all parts as we mean them: what the attempt and the note keep."""

    payload: Fields
    fields: Fields


@dataclass(frozen=True, slots=True)
class Update:
    """PATCH ``payload``. ``fields`` are the parts it sets, ``owed`` those of them that differ."""

    payload: Fields
    fields: Fields
    owed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """The item says what the record says."""


NOTHING = Nothing()
Write = Create | Update | Nothing


def meant(shape: Shape, link: LinkView, part: Part) -> Value:
    """Return what the item's part stands for: its wording, unless we know better."""
    raise NotImplementedError


def shown(shape: Shape, doc: Fields, link: LinkView, part: Part) -> Value:
    """Return what this part of the item is to hold.

    Of a list: what was shown before, then what is new since, then hidden elements, these only into seats that
    another side emptied; in the record's order.
    """
    raise NotImplementedError


def owed(shape: Shape, doc: Fields, link: LinkView) -> Write:
    """Return the write that makes the item say what the record says.

    A link without ``graph_had`` is owed its item. Deleting is not owed but decided (``policy.py``).
    """
    raise NotImplementedError


def attempted(write: Create | Update, link: LinkView, *, at: object, generation: int) -> Attempt:
    """Return the attempt to be committed before the write is sent; an older one that stands is kept in it."""
    raise NotImplementedError
