"""What people did, kept beside the world: every value is given once, so that each can be looked for."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Ledger:
    """Edits and deletions by person. ``replaced`` has, for each value given, those its giver had seen.

    A field that somebody emptied was given a value too: one that is visible wherever nothing is.
    """

    edits: int = 0
    owner: dict[str, str] = field(default_factory=dict)
    deletions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    away: set[tuple[str, str]] = field(default_factory=set)
    replaced: dict[tuple[str, str], dict[Any, set[Any]]] = field(default_factory=lambda: defaultdict(dict))
    nothing: dict[tuple[str, str], set[Any]] = field(default_factory=lambda: defaultdict(set))

    def born(self, person: str, *, owner: str) -> None:
        self.owner[person] = owner

    def edit(self, person: str, name: str, *, replaced: list[Any], by: str) -> str:
        """Return a value that nobody ever gave, noting what it stands in place of."""
        self.edits += 1
        value = f"{by} {self.edits}"
        self.replaced[person, name][value] = self._seen(person, name, replaced)
        return value

    def empty(self, person: str, name: str, *, replaced: list[Any], by: str) -> str:
        """Note that somebody emptied a field; return what stands here for the nothing they gave it."""
        value = self.edit(person, name, replaced=replaced, by=f"nothing by {by}")
        self.nothing[person, name].add(value)
        return value

    def _seen(self, person: str, name: str, values: list[Any]) -> set[Any]:
        seen = {each for each in values if each}
        return seen or set(self.nothing[person, name])

    def knew(self, person: str, name: str, value: str, *, also: Any) -> None:
        """Note that the giver's system had taken in another value by the time it told of this one."""
        if also != value:
            self.replaced[person, name][value] |= self._seen(person, name, [also]) - {value}

    def deleted(self, person: str, *, by: str) -> None:
        self.deletions[person].add(by)

    def moved(self, person: str, *, of: str, away: bool) -> None:
        (self.away.add if away else self.away.discard)((person, of))

    def lost(self, person: str, name: str, *, visible: set[Any]) -> set[Any]:
        """Return the values that are neither visible nor knowingly replaced by one that is."""
        given = self.replaced.get((person, name), {})
        nothing = self.nothing[person, name]
        known, open_ = set(), [value for value in visible if value in given]
        open_ += nothing if None in visible else ()
        while open_:
            value = open_.pop()
            if value not in known:
                known.add(value)
                open_ += [each for each in given[value] if each in given]
        return set(given) - known - nothing
