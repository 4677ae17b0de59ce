"""Values in the bodies of requests, held against the types of Graph's metadata (EDM)."""

import re
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.errors import GraphError
from sandbox.graph.errors import bad_request, not_built, unreadable

Reader = Callable[[str, Any], Any]

# What one property of a row can hold. Microsoft publishes no figure for contacts; this refuses the absurd.
MAX_TEXT = 32_767
# Notes and extended properties are streams.
MAX_NOTES = 1_000_000
TIME = re.compile(
    r"(\d{4})-(0[1-9]|1[012])-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d))?"
)


def text(most: int = MAX_TEXT) -> Reader:
    """Return a reader of Edm.String."""

    def read(name: str, value: Any) -> str | None:
        if value is not None and not isinstance(value, str):
            raise wrong_type(name, value, expected="Edm.String")
        if value is not None and len(value) > most:
            raise bad_request(
                f"The value of property '{name}' has {len(value)} characters; at most {most} are allowed.",
                code="ErrorPropertyValidationFailure",
            )
        return value

    return read


class Strings:
    """Reads Collection(Edm.String); empty entries are not kept."""

    def __call__(self, name: str, value: Any) -> list[str]:
        read = text()
        return [entry for entry in (read(f"{name}[]", entry) for entry in a_list(name, value)) if entry]


def one_of(names: Iterable[str], *, kind: str) -> Reader:
    """Return a reader of an enum, in any letter case."""
    spelled = {name.lower(): name for name in names}

    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or value.lower() not in spelled:
            raise wrong_type(name, value, expected=f"microsoft.graph.{kind}")
        return spelled[value.lower()]

    return read


def a_boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise wrong_type(name, value, expected="Edm.Boolean")
    return value


def a_whole_number(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise wrong_type(name, value, expected="Edm.Int32")
    return value


def a_list(name: str, value: Any) -> list[Any]:
    if value is None:
        raise unreadable(
            f"A null value was found for the property named '{name}', which is a non-nullable collection."
        )
    if not isinstance(value, list):
        raise wrong_type(name, value, expected="Collection")
    return value


def an_object(name: str, value: Any, *, names: Iterable[str], kind: str) -> dict[str, Any]:
    """Read a complex value that has these properties and no others; annotations say nothing."""
    if not isinstance(value, dict):
        raise wrong_type(name, value, expected=f"microsoft.graph.{kind}")
    for key in value:
        if key not in names and "@" not in key:
            raise no_such_property(key, f"#microsoft.graph.{kind}")
    return value


def a_time(name: str, value: Any, *, bare_date: bool = False) -> str:
    """Read Edm.DateTimeOffset and return it in UTC, as Graph shows it."""
    matched = TIME.fullmatch(value) if isinstance(value, str) else None
    if matched is None or not (matched[4] or bare_date):
        raise wrong_type(name, value, expected="Edm.DateTimeOffset")
    try:
        at = datetime.fromisoformat(_microseconds(value))
        return shown_time(at.replace(tzinfo=at.tzinfo or UTC))
    except (ValueError, OverflowError) as error:
        raise wrong_type(name, value, expected="Edm.DateTimeOffset") from error


def moment(name: str, value: Any) -> datetime:
    """Read Edm.DateTimeOffset as a time."""
    return datetime.fromisoformat(a_time(name, value))


def shown_time(at: datetime) -> str:
    """Return a time as Outlook shows it: UTC, whole seconds where it has no fraction."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def of_type(body: Mapping[str, Any], kind: str) -> None:
    """Refuse a body that says it is something else; SDKs write ``#microsoft.graph.contact``."""
    said = body.get("@odata.type", kind)
    if not isinstance(said, str) or said.lower().lstrip("#") != kind.lower().lstrip("#"):
        raise unreadable(f"A type named '{said}' is not assignable to the expected type '{kind}'.")


def no_such_property(name: str, kind: str) -> GraphError:
    return unreadable(
        f"The property '{name}' does not exist on type '{kind.lstrip('#')}'. Make sure to only use property "
        "names that are defined by the type."
    )


def wrong_type(name: str, value: Any, *, expected: str) -> GraphError:
    shown = repr(value)[:80]
    return unreadable(
        f"Cannot convert the literal {shown} of property '{name}' to the expected type '{expected}'."
    )


def _microseconds(value: str) -> str:
    """Cut a fraction to six digits: Graph writes seven, Python reads six."""
    return re.sub(r"(\.\d{6})\d+", r"\1", value)


def said_in(
    body: Mapping[str, Any],
    type_name: str,
    *,
    readers: Mapping[str, Reader],
    silent: Container[str],
    missing: Container[str],
) -> dict[str, Any]:
    """Return what a body says about an entity of a type, or raise Graph's 400.

    Properties in ``silent`` and annotations say nothing; those in ``missing`` are Graph's but not built.
    """
    said: dict[str, Any] = {}
    of_type(body, type_name)
    for name, value in body.items():
        if name in readers:
            said[name] = readers[name](name, value)
        elif name in missing:
            raise not_built(f"{type_name.rpartition('.')[2]}.{name}")
        elif name not in silent and "@" not in name:
            raise no_such_property(name, type_name)
    return said
