"""What changed between two documents, and the way back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.records import Fields, values
from app.records.values import Kind


@dataclass(frozen=True, slots=True)
class Revision:
    """One step of a record: ``patch`` holds the changed fields as they became, ``previous`` as they were.

    ``told``: the CRM was told of it by a change, though it may have been the CRM's own step.
    """

    number: int
    origin: str
    patch: Fields
    previous: Fields
    at: datetime
    told: bool = False


def difference(kinds: Mapping[str, Kind], before: Fields, after: Fields) -> Fields:
    """Return the fields of ``after`` that say something else than ``before``; a missing field is empty."""
    changed: Fields = {}
    for name, kind in kinds.items():
        if name in before or name in after:
            new = after.get(name, values.empty(kind))
            if not values.same(kind, before.get(name), new):
                changed[name] = new
    return changed


def document_at(doc: Fields, revisions: Iterable[Revision], number: int) -> Fields:
    """Return the document as it was at an earlier revision.

    ``revisions`` are the steps after that one, in any order; each is undone.
    """
    earlier = dict(doc)
    for revision in sorted(revisions, key=lambda step: -step.number):
        if revision.number > number:
            earlier |= revision.previous
    return earlier
