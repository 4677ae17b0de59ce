"""OData query options, each checked against what the resource is documented to support.

Quirk: Graph takes option names with or without ``$`` and in any letter case.
https://learn.microsoft.com/graph/query-parameters
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sandbox.graph import comparison, extended
from sandbox.graph.comparison import Comparable, Compared
from sandbox.graph.errors import bad_query, bad_request, invalid_filter, not_built

Pairs = Sequence[tuple[str, str]]

OPTIONS = frozenset(
    {"select", "expand", "filter", "orderby", "search", "top", "skip", "count", "skiptoken", "deltatoken"}
)
MAX_TOP = 1000
ANY = re.compile(r"(\w+)/any\(\s*(\w+)\s*:(.+)\)", re.IGNORECASE | re.DOTALL)
LITERAL = r"'((?:[^']|'')*)'"


@dataclass(frozen=True, slots=True)
class HasAddress:
    """``emailAddresses/any(a:a/address eq 'x')``."""

    address: str


@dataclass(frozen=True, slots=True)
class HasProperty:
    """``singleValueExtendedProperties/Any(ep: ep/id eq 'x' and ep/value eq 'y')``."""

    key: str
    value: str


Filter = HasAddress | HasProperty | Compared


@dataclass(frozen=True, slots=True)
class Order:
    name: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """The options of a list or of one item.

    ``expand`` holds the keys of extended properties to show, ``nested`` the other things to show inside.
    """

    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    filter: Filter | None = None
    orderby: tuple[Order, ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What a resource understands: its properties, and those that can be sorted by or expanded."""

    kind: str
    properties: frozenset[str]
    sortable: frozenset[str] = frozenset()
    navigation: frozenset[str] = frozenset()
    nested: frozenset[str] = frozenset()  # of navigation, what $expand shows whole
    comparable: Mapping[str, Comparable] = field(default_factory=dict)
    options: frozenset[str] = OPTIONS - {"search", "skiptoken", "deltatoken"}
    tracked: frozenset[str] = frozenset({"select"})  # of the options, what a delta query takes


def only(rules: Rules, names: set[str]) -> Rules:
    """Return the same resource where it takes these options only."""
    return replace(rules, options=frozenset(names))


def options(pairs: Pairs) -> dict[str, str]:
    """Return the options by bare lower-case name; an unknown or repeated one is refused."""
    found: dict[str, str] = {}
    for written, value in pairs:
        name = written.removeprefix("$").lower()
        if name not in OPTIONS:
            raise bad_request(f"The query parameter '{written}' is not supported.")
        if name in found:
            raise bad_request(
                f"Query option '{written}' was specified more than once; it must be specified at most once."
            )
        found[name] = value
    return found


def query(pairs: Pairs, rules: Rules) -> Query:
    """Read the options of a request, or raise Graph's 400 for what this resource does not support."""
    said = options(pairs)
    for name in said:
        if name not in rules.options:
            raise bad_request(
                f"The query option '${name}' is not supported on '{rules.kind}'.", code="ErrorInvalidUrlQuery"
            )
    keys, nested = expanded(said.get("expand"), rules)
    return Query(
        select=selected(said.get("select"), rules),
        expand=keys,
        nested=nested,
        filter=_filtered(said.get("filter"), rules),
        orderby=_ordered(said.get("orderby"), rules),
        top=page_size(said.get("top")),
        skip=_number("$skip", said["skip"], least=0) if "skip" in said else 0,
        count=_boolean("$count", said["count"]) if "count" in said else False,
    )


def selected(said: str | None, rules: Rules) -> tuple[str, ...]:
    """Return the names that ``$select`` lists, in the spelling of the metadata."""
    if said is None:
        return ()
    known = {name.lower(): name for name in rules.properties | rules.navigation}
    names = [name.strip() for name in said.split(",")]
    for name in names:
        if name != "*" and name.lower() not in known:
            raise bad_query(
                f"Could not find a property named '{name}' on type 'microsoft.graph.{rules.kind}'."
            )
    return () if "*" in names else tuple(known[name.lower()] for name in names)


def page_size(said: str | None) -> int | None:
    """Read ``$top``."""
    return None if said is None else _number("$top", said, least=1, most=MAX_TOP)


