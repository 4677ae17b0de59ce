"""How the items of one entity are laid out beside its documents: the parts that are compared and merged.

The engine knows entities only through their ``Shape``: of contacts the one in ``app/graph/contacts.py``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.records import Fields, Value
from app.records.values import Kind


@dataclass(frozen=True, slots=True)
class Part:
    """One unit of comparing and merging: a property of the item, or a group that merges as one value.

    ``name`` is its key in ``graph_had`` and ``graph_means``, ``field`` the document's field it shows. Of a
    list it shows the elements with ``label`` in at most ``seats`` places. ``alone``: the one element shown
    merges as one value (an address); elements of other lists merge one by one. ``reads`` and ``writes`` are
    its mask: what isn't read is left unheard, what isn't written is never owed. What is
    ``noted`` stays known of the item all the same. ``fills``: Microsoft fills it in where a new item doesn't
    say it. What is ``apart`` is written by calls of its own, once the item is there.
    """

    name: str
    field: str
    kind: Kind
    label: str | None = None
    seats: int | None = None
    alone: bool = False
    reads: bool = True
    writes: bool = True
    noted: bool = False
    fills: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """An entity as Graph words it. ``version`` counts the projection's layouts: a new one is a full round.

    ``read`` gives a raw part its meaning; ``payload`` words the parts that are owed, beside the wording the
    item last had. ``carried`` are the parts that every update repeats.
    """

    entity: str
    version: int
    kinds: Mapping[str, Kind]
    parts: Mapping[str, Part]
    read: Callable[[Part, Value], Value]
    payload: Callable[[Fields, Fields], Fields]
    carried: tuple[str, ...] = ()
    modified: str = "lastModifiedDateTime"
