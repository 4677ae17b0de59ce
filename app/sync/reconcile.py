"""Receive what a mailbox reports: a three-way merge in the projection (``engine.md`` §§2, 7, 11).

Pure functions over documents and link views; a decision can be made again after any crash.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.records import Fields, Value, values
from app.records.link import UNSURE, LinkView
from app.records.shape import Shape
from app.sync import holding
from app.sync.conflicts import Conflict, Side, Stamp
from app.sync.doubts import recognise, resolve
from app.sync.first_meeting import meet
from app.sync.merging import Listening, Merging
from app.sync.projection import Create, Update

__all__ = ["Listening", "Received", "born", "needs_rereading", "receive_item", "wrote"]

UNKNOWN = object()


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
    held: Mapping[str, Value] = field(default_factory=dict)

    @property
    def changed(self) -> list[str]:
        return list(self.previous)


def born(shape: Shape, had_now: Fields, *, listening: Listening) -> Received:
    """Return the record that an unknown item gives birth to, and its link's view; ``previous`` is empty."""
    doc: Fields = {}
    for name, part in shape.parts.items():
        value = shape.read(part, had_now.get(name)) if part.reads else None
        if value:
            doc[part.field] = doc[part.field] + value if part.field in doc else value
    stamp = _stamp(shape, had_now, listening.connection).document()
    return Received(doc, LinkView(had_now), field_at=dict.fromkeys(doc, stamp))


def receive_item(
    shape: Shape,
    doc: Fields,
    link: LinkView,
    had_now: Fields,
    *,
    listening: Listening,
    field_at: Mapping[str, Value],
    held: Mapping[str, Value] = holding.NONE,
    certain: bool = False,
) -> Received:
    """Merge what an item holds now into the record.

    ``had_now`` is the translation's ``had(item)``. ``certain``: the body was read after every write we sent
    had ended (a GET, a write's answer), so what an attempt asked for and isn't there didn't happen; a delta
    row may be older than the attempt. A link with an empty ``graph_had`` meets the record for the first time
    (``engine.md`` §12): blanks are filled both ways, lists united, other differences settled.
    """
    moved = _moved(link.graph_had, had_now)
    if not moved and not (certain and (link.attempt or UNSURE in link.graph_means)):
        return Received(doc, link, held=held)
    stamp = _stamp(shape, had_now, listening.connection)
    merging = Merging(shape, doc, link, listening=listening, field_at=field_at, stamp=stamp, held=held)
    _hear(merging, had_now, moved=moved)
    if certain:
        _forget_what_did_not_happen(merging, moved=moved)
    return _received(merging)


def wrote(
    shape: Shape,
    doc: Fields,
    link: LinkView,
    answer_had: Fields,
    *,
    write: Create | Update,
    listening: Listening,
    field_at: Mapping[str, Value],
    held: Mapping[str, Value] = holding.NONE,
) -> Received:
    """Note a write: what we sent is agreed as worded in the answer, the rest of the answer is received.

    ``doc`` may have moved on since the write was worked out; ``link`` is the view that went with the attempt,
    which is settled hereby.
    """
    stamp = _stamp(shape, answer_had, listening.connection)
    merging = Merging(shape, doc, link, listening=listening, field_at=field_at, stamp=stamp, held=held)
    for name, sent in write.fields.items():
        part = shape.parts[name]
        merging.agree(part, answer_had.get(name), sent=sent)
        merging.sent.pop(name, None)
        unsure = merging.unsure.pop(name, None)
        if unsure:
            resolve(merging, part, unsure, sent=sent)
    moved = [name for name in _moved(link.graph_had, answer_had) if name not in write.fields]
    _hear(merging, answer_had, moved=moved)
    _forget_what_did_not_happen(merging, moved=moved)
    for part in shape.parts.values():
        merging.hide_the_rest(part)
    return _received(merging)


def needs_rereading(shape: Shape, link: LinkView, had_now: Fields) -> bool:
    """Return whether a delta row may be older than what we know of the item.

    If so, GET the item and receive that. *A delta that lags shows the state before our write, which would
    look like an edit that takes it back.*
    """
    was, now = link.graph_had.get(shape.modified), had_now.get(shape.modified)
    if was is None or now is None or not _moved(link.graph_had, had_now):
        return False
    return datetime.fromisoformat(now) <= datetime.fromisoformat(was)


def _moved(had: Fields, had_now: Fields) -> list[str]:
    return [name for name, raw in had_now.items() if had.get(name, UNKNOWN) != raw]


def _hear(merging: Merging, had_now: Fields, *, moved: list[str]) -> None:
    for name in moved:
        part, raw = merging.shape.parts.get(name), had_now[name]
        if part is None:
            merging.had[name] = raw
            continue
        if not part.reads:
            if part.noted:
                merging.had[name] = raw
            continue
        value = merging.shape.read(part, raw)
        if name in merging.sent or name in merging.unsure:
            recognise(merging, part, raw, value)
        elif name not in merging.had:
            meet(merging, part, raw, value)
        elif merging.listening.hears:
            merging.edited(part, raw, value)


def _forget_what_did_not_happen(merging: Merging, *, moved: Collection[str]) -> None:
    """Let go of an attempt, and of doubts about parts that are again what they were."""
    merging.attempt = None
    merging.unsure = {name: doubt for name, doubt in merging.unsure.items() if name in moved}


def _received(merging: Merging) -> Received:
    moved = {
        name: was
        for name, was in merging.previous.items()
        if not values.same(merging.shape.kinds[name], was, merging.doc[name])
    }
    held = _held(merging, moved)
    previous = {name: was for name, was in moved.items() if name not in {*merging.held, *merging.asked}}
    return Received(
        {**merging.hub, **{name: merging.doc[name] for name in previous}} if previous else merging.hub,
        merging.view,
        previous,
        tuple(merging.conflicts),
        {name: stamp for name, stamp in merging.stamps.items() if name in previous},
        held,
    )


def _held(merging: Merging, moved: Collection[str]) -> Mapping[str, Value]:
    """Return what is in question after the report: an edit of a field in question stays in its branch.

    That holds for every mailbox: neither is the CRM overwritten by one that the question isn't about.
    """
    held, connection = merging.held, merging.listening.connection
    for name in moved:
        if name in merging.held or name in merging.asked:
            known = holding.branches(held, name).get(connection)
            base = merging.asked.get(name, merging.hub.get(name))
            at = merging.stamp.at.isoformat() if merging.stamp.at else None
            branch = holding.moved(known, merging.doc[name], base=base, at=at)
            held = holding.with_branch(held, name, connection, branch)
    return holding.closed_by_rule(merging.shape.kinds, merging.hub, held)


def _stamp(shape: Shape, had_now: Fields, connection: str) -> Stamp:
    at = had_now.get(shape.modified)
    return Stamp(datetime.fromisoformat(at) if at else None, Side.MICROSOFT, connection)
