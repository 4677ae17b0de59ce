"""Recognise who is already there: matching is mutual, and for ever (``engine.md`` §12)."""

from collections.abc import Collection, Mapping
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
    whatever the newcomers' keys reach on both sides.
    """
    raise NotImplementedError
