"""The settings screens as they are published: any renderer can draw them, and whom they are for can use them."""

from copy import deepcopy

import pytest
from openapi_schema_validator import OAS31Validator

from tests.contract.screen_rules import answer_of, faults, resolved
from tests.contract.stage import DOCUMENT, OPERATIONS

SCREENS = {screen["id"]: screen for screen in DOCUMENT["x-screens"]}
BY_ID = {operation.id: operation for operation in OPERATIONS}
every_screen = pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS)


def schema_of(screen):
    return DOCUMENT["components"]["schemas"][screen["schema"].rpartition("/")[2]]


@every_screen
def test_a_settings_schema_can_be_drawn_by_any_renderer(screen):
    assert list(faults(DOCUMENT, schema_of(screen))) == []


@every_screen
def test_a_screen_names_operations_that_its_audience_may_use(screen):
    assert set(screen) - {"preview", "pointer"} == {
        "id", "title", "order", "schema", "audience", "read", "write", "parameters"
    }  # fmt: skip
    for word in {"read", "write", "preview"} & set(screen):
        operation = BY_ID[screen[word]]
        assert {"sessionToken": [screen["audience"]]} in operation.about["security"], word
        free = {parameter["name"] for parameter in operation.parameters("path")}
        assert set(screen["parameters"]) <= free
        assert free - set(screen["parameters"]) <= {"connection_id"}


def test_screens_have_names_and_places_of_their_own():
    assert len(SCREENS) == len(DOCUMENT["x-screens"])
    places = [(screen["audience"], screen["order"]) for screen in SCREENS.values()]
    assert len(set(places)) == len(places)


@every_screen
def test_a_screen_shows_what_is_read_and_takes_what_may_be_written(screen):
    """Each field is in what is read, and its default would be taken by what is written."""
    fields = schema_of(screen)["properties"]
    own = {name for name, part in fields.items() if part.get("x-group") != "state"}
    answer = about(own, answer_of(DOCUMENT, screen["read"]))
    body = about(own, BY_ID[screen["write"]].about["requestBody"]["content"]["application/json"]["schema"])
    for step in screen.get("pointer", "").split("/")[1:]:
        answer = resolved(DOCUMENT, answer["properties"][step])
        body = only(DOCUMENT, only(DOCUMENT, body)["properties"][step])
    assert set(fields) <= set(answer["properties"])
    sent = {name: part["default"] for name, part in fields.items()}
    wrong = OAS31Validator({**only(DOCUMENT, body), "components": DOCUMENT["components"]})
    writable = {name: value for name, value in sent.items() if name in only(DOCUMENT, body)["properties"]}
    assert [error.message for error in wrong.iter_errors(writable)] == []
    shown = {
        name
        for name, part in fields.items()
        if part["x-widget" if "x-widget" in part else "type"] != "hidden"
    }
    assert shown <= set(writable)


def about(fields, schema):
    """Return that of several schemas, each about one entity, which has these fields."""
    kinds = [resolved(DOCUMENT, kind) for kind in schema.get("anyOf", [])]
    return next((kind for kind in kinds if fields <= set(kind.get("properties", ()))), schema)


def only(document, schema):
    """Return the schema of what is not null."""
    schema = resolved(document, schema)
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    return resolved(document, kinds[0]) if kinds else schema


@every_screen
def test_a_settings_schema_takes_what_get_returns_and_no_nonsense(screen):
    schema = schema_of(screen)
    defaults = {name: part["default"] for name, part in schema["properties"].items()}

    assert list(OAS31Validator(schema).iter_errors(defaults)) == []
    for name in defaults:
        assert list(OAS31Validator(schema).iter_errors(defaults | {name: {"of": "no kind"}})), name


