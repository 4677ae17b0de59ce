"""What a write would empty in an item, what the item holds against it, and how both may stay as they are.

Pure: the breaker's view of the projection (``engine.md`` §5).
"""

from collections.abc import Container
from dataclasses import replace
from enum import Enum, auto

from app.records import Fields
from app.records.link import LinkView
from app.records.shape import Shape
from app.records.values import LISTS
from app.sync import breaker
from app.sync.conflicts import UNSTAMPED
from app.sync.merging import Listening, Merging
from app.sync.projection import Update, hidden, meant, owed
from app.sync.reconcile import Received

NOBODY = Listening("")


class Cleared(Enum):
    """What becomes of a report that empties a record: it waits to be counted, or that was decided."""

    WAITS = auto()
    TAKEN = auto()
    PUT_BACK = auto()
    LEFT = auto()


def empties(shape: Shape, doc: Fields, link: LinkView, *, held: Container[str] = ()) -> bool:
    """Return whether what an item is owed empties a field of it, or overwrites more than half of it."""
    write = owed(shape, doc, link, held=held)
    return isinstance(write, Update) and overwrites(shape, doc, link, write)


def overwrites(shape: Shape, doc: Fields, link: LinkView, write: Update) -> bool:
    """Return whether a write empties a field of the item, or overwrites more than half of it."""
    return breaker.clears(_held_against(shape, link, write), doc)


def against(shape: Shape, doc: Fields, link: LinkView, *, held: Container[str] = ()) -> Fields:
    """Return the values that what is owed would take from the item, but for those of ordinary edits."""
    write = owed(shape, doc, link, held=held)
    if not isinstance(write, Update):
        return {}
    there = _held_against(shape, link, write)
    return {name: there[name] for name in breaker.cleared(there, doc)}


def refilled(received: Received) -> Received:
    """Return what becomes of a report that empties a record if that alone is not taken over."""
    back = {name: received.previous[name] for name in breaker.cleared(received.previous, received.doc)}
    return replace(
        received,
        doc={**received.doc, **back},
        previous={name: was for name, was in received.previous.items() if name not in back},
        field_at={name: stamp for name, stamp in received.field_at.items() if name not in back},
    )


def said(shape: Shape, link: LinkView) -> Fields:
    """Return the record as the item has it, with what found no seat there."""
    doc: Fields = {}
    for part in shape.parts.values():
        value = meant(shape, link, part)
        if part.kind in LISTS:
            doc[part.field] = [*doc.get(part.field, []), *value, *hidden(link, part)]
        else:
            doc[part.field] = value
    return doc


def apart(shape: Shape, doc: Fields, link: LinkView, fields: Container[str]) -> LinkView:
    """Return the link's view by which both sides agree to differ in these fields, until one is edited."""
    write = owed(shape, doc, link)
    if not isinstance(write, Update):
        return link
    merging = Merging(shape, doc, link, listening=NOBODY, field_at={}, stamp=UNSTAMPED)
    for part in (shape.parts[name] for name in write.owed):
        if part.field in fields:
            merging.agree(part, link.graph_had.get(part.name), sent=write.fields[part.name])
            merging.unsure.pop(part.name, None)
    return merging.view


def _held_against(shape: Shape, link: LinkView, write: Update) -> Fields:
    held = said(shape, link)
    return {shape.parts[name].field: held.get(shape.parts[name].field) for name in write.owed}
