"""Single-value extended properties: named values that apps keep on an item.

They are written in a body, never echoed, and shown only where ``$expand`` asks for them by id.
https://learn.microsoft.com/graph/api/resources/extended-properties-overview
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.graph.errors import bad_request
from sandbox.graph.values import MAX_NOTES, a_list, an_object, text

# key → [id as it was written, value]
Properties = dict[str, list[str]]

KINDS = "String|Integer|Boolean|SystemTime|Short|Long|Float|Double|Currency|ApplicationTime|CLSID|Binary"
GUID = r"\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?"
NAMED = re.compile(rf"({KINDS})\s+({GUID})\s+(Name\s+(.+)|Id\s+(0x[0-9a-f]+|\d+))", re.IGNORECASE)
TAGGED = re.compile(rf"({KINDS})\s+(0x[0-9a-f]+)", re.IGNORECASE)


def key_of(text_id: str) -> str:
    """Return what tells two properties apart, or raise Graph's 400 for an id in none of the three forms.

    Only the name is case-sensitive.
    """
    if named := NAMED.fullmatch(text_id.strip()):
        kind, guid, _, name, number = named.groups()
        return f"{kind.lower()} {guid.lower().strip('{}')} {name or number.lower()}"
    if tagged := TAGGED.fullmatch(text_id.strip()):
        return f"{tagged[1].lower()} {tagged[2].lower()}"
    raise bad_request(
        f"The extended property id '{text_id}' is malformed.", code="ErrorInvalidExtendedProperty"
    )


def read(body: Mapping[str, Any]) -> dict[str, list[str] | None]:
    """Return what a body says: key → [id, value], or None where it takes the property away."""
    said: dict[str, list[str] | None] = {}
    for index, entry in enumerate(
        a_list("singleValueExtendedProperties", body.get("singleValueExtendedProperties", []))
    ):
        name = f"singleValueExtendedProperties[{index}]"
        values = an_object(name, entry, names=("id", "value"), kind="singleValueLegacyExtendedProperty")
        written = text()(f"{name}.id", values.get("id"))
        if not written:
            raise bad_request(f"'{name}' has no id.", code="ErrorInvalidExtendedProperty")
        value = text(MAX_NOTES)(f"{name}.value", values.get("value"))
        said[key_of(written)] = None if value is None else [written, value]
    return said


def merged(properties: Properties, said: Mapping[str, list[str] | None]) -> Properties:
    """Return the properties after a write, which leaves alone those it does not name."""
    after = {**properties, **said}
    return {key: kept for key, kept in after.items() if kept is not None}


def shown(properties: Properties, keys: list[str]) -> list[dict[str, str]]:
    """Return those of the properties that were asked for."""
    return [{"id": properties[key][0], "value": properties[key][1]} for key in keys if key in properties]
