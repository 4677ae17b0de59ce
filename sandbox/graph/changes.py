"""The order in which the entries of a collection last changed: what a delta query reads.

Each entry stands once, at its latest change; a page is a bisection and a slice, whatever the size.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

# An item's number and its generation: with default ids a moved item is another item. A third number stands
# for one row of a series.
Slot = tuple[int, ...]

TOMBSTONES_KEPT = 20_000
STALE_BEFORE_COMPACTING = 1_000


@dataclass(slots=True)
class Changes:
    """One collection's changes, oldest first.

    ``forgotten`` is the highest position whose removal is no longer known: an older token has expired.
    Quirk: Outlook's tokens have no fixed life, old ones are pushed out of a cache.
    https://learn.microsoft.com/graph/delta-query-overview
    """

    positions: list[int] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    latest: dict[Slot, int] = field(default_factory=dict)
    removed: dict[Slot, int] = field(default_factory=dict)
    forgotten: int = 0
    stale: int = 0

    @property
    def head(self) -> int:
        return self.positions[-1] if self.positions else 0

    def touched(self, slot: Slot, position: int) -> None:
        """Note that an entry was made or changed."""
        self.removed.pop(slot, None)
        self._append(slot, position)

    def gone(self, slot: Slot, position: int) -> None:
        """Note that an entry left the collection."""
        self.removed.pop(slot, None)
        self.removed[slot] = position
        self._append(slot, position)
        if len(self.removed) > TOMBSTONES_KEPT:
            oldest = next(iter(self.removed))
            self.forgotten = self.removed.pop(oldest)
            del self.latest[oldest]
            self.stale += 1

    def after(self, position: int) -> Iterator[tuple[int, Slot, bool]]:
        """Yield (position, entry, was it removed) of what changed after a position, oldest first."""
        for index in range(bisect_right(self.positions, position), len(self.positions)):
            slot, at = self.slots[index], self.positions[index]
            if self.latest.get(slot) == at:
                yield at, slot, slot in self.removed

    def before(self, position: int) -> tuple[int, Slot, bool] | None:
        """Return the last change at or before a position, if any still stands."""
        for index in range(bisect_right(self.positions, position) - 1, -1, -1):
            slot, at = self.slots[index], self.positions[index]
            if self.latest.get(slot) == at:
                return at, slot, slot in self.removed
        return None

    def _append(self, slot: Slot, position: int) -> None:
        if slot in self.latest:
            self.stale += 1
        self.latest[slot] = position
        self.positions.append(position)
        self.slots.append(slot)
        if self.stale > STALE_BEFORE_COMPACTING and self.stale * 4 > len(self.positions):
            self._compact()

    def _compact(self) -> None:
        kept = [
            (at, slot)
            for at, slot in zip(self.positions, self.slots, strict=True)
            if self.latest.get(slot) == at
        ]
        self.positions = [at for at, _ in kept]
        self.slots = [slot for _, slot in kept]
        self.stale = 0
