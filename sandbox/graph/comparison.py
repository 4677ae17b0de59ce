"""``$filter`` of events by their own values: clauses joined by ``and``.

Quirk: a time in a dateTimeTimeZone is compared as text in quotes, any other without.
https://learn.microsoft.com/graph/filter-query-parameter
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sandbox.graph.errors import invalid_filter

Comparable = Literal["text", "time", "flag"]
Value = str | bool | datetime

WORD = re.compile(
    r"\s*(?:([\w/]+)\s+(eq|ne|gt|ge|lt|le)\s+('(?:[^']|'')*'|[\w:.+-]+)|startswith\(\s*([\w/]+)\s*,\s*('(?:[^']|'')*')\s*\))\s*",
    re.IGNORECASE,
)
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt,
    "le": operator.le, "startswith": lambda one, other: one.startswith(other),
}  # fmt: skip
ALLOWED: Mapping[Comparable, frozenset[str]] = {
    "text": frozenset({"eq", "ne", "startswith"}),
    "time": frozenset({"eq", "ne", "gt", "ge", "lt", "le"}),
    "flag": frozenset({"eq", "ne"}),
}


@dataclass(frozen=True, slots=True)
class Clause:
    path: tuple[str, ...]
    kind: Comparable
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Compared:
    clauses: tuple[Clause, ...]

    def matches(self, document: Mapping[str, Any]) -> bool:
        """Say whether an event, as it is shown in UTC, is what was asked for."""
        return all(_holds(clause, document) for clause in self.clauses)


def read(said: str, comparable: Mapping[str, Comparable]) -> Compared:
    """Read the clauses of a filter, or raise Graph's 400."""
    return Compared(tuple(_clauses(said, {name.lower(): name for name in comparable}, comparable)))


def _clauses(said: str, known: Mapping[str, str], comparable: Mapping[str, Comparable]) -> Iterator[Clause]:
    position = 0
    while True:
        matched = WORD.match(said, position)
        if matched is None:
            raise invalid_filter(said)
        name, word, literal, started, beginning = matched.groups()
        path = known.get((name or started).lower())
        named = word.lower() if word else "startswith"
        if path is None or named not in ALLOWED[comparable[path]]:
            raise invalid_filter(said)
        kind = comparable[path]
        value = _value(literal or beginning, kind=kind, quoted="/" in path or kind == "text")
        yield Clause(tuple(path.split("/")), kind, named, value)
        position = matched.end()
        if position == len(said):
            return
        if said[position : position + 4].lower() != "and ":
            raise invalid_filter(said)
        position += len("and")


def _value(literal: str, *, kind: Comparable, quoted: bool) -> Value:
    if literal.startswith("'") is not quoted:
        raise invalid_filter(literal)
    bare = literal[1:-1].replace("''", "'") if quoted else literal
    if kind == "text":
        return bare.lower()
    if kind == "flag":
        if bare.lower() not in {"true", "false"}:
            raise invalid_filter(literal)
        return bare.lower() == "true"
    return _time(bare)


def _time(said: str) -> datetime:
    try:
        at = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", said))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise invalid_filter(said) from None


def _holds(clause: Clause, document: Mapping[str, Any]) -> bool:
    value: Any = document
    for name in clause.path:
        value = None if value is None else value.get(name)
    if value is None and clause.kind == "time":
        return clause.operator == "ne"
    shown = (
        _time(value)
        if clause.kind == "time"
        else str(value or "").lower()
        if clause.kind == "text"
        else value
    )
    return COMPARE[clause.operator](shown, clause.value)
