"""Fields in question: nobody is overwritten until somebody decides (``engine.md`` §11).

``record.held`` is {field: {connection: branch}}. While a field is held the document keeps what the CRM says,
and each mailbox in question has a branch of its own: the field's value as that mailbox's user has it. A
branch is merged into like the document, and shown to nobody.

Pure functions over documents.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from app.records import Fields, Value, values
from app.records.values import LISTS, Kind
from app.sync.conflicts import Side, Stamp

BOTH_EDITED = "both_edited"
NONE: Mapping[str, Value] = {}


@dataclass(frozen=True, slots=True)
class Branch:
    """What one mailbox's user has in a field in question, since when, and what both sides had before.

    ``until``: a field that swung is left alone until then, whatever its sides say meanwhile.
    """

    value: Value
    base: Value
    at: str | None = None
    code: str = BOTH_EDITED
    until: str | None = None

    def document(self) -> Fields:
        """Return the branch as ``record.held`` keeps it."""
        return {
            "value": self.value, "base": self.base, "at": self.at, "code": self.code, "until": self.until,
        }  # fmt: skip

    def stamp(self, connection: str) -> Stamp:
        """Return when and by whom the branch got its value."""
        return Stamp(datetime.fromisoformat(self.at) if self.at else None, Side.MICROSOFT, connection)


def branches(held: Mapping[str, Value], name: str) -> dict[str, Branch]:
    """Return the branches of one field, by connection."""
    return {connection: Branch(**entry) for connection, entry in held.get(name, NONE).items()}


def held_from(held: Mapping[str, Value], connection: str) -> frozenset[str]:
    """Return the fields that one mailbox is not written."""
    return frozenset(name for name, entries in held.items() if connection in entries)


def branched(doc: Fields, held: Mapping[str, Value], connection: str) -> Fields:
    """Return the record as it stands for one mailbox: what is held there is as its user has it."""
    own = {name: held[name][connection]["value"] for name in held_from(held, connection)}
    return {**doc, **own} if own else doc


def with_branch(held: Mapping[str, Value], name: str, connection: str, branch: Branch) -> Fields:
    """Return what is held once a mailbox has this branch of a field."""
    return {**held, name: {**held.get(name, NONE), connection: branch.document()}}


def without(held: Mapping[str, Value], name: str, connections: Iterable[str]) -> Fields:
    """Return what is held once these mailboxes have no branch of a field any more."""
    gone = set(connections)
    left = {connection: entry for connection, entry in held.get(name, NONE).items() if connection not in gone}
    rest = {other: entries for other, entries in held.items() if other != name}
    return {**rest, name: left} if left else rest


def released(held: Mapping[str, Value], connection: str) -> Fields:
    """Return what is held once nothing is in question with this mailbox any more."""
    remaining = dict(held)
    for name in held_from(held, connection):
        remaining = without(remaining, name, [connection])
    return remaining


def moved(branch: Branch | None, value: Value, *, base: Value, at: str | None) -> Branch:
    """Return a branch once its mailbox's user has given the field this value; ``base`` is for a new one."""
    return Branch(value, base, at) if branch is None else replace(branch, value=value, at=at)


def next_calm(held: Mapping[str, Value]) -> datetime | None:
    """Return when the first field that swung has been left alone for long enough."""
    untils = [branch.until for name in held for branch in branches(held, name).values() if branch.until]
    return min(map(datetime.fromisoformat, untils), default=None)


def calm(branch: Branch) -> Branch:
    """Return the branch as an ordinary question: its field swings no more."""
    return replace(branch, code=BOTH_EDITED, until=None)


def is_open(kind: Kind, branch: Branch, value: Value) -> bool:
    """Return whether a field that holds ``value`` is still in question with a mailbox.

    It isn't once both say the same, or the mailbox's user went back to what both had before. A list has no
    one base to go back to. What swings is not closed by swinging.
    """
    if branch.until is not None:
        return True
    return not values.same(kind, branch.value, value) and not went_back(kind, branch, branch.value)


def went_back(kind: Kind, branch: Branch, value: Value) -> bool:
    """Return whether a side that now says ``value`` has taken its edit back."""
    return branch.until is None and kind not in LISTS and values.same(kind, value, branch.base)


def closed_by_rule(kinds: Mapping[str, Kind], doc: Fields, held: Mapping[str, Value]) -> Fields:
    """Return what is still held: a question ends where both sides say the same, or one withdraws."""
    remaining = dict(held)
    for name in held:
        ended = [
            connection
            for connection, branch in branches(held, name).items()
            if not is_open(kinds[name], branch, doc.get(name))
        ]
        remaining = without(remaining, name, ended) if ended else remaining
    return remaining


def latest(entries: Mapping[str, Branch]) -> str:
    """Return the mailbox whose branch is the newest: the later of two mailboxes wins."""
    return max(entries, key=lambda connection: (entries[connection].at or "", connection))
