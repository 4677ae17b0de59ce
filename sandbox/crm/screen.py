"""The settings screen, drawn from Concord's OpenAPI document: no field is named here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.crm.concord import Json

SCREEN = "contacts"


@dataclass(frozen=True, slots=True)
class Field:
    """One setting as a form shows it. ``show_if``: only while those fields have one of those values."""

    name: str
    title: str
    description: str
    widget: str
    choices: list[Json]
    value: Any
    dangerous: bool
    show_if: Mapping[str, list[Any]]


def fields(openapi: Json, *, settings: Json) -> list[Field]:
    """Return the settings that a person may choose, in the order in which Concord wants them shown."""
    screen = next(one for one in openapi["x-screens"] if one["id"] == SCREEN)
    schema = openapi
    for step in screen["schema"].removeprefix("#/").split("/"):
        schema = schema[step]
    shown = [
        _field(name, rule, settings)
        for name, rule in schema["properties"].items()
        if not rule.get("readOnly") and name in settings and _kind(rule) in {"string", "boolean"}
    ]
    return sorted(shown, key=lambda field: schema["properties"][field.name].get("x-order", 0))


def chosen(form: Mapping[str, Any], *, fields: list[Field]) -> Json:
    """Return, as a merge patch, what a posted form changes."""
    said = {
        field.name: field.name in form if field.widget == "switch" else str(form.get(field.name, field.value))
        for field in fields
    }
    return {field.name: said[field.name] for field in fields if said[field.name] != field.value}


def _field(name: str, rule: Json, settings: Json) -> Field:
    return Field(
        name=name,
        title=rule["title"],
        description=rule["description"],
        widget="switch" if _kind(rule) == "boolean" else "radio" if "oneOf" in rule else "text",
        choices=rule.get("oneOf", []),
        value=settings[name],
        dangerous="x-danger" in rule,
        show_if=rule.get("x-show-if", {}),
    )


def _kind(rule: Json) -> Any:
    kinds = rule.get("type")
    return next((kind for kind in kinds if kind != "null"), None) if isinstance(kinds, list) else kinds
