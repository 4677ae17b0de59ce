"""The rules that a settings schema keeps, so that any renderer can draw it (each yields what breaks it)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from openapi_schema_validator import OAS31Validator

Json = dict[str, Any]
BRANCHES: Final = (
    "$ref",
    "allOf",
    "anyOf",
    "if",
    "then",
    "else",
    "not",
    "enum",
    "dependentSchemas",
    "prefixItems",
)
EXTENSIONS: Final = {
    "x-order", "x-group", "x-groups", "x-widget", "x-show-if", "x-danger", "x-confirm", "x-unit", "x-options"
}  # fmt: skip
DANGERS: Final = {"deletes_in_microsoft", "deletes_in_crm", "mails_people"}
FIT: Final[Mapping[str, set[str]]] = {
    "radio": {"string"}, "select": {"string"}, "checkboxes": {"array"}, "tags": {"array"}, "switch": {"boolean"},
    "text": {"string"}, "number": {"integer", "number"}, "date": {"string"},
}  # fmt: skip
CHOICES: Final = {"radio", "select"}


def faults(document: Json, schema: Json) -> Iterator[str]:
    """Yield whatever is wrong with a schema of ``x-screens``."""
    yield from (f"{place} has {word}" for place, part in walked(schema) for word in BRANCHES if word in part)
    for place, part in walked(schema):
        unknown = {word for word in part if word.startswith("x-")} - EXTENSIONS
        yield from (f"{place} has {word}, which nobody knows" for word in sorted(unknown))
    yield from of_groups(schema)
    fields = schema["properties"]
    yield from of_order("the schema", fields)
    for name, part in fields.items():
        yield from of_field(name, part)
        if part.get("x-group") not in {group["id"] for group in schema["x-groups"]}:
            yield f"{name} is in no declared x-group"
        yield from of_condition(name, part, fields)
        yield from of_words(name, part, document)


def walked(part: Any, place: str = "") -> Iterator[tuple[str, Json]]:
    """Walk the schemas within a schema; names of fields are no words of a schema."""
    if isinstance(part, list):
        for number, inner in enumerate(part):
            yield from walked(inner, f"{place}/{number}")
    if not isinstance(part, dict):
        return
    yield place or "the schema", part
    for word, inner in part.items():
        if word == "properties":
            for name, field in inner.items():
                yield from walked(field, f"{place}/{name}")
        elif word not in {"default", "examples", "x-show-if", "x-confirm", "x-options"}:
            yield from walked(inner, f"{place}/{word}")


def of_groups(schema: Json) -> Iterator[str]:
    groups = schema.get("x-groups", [])
    for group in groups:
        if set(group) != {"id", "title", "order"}:
            yield f"a group is an id, a title and an order: {group}"
        elif group["id"] not in {part.get("x-group") for part in schema["properties"].values()}:
            yield f"the group {group['id']} has no field"
    for word in ("id", "order"):
        if len({group.get(word) for group in groups}) < len(groups):
            yield f"two groups have one {word}"


def of_order(place: str, fields: Json) -> Iterator[str]:
    orders = [part.get("x-order") for part in fields.values()]
    if None in orders or len(set(orders)) < len(orders):
        yield f"{place}: each field has an x-order of its own"


def of_field(name: str, part: Json) -> Iterator[str]:
    if not 0 < len(part.get("title", "")) <= 40:
        yield f"{name} has a title of at most 40 characters"
    for word in ("description", "default", "examples", "type"):
        if word not in part or (part[word] in ("", []) and word != "default"):
            yield f"{name} has no {word}"
    if not part.get("type") or "$ref" in part:
        return
    for value in [part.get("default"), *part.get("examples", [])]:
        yield from (f"{name}: {error.message}" for error in OAS31Validator(part).iter_errors(value))
    if kind(part) == "object":
        yield from of_object(name, part)
    else:
        yield from of_widget(name, part)
        yield from of_choice(name, part)
    yield from of_danger(name, part)


def kind(part: Json) -> str:
    """Return the type of a field, null aside."""
    told = part.get("type", "")
    return next(iter({*told} - {"null"}), "") if isinstance(told, list) else told


def of_object(name: str, part: Json) -> Iterator[str]:
    """One optional choice for each field of the entity, and no free keys."""
    if part.get("additionalProperties") is not False:
        yield f"{name} has free keys"
    yield from of_order(name, part["properties"])
    for inner, choice in part["properties"].items():
        yield from of_field(f"{name}/{inner}", choice)
        if "null" not in choice["type"] or "oneOf" not in choice:
            yield f"{name}/{inner} is no optional choice"


def of_widget(name: str, part: Json) -> Iterator[str]:
    widget = part.get("x-widget")
    if widget == "hidden":
        return
    if kind(part) not in FIT.get(str(widget), set()):
        yield f"{name}: {widget} is no widget for it"
    if widget == "date" and part.get("format") != "date":
        yield f"{name} is no date"
    if (widget in CHOICES) != ("oneOf" in part):
        yield f"{name}: choices, and only they, are radio or select"
    if widget == "checkboxes" and "oneOf" not in part["items"] and "x-options" not in part:
        yield f"{name} has nothing to tick"
    if "x-unit" in part and widget != "number":
        yield f"{name}: a unit is of a number"


def of_choice(name: str, part: Json) -> Iterator[str]:
    several = kind(part) == "array"
    if several and not (part.get("uniqueItems") is True and "type" in part.get("items", {})):
        yield f"{name}: several have a type and are each once"
    optional = isinstance(part.get("type"), list)
    if optional and (part["type"][1:] != ["null"] or part.get("default", "") is not None):
        yield f"{name}: what is optional has null last, and as its default"
    for option in (part.get("items", {}) if several else part).get("oneOf", []):
        null = optional and option.get("const", "") is None
        if not {"const", "title"} <= set(option) or not (null or several or option.get("description")):
            yield f"{name}: a choice is told by const, title and description: {option}"


def consts(part: Json) -> set[Any]:
    """Return what a field may be, as far as it is a choice."""
    if kind(part) == "boolean":
        return {True, False}
    return {option.get("const") for option in part.get("oneOf", [])}


def of_danger(name: str, part: Json) -> Iterator[str]:
    if part.get("x-danger") not in {None, *DANGERS}:
        yield f"{name}: {part['x-danger']} is no danger that we know"
    confirm = part.get("x-confirm")
    if part.get("x-danger") and not confirm:
        yield f"{name} is dangerous and asks nobody"
    if confirm and (
        set(confirm) != {"values", "title", "detail"} or not {*confirm["values"]} <= consts(part)
    ):
        yield f"{name}: x-confirm has values of the field, a title and a detail"


def of_condition(name: str, part: Json, fields: Json) -> Iterator[str]:
    for other, allowed in part.get("x-show-if", {}).items():
        if other not in fields or other == name or not allowed or not {*allowed} <= consts(fields[other]):
            yield f"{name} depends on what {other} can't be"


def of_words(name: str, part: Json, document: Json) -> Iterator[str]:
    wanted = part.get("x-options")
    if wanted is None:
        return
    if set(wanted) != {"operation", "pointer", "value", "title"}:
        yield f"{name}: x-options has an operation, a pointer, a value and a title"
        return
    answer = answer_of(document, wanted["operation"])
    for step in wanted["pointer"].strip("/").split("/"):
        answer = resolved(document, answer.get("properties", {}).get(step, {}))
    word = resolved(document, answer.get("items", {})).get("properties", {})
    if not {wanted["value"], wanted["title"]} <= set(word):
        yield f"{name}: {wanted['operation']} has no such words at {wanted['pointer']}"


def answer_of(document: Json, operation_id: str) -> Json:
    """Return the schema of what an operation answers."""
    for item in document["paths"].values():
        for operation in item.values():
            if operation["operationId"] == operation_id:
                return resolved(
                    document, operation["responses"]["200"]["content"]["application/json"]["schema"]
                )
    return {}


def resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
