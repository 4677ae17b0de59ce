"""Receive what a mailbox reports: a three-way merge in the projection (``engine.md`` §§2, 7, 11).

Pure functions over documents and link views; a decision can be made again after any crash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.records import Fields, Value
from app.records.link import LinkView
from app.records.shape import Shape
from app.sync.conflicts import Conflict, Policy
from app.sync.projection import Create, Update


@dataclass(frozen=True, slots=True)
class Listening:
    """How we listen to one mailbox.

    ``hears`` is false where the direction doesn't receive, ``accepts`` where the user may only look
    (``view_only``): such an edit is a conflict it has lost, and is put back.
    """

    connection: str
    hears: bool = True
    accepts: bool = True
    policy: Policy = Policy()


@dataclass(frozen=True, slots=True)
class Received:
    """What a record and its link become. ``previous`` has the document's changed fields as they were.

    ``doc`` and ``link`` are the very objects given where nothing changed. ``field_at`` has the stamps of the
    changed fields only.
    """

    doc: Fields
    link: LinkView
    previous: Fields = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    field_at: Fields = field(default_factory=dict)

    @property
    def changed(self) -> list[str]:
        return list(self.previous)


def born(shape: Shape, had_now: Fields, *, listening: Listening) -> Received:
    """Return the record that an unknown item gives birth to, and its link's view."""
    raise NotImplementedError


def receive_item(
    shape: Shape,
    doc: Fields,
    link: LinkView,
    had_now: Fields,
    *,
    listening: Listening,
    field_at: Mapping[str, Value],
    certain: bool = False,
) -> Received:
    """Merge what an item holds now into the record.

    ``had_now`` is the translation's ``had(item)``. ``certain``: the body was read after every write we sent
    had ended (a GET, a write's answer), so what an attempt asked for and isn't there didn't happen; a delta
    row may be older than the attempt. A link with an empty ``graph_had`` meets the record for the first time
    (``engine.md`` §12): blanks are filled both ways, lists united, other differences settled.
    """
    raise NotImplementedError


def wrote(
    shape: Shape,
    doc: Fields,
    link: LinkView,
    answer_had: Fields,
    *,
    write: Create | Update,
    listening: Listening,
    field_at: Mapping[str, Value],
) -> Received:
    """Note a write: what we sent is agreed as worded in the answer, the rest of the answer is received."""
    raise NotImplementedError


def needs_rereading(shape: Shape, link: LinkView, had_now: Fields) -> bool:
    """Return whether a delta row may be older than what we know: then GET the item and receive that instead."""
    raise NotImplementedError
