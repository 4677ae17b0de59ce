"""Bodies made from schemas: the least that is valid, and what is wrong in one place."""

import re
from collections.abc import Iterator
from typing import Any

from tests.contract.stage import DOCUMENT

Json = dict[str, Any]
Path = tuple[str | int, ...]
KINDS: dict[str, Any] = {"object": {}, "array": ["text"], "string": "text", "number": 1.5, "boolean": True}
OF_TYPE: dict[str, Any] = {
    "object": {},
    "array": [],
    "string": "text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
}


def plain(schema: Json) -> Json:
    """Return a schema without references, and of alternatives the one that isn't null."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    return {**schema, **plain(kinds[0])} if len(kinds) == 1 else schema


def types(schema: Json) -> set[str]:
    """Return the types that a value may have; none where anything goes."""
    if "$ref" in schema:
        return types(plain(schema))
    if "anyOf" in schema:
        return set().union(*map(types, schema["anyOf"]))
    told = schema.get("type", [])
    return {told} if isinstance(told, str) else set(told)


def minimal(schema: Json) -> Any:
    """Return the least value that the schema takes."""
    schema = plain(schema)
    kinds = types(schema) - {"null"}
    if "object" in kinds:
        one_way = next(iter(schema.get("oneOf", [])), {})
        names = dict.fromkeys([*schema.get("required", []), *one_way.get("required", [])])
        return {name: minimal(schema["properties"][name]) for name in names}
    if "array" in kinds:
        return [minimal(schema["items"])] * schema.get("minItems", 0)
    for word in ("examples", "enum"):
        if schema.get(word):
            return schema[word][0]
    return schema.get("const", schema.get("default", OF_TYPE[min(kinds)] if kinds else None))


def places(schema: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Walk every property of a body and what is in it: where it stands, and its schema."""
    yield path, schema
    inner = plain(schema)
    for name, part in inner.get("properties", {}).items():
        yield from places(part, (*path, name))
    if "items" in inner:
        yield from places(inner["items"], (*path, 0))
    if isinstance(inner.get("additionalProperties"), dict):
        yield from places(inner["additionalProperties"], (*path, "key"))


def planted(schema: Json, path: Path, value: Any) -> Any:
    """Return the least body that has this value in that place."""
    if not path:
        return value
    schema, (step, *rest) = plain(schema), path
    if isinstance(step, int):
        return [planted(schema["items"], tuple(rest), value)]
    inner = schema.get("properties", {}).get(step, schema.get("additionalProperties"))
    return {**minimal(schema), step: planted(inner, tuple(rest), value)}


def pointer(path: Path) -> str:
    return "".join(f"/{step}" for step in path)


def wrong_values(schema: Json) -> Iterator[tuple[str, Any]]:
    """Return values that this place doesn't take, each with a name for its kind of wrong."""
    allowed = types(schema)
    if not allowed:
        return
    numbers = allowed & {"integer", "number"}
    wrong = [
        value for kind, value in KINDS.items() if kind not in allowed and not (numbers and kind == "number")
    ]
    yield "type", wrong[-1] if "string" in allowed else wrong[0]
    if "null" not in allowed:
        yield "null", None
    yield from outside(plain(schema))


def outside(schema: Json) -> Iterator[tuple[str, Any]]:
    """Return values of the right type that the schema's words exclude."""
    if "enum" in schema or "const" in schema or "oneOf" in schema:
        yield "choice", "nonsense"
    elif "minimum" in schema:
        yield "low", schema["minimum"] - 1
    if "maximum" in schema:
        yield "high", schema["maximum"] + 1
    if schema.get("minLength"):
        yield "empty", ""
    if "maxLength" in schema:
        yield "long", (minimal(schema) * (schema["maxLength"] + 1))[: schema["maxLength"] + 1]
    if "pattern" in schema and not re.search(schema["pattern"], " \x01"):
        yield "pattern", " \x01"
    if "format" in schema:
        yield "format", "nonsense"
    if "items" in schema:
        yield from wrong_lists(schema)


def wrong_lists(schema: Json) -> Iterator[tuple[str, Any]]:
    if "maxItems" in schema:
        yield "many", one(schema) * (schema["maxItems"] + 1)
    if schema.get("minItems"):
        yield "few", []
    if schema.get("uniqueItems"):
        yield "twice", one(schema) * 2


def one(schema: Json) -> list[Any]:
    """Return a list of one entry."""
    examples = schema.get("examples", [])
    return examples[0][:1] if examples and examples[0] else [minimal(schema["items"])]
