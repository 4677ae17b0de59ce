"""How one mailbox would word a record, and what it is owed (``engine.md`` §§2, 7)."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.records import Fields, Value, values
from app.records.link import UNSURE, Attempt, AttemptKind, LinkView
from app.records.shape import Part, Shape
from app.records.values import LISTS, Element, Identity, Kind


@dataclass(frozen=True, slots=True)
class Create:
    """POST ``payload``. ``fields`` are all parts as we mean them: what the attempt and the note keep.

    ``blank`` are those that are to be empty, which Microsoft would fill in otherwise.
    """

    fields: Fields
    shape: Shape = field(compare=False, repr=False)
    blank: frozenset[str] = frozenset()

    @property
    def payload(self) -> Fields:
        """The body that makes the item. Raises Unsupported where Outlook can't hold what it says."""
        said = {name: value for name, value in self.fields.items() if value or name in self.blank}
        return self.shape.payload(said, {})


@dataclass(frozen=True, slots=True)
class Update:
    """PATCH ``payload``. ``fields`` are the parts it sets, ``owed`` those of them that differ.

    ``had`` is what the item was worded like.
    """

    fields: Fields
    owed: tuple[str, ...]
    had: Fields = field(compare=False, repr=False)
    shape: Shape = field(compare=False, repr=False)

    @property
    def payload(self) -> Fields:
        """The body that sets the parts. Raises Unsupported where Outlook can't hold what they say."""
        return self.shape.payload({name: self.fields[name] for name in self.owed}, self.had)


@dataclass(frozen=True, slots=True)
class Nothing:
    """The item says what the record says."""


NOTHING = Nothing()
Write = Create | Update | Nothing


def elements(doc: Fields, part: Part) -> list[Element]:
    """Return the elements of a document's list that belong to this part, shown or not."""
    held: list[Element] = doc.get(part.field) or []
    return held if part.label is None else [e for e in held if e["label"] == part.label]


def meant(shape: Shape, link: LinkView, part: Part) -> Value:
    """Return what the item's part stands for: its wording, unless we know better."""
    known = link.graph_means.get(part.name, {}) if part.kind in LISTS else link.graph_means
    key = "shown" if part.kind in LISTS else part.name
    if key in known:
        return known[key]
    return shape.read(part, link.graph_had.get(part.name))


def hidden(link: LinkView, part: Part) -> list[Element]:
    """Return the elements that are to stay out of the item's seats."""
    known: Fields = link.graph_means.get(part.name) or {}
    return known.get("hidden", []) if part.kind in LISTS else []


def shown(shape: Shape, doc: Fields, link: LinkView, part: Part) -> Value:
    """Return what this part of the item is to hold.

    Of a list: what was shown before, then what is new since, then hidden elements, these only into seats that
    another side emptied; in the record's order.
    """
    if part.kind not in LISTS:
        return doc.get(part.field)
    held, kept_out = elements(doc, part), hidden(link, part)
    if part.seats is None or (len(held) <= part.seats and not kept_out):
        return held
    before = meant(shape, link, part)
    return seated(LISTS[part.kind].key, held, seats=part.seats, before=before, kept_out=kept_out)


def seated(
    key: Identity,
    held: Sequence[Element],
    *,
    seats: int,
    before: Sequence[Element],
    kept_out: Sequence[Element],
) -> list[Element]:
    """Return which of the elements get the seats of a part."""
    before_keys, out_keys = {key(e) for e in before}, {key(e) for e in kept_out}
    keys = [key(e) for e in held]
    kept = [k for k in keys if k in before_keys][:seats]
    new = [k for k in keys if k not in before_keys and k not in out_keys][: seats - len(kept)]
    room = min(seats, len(before)) - len(kept) - len(new)
    waiting = [k for k in keys if k in out_keys and k not in before_keys][: max(room, 0)]
    chosen = {*kept, *new, *waiting}
    return [e for e in held if key(e) in chosen]


def owed(shape: Shape, doc: Fields, link: LinkView, *, held: Container[str] = ()) -> Write:
    """Return the write that makes the item say what the record says, but for fields that are ``held``.

    A link without ``graph_had`` is owed its item. A part that was never agreed is owed nothing before the
    item was heard. Deleting is not owed but decided (``policy.py``).
    """
    if not link.graph_had:
        fields = {name: shown(shape, doc, link, part) for name, part in shape.parts.items() if part.writes}
        blank = {n for n in fields if shape.parts[n].fills and is_blank(doc, shape.parts[n].field)}
        return Create(fields, shape, frozenset(blank))
    unsure = link.graph_means.get(UNSURE, {})
    fields = {}
    for name, part in shape.parts.items():
        if part.field in held or not part.writes:
            continue
        if name in unsure:
            fields[name] = shown(shape, doc, link, part)
        elif link.graph_had.get(name) or (
            name in link.graph_had and (doc.get(part.field) or link.graph_means)
        ):
            value = shown(shape, doc, link, part)
            if not values.same(part.kind, value, meant(shape, link, part)):
                fields[name] = value
    if not fields:
        return NOTHING
    repeated = {
        name: meant(shape, link, shape.parts[name])
        for name in shape.carried
        if name in link.graph_had and name not in fields
    }
    return Update({**fields, **repeated}, tuple(fields), link.graph_had, shape)


def says_what_was_sent(shape: Shape, part: Part, value: Value, *, sent: Value) -> bool:
    """Say whether an item holds what was sent, with the end that Outlook was told if the record has none."""
    if values.same(part.kind, value, sent):
        return True
    if part.kind is not Kind.WHEN or not sent:
        return False
    return values.same(part.kind, value, shape.read(part, shape.payload({part.name: sent}, {})))


def is_blank(doc: Fields, name: str) -> bool:
    """Say whether a field was cleared, not just left out."""
    return name in doc and not doc[name]


def unagreed(shape: Shape, link: LinkView, fields: Container[str]) -> LinkView:
    """Return the view of a link in which these fields of the record were never agreed."""
    names = {part.name for part in shape.parts.values() if part.field in fields}
    had = {name: raw for name, raw in link.graph_had.items() if name not in names}
    means = {name: value for name, value in link.graph_means.items() if name not in {*names, UNSURE}}
    unsure = {name: doubt for name, doubt in link.graph_means.get(UNSURE, {}).items() if name not in names}
    return LinkView(had, {**means, UNSURE: unsure} if unsure else means, link.attempt)


class AttemptStands(Exception):  # noqa: N818  named after what happened
    """A write was to be sent while nobody knows what became of the one before: that is settled first."""


def attempted(write: Create | Update, link: LinkView, *, at: datetime, generation: int) -> Attempt:
    """Return the attempt to be committed before the write is sent, once none stands any more."""
    if link.attempt is not None:
        raise AttemptStands
    kind = AttemptKind.CREATE if isinstance(write, Create) else AttemptKind.UPDATE
    return Attempt(at, kind, write.fields, generation)
