"""Recognise who is already there: matching is mutual, and for ever (``engine.md`` §12)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from app.records.evidence import Evidence, kind_of

MOST_HOLDERS: Final = 3
Side = Mapping[str, Evidence]
NOBODY: Final[Side] = {}


@dataclass(frozen=True, slots=True)
class Review:
    """Items and records that may belong together, but not one to one: a person decides."""

    items: tuple[str, ...]
    records: tuple[str, ...]
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """``links`` pairs an item with its record, ``ignored`` a copy with what it is a copy of.

    Whoever is in none of them is new.
    """

    links: Mapping[str, str] = field(default_factory=dict)
    ignored: Mapping[str, str] = field(default_factory=dict)
    reviews: tuple[Review, ...] = ()


def match(items: Side, records: Side, *, taken: Side = NOBODY, beyond: Side = NOBODY) -> Matches:
    """Pair items (the oldest first) with records by the evidence each holds, in linear time.

    The same function guards a first sync, each import, each create and the naming of unnamed records: give it
    whoever the newcomers' keys reach on both sides. ``taken`` are records that have an item here already,
    with that item's content; ``beyond`` those that this mailbox's user has no part in. Neither is linked; an
    item that may be one of them goes to review.
    """
    ignored = _copies(items, taken)
    newcomers = {item: evidence for item, evidence in items.items() if item not in ignored}
    crowd = _Crowd(newcomers, records, taken)
    links = crowd.exact_pairs()
    shadows = {item: crowd.shadows(item) for item in newcomers if item not in links}
    reviews: list[Review] = []
    seen: set[str] = set(links)
    for its, theirs, because in crowd.components(links):
        seen.update(its)
        doubts = dict.fromkeys(record for item in its for record in shadows[item])
        if len(its) == len(theirs) == 1 and not doubts:
            links[its[0]] = theirs[0]
        else:
            reviews.append(Review(its, (*theirs, *doubts), because))
    strangers = _Crowd({item: newcomers[item] for item in newcomers if item not in seen}, beyond, NOBODY)
    for item in strangers.items:
        found = {**shadows[item], **strangers.neighbours(item)}
        if found:
            kinds = {kind for each in found.values() for kind in each}
            reviews.append(Review((item,), tuple(found), tuple(sorted(kinds))))
    return Matches(links, ignored, tuple(reviews))


def stand_ins(copies: Side, ended: Side, *, others: Side = NOBODY) -> dict[str, str]:
    """Pair copies (the oldest first) with the records whose items are gone: equal ones, else namesakes.

    ``others`` are further records: a copy that may be one of theirs is no namesake.
    """
    alike = {evidence.content: record for record, evidence in ended.items() if evidence.content}
    pairs: dict[str, str] = {}
    for copy, evidence in copies.items():
        if (equal := alike.pop(evidence.content, None)) is not None:
            pairs[copy] = equal
    theirs = {key for evidence in others.values() for key in evidence.strong().keys}
    for copy, evidence in copies.items():
        keys = set(evidence.strong().keys)
        namesakes = [record for record, known in ended.items() if keys.intersection(known.strong().keys)]
        clear = len(namesakes) == 1 and namesakes[0] not in pairs.values() and not keys & theirs
        if clear and copy not in pairs:
            pairs[copy] = namesakes[0]
    return pairs


def _copies(items: Side, taken: Side) -> dict[str, str]:
    """Return the items that say the very same as an older one; whoever has no evidence is nobody's copy."""
    first = {evidence.content: record for record, evidence in taken.items() if evidence.content}
    copies: dict[str, str] = {}
    for item, evidence in items.items():
        if evidence.keys and evidence.content:
            known = first.setdefault(evidence.content, item)
            if known != item:
                copies[item] = known
    return copies


Component = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


class _Crowd:
    """Items, records and who holds which key. Each walk looks at a key once, and at most at three holders."""

    def __init__(self, items: Side, records: Side, taken: Side) -> None:
        self.items, self.records, self.taken = items, records, taken
        self.of_items = _holders({item: evidence.keys for item, evidence in items.items()})
        self.of_records = _holders({record: evidence.keys for record, evidence in records.items()})
        self.of_taken = _holders({record: (*e.keys, *e.exact) for record, e in taken.items()})

    def exact_pairs(self) -> dict[str, str]:
        """Pair who has both e-mail and name in common with nobody else: families share an address."""
        its = _holders({item: evidence.exact for item, evidence in self.items.items()})
        theirs = _holders({record: evidence.exact for record, evidence in self.records.items()})
        partners: dict[str, set[str]] = {}
        for key, holders in its.items():
            others = theirs.get(key, [])
            for one, other in ((one, other) for one in holders[:2] for other in others[:2]):
                partners.setdefault(one, set()).add(other)
                partners.setdefault(other, set()).add(one)
            if others and key in self.of_taken:
                for one in holders:
                    partners.setdefault(one, set()).add(self.of_taken[key][0])
        return {
            item: record
            for item in self.items
            if len(found := partners.get(item, set())) == 1
            and (record := next(iter(found))) in self.records
            and partners[record] == {item}
        }

    def shadows(self, item: str) -> dict[str, list[str]]:
        """Return the taken records that this item may be another wording of, with the kinds of evidence."""
        found: dict[str, list[str]] = {}
        for key in self.items[item].strong().keys:
            holders = self.of_taken.get(key, [])
            if len(holders) <= MOST_HOLDERS:
                for record in holders:
                    found.setdefault(record, []).append(kind_of(key))
        return found

    def neighbours(self, item: str) -> dict[str, list[str]]:
        """Return the records that share evidence with an item, each with the kinds of it."""
        found: dict[str, list[str]] = {}
        for key in self.items[item].keys:
            if self._counts(key):
                for record in self.of_records[key]:
                    found.setdefault(record, []).append(kind_of(key))
        return found

    def components(self, settled: Mapping[str, str]) -> Iterator[Component]:
        """Walk from each item over shared keys to whoever is reached, once. Settled pairs stand aside."""
        aside = {*settled, *settled.values()}
        seen = set(aside)
        for item in self.items:
            if item not in seen and any(self._counts(key) for key in self.items[item].keys):
                its, theirs, because = self._walk(item, aside)
                seen.update(its)
                if theirs:
                    yield its, theirs, because

    def _walk(self, start: str, aside: set[str]) -> Component:
        its, theirs, because = {start: None}, dict[str, None](), dict[str, None]()
        keys = list(self.items[start].keys)
        while keys:
            key = keys.pop()
            if key in because or not self._counts(key):
                continue
            because[key] = None
            for side, holders, known in (
                (self.items, self.of_items[key], its),
                (self.records, self.of_records[key], theirs),
            ):
                for who in holders:
                    if who not in known and who not in aside:
                        known[who] = None
                        keys += side[who].keys
        return tuple(its), tuple(theirs), tuple(sorted({kind_of(key) for key in because}))

    def _counts(self, key: str) -> bool:
        """Say whether both sides hold this key, and few enough of each. A taken record has an item, too."""
        its, theirs = len(self.of_items.get(key, ())), len(self.of_records.get(key, ()))
        taken = len(self.of_taken.get(key, ()))
        return 0 < its <= MOST_HOLDERS - taken and 0 < theirs <= MOST_HOLDERS - taken


def _holders(side: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    holders: dict[str, list[str]] = {}
    for who, keys in side.items():
        for key in dict.fromkeys(keys):
            holders.setdefault(key, []).append(who)
    return holders
