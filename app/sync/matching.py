"""Recognise who is already there: matching is mutual, and for ever (``engine.md`` §12)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

MOST_HOLDERS = 3


@dataclass(frozen=True, slots=True)
class Review:
    """Items and records that may belong together, but not one to one: a person decides."""

    items: tuple[str, ...]
    records: tuple[str, ...]
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """``links`` pairs an item with its record; whoever is in neither is new."""

    links: Mapping[str, str] = field(default_factory=dict)
    reviews: tuple[Review, ...] = ()


def match(items: Mapping[str, Collection[str]], records: Mapping[str, Collection[str]]) -> Matches:
    """Pair items with records by the evidence each holds (``contact.match_keys``), in linear time.

    The same function guards a first sync, each import, each create and the naming of unnamed records: give it
    whatever the newcomers' keys reach on both sides. Further evidence (name, phone) is further keys.
    """
    holders, held = _holders(items), _holders(records)
    evidence = {
        key: (who, held[key])
        for key, who in holders.items()
        if key in held and len(who) <= MOST_HOLDERS and len(held[key]) <= MOST_HOLDERS
    }
    links: dict[str, str] = {}
    reviews: list[Review] = []
    for its, theirs, because in _components(items, records, evidence):
        if len(its) == len(theirs) == 1:
            links[its[0]] = theirs[0]
        else:
            reviews.append(Review(its, theirs, because))
    return Matches(links, tuple(reviews))


Evidence = Mapping[str, tuple[list[str], list[str]]]
Component = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def _holders(side: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    holders: dict[str, list[str]] = {}
    for who, keys in side.items():
        for key in dict.fromkeys(keys):
            holders.setdefault(key, []).append(who)
    return holders


def _components(
    items: Mapping[str, Collection[str]], records: Mapping[str, Collection[str]], evidence: Evidence
) -> Iterator[Component]:
    """Walk from each item over shared keys to whoever is reached, each once."""
    seen: set[str] = set()
    for item, keys in items.items():
        if item in seen or not any(key in evidence for key in keys):
            continue
        its, theirs, because = {item: None}, dict[str, None](), dict[str, None]()
        open_keys = [key for key in keys if key in evidence]
        while open_keys:
            key = open_keys.pop()
            if key in because:
                continue
            because[key] = None
            for side, reached, known in zip((items, records), evidence[key], (its, theirs), strict=True):
                for who in reached:
                    if who not in known:
                        known[who] = None
                        open_keys += [k for k in side[who] if k in evidence and k not in because]
        seen |= its.keys()
        yield tuple(its), tuple(theirs), tuple(sorted(because))