FIELD = {
    "type": "string", "title": "Mode", "description": "How.", "default": "a", "examples": ["a"], "x-order": 1,
    "x-group": "g", "x-widget": "radio",
    "oneOf": [
        {"const": "a", "title": "A", "description": "The first."},
        {"const": "b", "title": "B", "description": "The second."},
    ],
}  # fmt: skip
NUMBER = {
    "type": ["integer", "null"], "title": "Days", "description": "How many.", "default": None, "examples": [3],
    "x-order": 2, "x-group": "g", "x-widget": "number", "x-unit": "days", "x-show-if": {"mode": ["b"]},
}  # fmt: skip
SEVERAL = {
    "type": "array", "uniqueItems": True, "items": {"type": "string"}, "title": "Classes", "description": "Which.",
    "default": [], "examples": [["buyer"]], "x-order": 3, "x-group": "g", "x-widget": "tags",
    "x-options": {"operation": "workspace.get", "pointer": "/vocabulary/classes", "value": "id", "title": "title"},
}  # fmt: skip
RULES = {
    "type": "object", "additionalProperties": False, "title": "Except", "description": "For these.", "default": {},
    "examples": [{"notes": "a"}], "x-order": 4, "x-group": "g",
    "properties": {
        "notes": {
            **FIELD, "type": ["string", "null"], "default": None, "x-widget": "select",
            "oneOf": [*FIELD["oneOf"], {"const": None, "title": "As for all"}],
        },
    },
}  # fmt: skip
GOOD = {
    "x-groups": [{"id": "g", "title": "G", "order": 1}],
    "properties": {"mode": FIELD, "days": NUMBER, "classes": SEVERAL, "rules": RULES},
}
WORDS = SEVERAL["x-options"]
MUTANTS = [
    ("a reference", "mode", {"$ref": "#/x"}),
    ("an enum", "mode", {"enum": ["a", "b"]}),
    ("alternatives", "days", {"anyOf": [{"type": "integer"}]}),
    ("a branch far inside", "classes", {"items": {"type": "string", "not": {"const": "x"}}}),
    ("a long title", "mode", {"title": "x" * 41}),
    ("no title", "mode", {"title": ""}),
    ("no description", "mode", {"description": ""}),
    ("no examples", "mode", {"examples": []}),
    ("no default", "mode", {"default": None}),
    ("a default that isn't allowed", "mode", {"default": "c"}),
    ("an example that isn't allowed", "days", {"examples": ["three"]}),
    ("two in one place", "days", {"x-order": 1}),
    ("no place", "days", {"x-order": None}),
    ("no group", "mode", {"x-group": "elsewhere"}),
    ("a widget nobody has", "mode", {"x-widget": "dial"}),
    ("a widget for something else", "mode", {"x-widget": "number"}),
    ("free text with choices", "mode", {"x-widget": "text"}),
    ("a date that is none", "mode", {"x-widget": "date"}),
    ("a choice without a title", "mode", {"oneOf": [{"const": "a", "description": "The first."}]}),
    ("a choice without a description", "mode", {"oneOf": [{"const": "a", "title": "A"}]}),
    ("a choice without a const", "mode", {"oneOf": [{"type": "string", "title": "A", "description": "It."}]}),
    ("no type", "mode", {"type": ""}),
    ("null first", "days", {"type": ["null", "integer"]}),
    ("optional with a default", "days", {"default": 3}),
    ("several of one", "classes", {"uniqueItems": False}),
    ("words of no operation", "classes", {"x-options": WORDS | {"operation": "workspace.guess"}}),
    ("words that aren't there", "classes", {"x-options": WORDS | {"pointer": "/vocabulary/colours"}}),
    ("words without a title", "classes", {"x-options": WORDS | {"title": "name"}}),
    ("half an x-options", "classes", {"x-options": {"operation": "workspace.get"}}),
    ("free keys", "rules", {"additionalProperties": True}),
    ("a rule that is no choice", "rules", {"properties": {"notes": {**NUMBER, "x-order": 1}}}),
    ("a rule that must be chosen", "rules", {"properties": {"notes": FIELD}}),
    ("a condition on nothing", "days", {"x-show-if": {"mood": ["b"]}}),
    ("a condition that never holds", "days", {"x-show-if": {"mode": ["c"]}}),
    ("an unknown danger", "mode", {"x-danger": "explodes"}),
    ("danger without a question", "mode", {"x-danger": "deletes_in_crm"}),
    ("a question about nothing", "mode", {"x-confirm": {"values": ["c"], "title": "?", "detail": "?"}}),
    ("half a question", "mode", {"x-confirm": {"values": ["a"], "title": "?"}}),
    ("a unit of words", "mode", {"x-unit": "days"}),
    ("an extension nobody knows", "mode", {"x-colour": "red"}),
]  # fmt: skip


def test_a_good_schema_has_no_fault():
    assert list(faults(DOCUMENT, GOOD)) == []


@pytest.mark.parametrize(("field", "change"), [pytest.param(*row, id=case) for case, *row in MUTANTS])
def test_each_rule_finds_what_breaks_it(field, change):
    schema = deepcopy(GOOD)
    schema["properties"][field] |= change

    assert list(faults(DOCUMENT, schema))


@pytest.mark.parametrize(
    "groups",
    [
        [{"id": "g", "title": "G"}],
        [{"id": "g", "title": "G", "order": 1}, {"id": "h", "title": "H", "order": 2}],
        [{"id": "g", "title": "G", "order": 1}, {"id": "g", "title": "H", "order": 2}],
    ],
)
def test_a_group_is_whole_used_and_one(groups):
    assert list(faults(DOCUMENT, GOOD | {"x-groups": groups}))