def expanded(said: str | None, rules: Rules) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys of extended properties, and the other things to show inside."""
    keys: list[str] = []
    nested: list[str] = []
    known = {navigation.lower(): navigation for navigation in rules.navigation}
    for part in _apart(said) if said is not None else ():
        name, _, inside = part.strip().partition("(")
        if name.lower() not in known:
            raise bad_query(
                f"Could not find a property named '{name}' on type 'microsoft.graph.{rules.kind}'."
            )
        if known[name.lower()] == "singleValueExtendedProperties":
            keys += _keys(inside)
        elif known[name.lower()] in rules.nested and not inside:
            nested.append(known[name.lower()])
        else:
            raise not_built(f"$expand={part[:200]}")
    return tuple(keys), tuple(nested)


def _apart(said: str) -> list[str]:
    """Split at commas that stand in no brackets and no quotes."""
    parts, depth, quoted = [""], 0, False
    for letter in said:
        quoted ^= letter == "'"
        depth += 0 if quoted else {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _keys(inside: str) -> list[str]:
    """Read ``$filter=id eq 'x' or id eq 'y')``."""
    written = re.fullmatch(r"\s*\$?filter=(.+)\)", inside, re.IGNORECASE | re.DOTALL)
    if written is None:
        raise bad_request(
            "Expanding singleValueExtendedProperties needs a $filter by id.", code="ErrorInvalidUrlQuery"
        )
    keys = []
    for clause in re.split(r"\s+or\s+", written[1].strip(), flags=re.IGNORECASE):
        wanted = re.fullmatch(rf"\(?\s*(?:\w+/)?id\s+eq\s+{LITERAL}\s*\)?", clause, re.IGNORECASE)
        if wanted is None:
            raise invalid_filter(clause)
        keys.append(extended.key_of(wanted[1].replace("''", "'")))
    return keys


def _filtered(said: str | None, rules: Rules) -> Filter | None:
    """Read ``$filter``. Quirk: contacts are filtered by address or by an extended property, in one way each.

    https://learn.microsoft.com/graph/api/user-list-contacts
    """
    if said is None:
        return None
    written = ANY.fullmatch(said.strip())
    if written is None:
        if not rules.comparable:
            raise invalid_filter(said)
        return comparison.read(said, rules.comparable)
    name, variable, inside = written.groups()
    terms = _terms(inside, variable=variable)
    match name.lower(), terms:
        case "emailaddresses", {"address": address, **rest} if not rest and rules.kind == "contact":
            return HasAddress(address.lower())
        case "singlevalueextendedproperties", {"id": wanted, "value": value, **rest} if not rest:
            return HasProperty(extended.key_of(wanted), value.lower())
    raise invalid_filter(said)


def _terms(inside: str, *, variable: str) -> dict[str, str]:
    """Read ``v/x eq 'a' and v/y eq 'b'``."""
    term = re.compile(rf"\s*{re.escape(variable)}/(\w+)\s+eq\s+{LITERAL}\s*", re.IGNORECASE)
    found, position = {}, 0
    while matched := term.match(inside, position):
        found[matched[1].lower()] = matched[2].replace("''", "'")
        position = matched.end()
        joined: Literal["and"] | None = "and" if inside[position : position + 3].lower() == "and" else None
        if joined is None:
            break
        position += len(joined)
    if inside[position:].strip() or not found:
        raise invalid_filter(inside)
    return found


def _ordered(said: str | None, rules: Rules) -> tuple[Order, ...]:
    orders = []
    known = {name.lower(): name for name in rules.sortable}
    for clause in said.split(",") if said is not None else ():
        name, _, way = clause.strip().partition(" ")
        if name.lower() not in known or way.strip().lower() not in {"", "asc", "desc"}:
            raise bad_request(
                f"The order-by clause '{clause.strip()}' is not supported.", code="ErrorInvalidUrlQuery"
            )
        orders.append(Order(known[name.lower()], way.strip().lower() == "desc"))
    return tuple(orders)


def whole_number(said: str) -> int | None:
    """Return a number of at most nine digits, or None."""
    return int(said) if re.fullmatch(r"[0-9]{1,9}", said) else None


def _number(name: str, said: str, *, least: int, most: int | None = None) -> int:
    number = whole_number(said)
    if number is None or number < least or (most is not None and number > most):
        wanted = f"at least {least}" if most is None else f"between {least} and {most}"
        raise bad_request(
            f"Invalid value '{said[:40]}' for {name}: it must be a number {wanted}.",
            code="ErrorInvalidUrlQuery",
        )
    return number


def _boolean(name: str, said: str) -> bool:
    if said.lower() not in {"true", "false"}:
        raise bad_request(
            f"Invalid value '{said[:40]}' for {name}: it must be true or false.", code="ErrorInvalidUrlQuery"
        )
    return said.lower() == "true"
