"""The OpenAPI document is what clients and screens are made from: rules for every operation and field."""

import re

import pytest

from app.config import Settings
from app.main import create_app
from app.openapi import METHODS, operations
from app.problems import every_problem
from app.security.seal import new_key

OPERATION_ID = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*)+")
PROBLEM = "application/problem+json"
WIDGETS = {"radio", "select", "checkboxes", "switch", "tags", "text", "number", "date", "hidden"}
DANGERS = {"deletes_in_microsoft", "deletes_in_crm", "mails_people"}
EXTENSIONS = {"x-order", "x-group", "x-widget", "x-show-if", "x-danger", "x-confirm", "x-unit", "x-options"}
NEVER_IN_A_SCREEN = ("$ref", "allOf", "anyOf", "if", "not", "enum")


@pytest.fixture(scope="module")
def document():
    settings = Settings(
        database_url="postgresql://localhost/concord",
        database_sweep_url="postgresql://localhost/concord",
        redis_url="redis://localhost",
        keys=new_key(),
        operator_key="op_only-to-print-the-document",
        public_url="http://localhost",
    )
    return create_app(settings).openapi()


def faults(found):
    found = sorted(found)
    assert not found, "\n" + "\n".join(found)


def fields(document):
    for name, schema in document["components"]["schemas"].items():
        for field, part in schema.get("properties", {}).items():
            yield f"{name}.{field}", part


def refers(part):
    return any("$ref" in kind for kind in (part, *part.get("anyOf", [])))


def has(document, part, word):
    """Say whether a field has a word, itself or in what it refers to or may be."""
    kinds = [part, resolved(document, part), *part.get("anyOf", [])]
    return any(word in resolved(document, kind) for kind in kinds) or word in part


def resolved(document, part):
    while "$ref" in part:
        part = document["components"]["schemas"][part["$ref"].rpartition("/")[2]]
    return part


def test_operation_ids_make_client_methods(document):
    ids = [operation.get("operationId", path) for path, _, operation in operations(document)]

    faults(name for name in ids if not OPERATION_ID.fullmatch(name))
    faults(name for name in ids if ids.count(name) > 1)


def test_every_operation_says_what_it_does(document):
    faults(
        f"{method} {path}: {part}"
        for path, method, operation in operations(document)
        for part in ("summary", "description", "tags")
        if not operation.get(part)
    )
    known = {tag["name"] for tag in document["tags"]}
    faults(
        f"{method} {path}: tag {tag}"
        for path, method, operation in operations(document)
        for tag in operation.get("tags", [])
        if tag not in known
    )


def test_every_parameter_is_described_with_an_example_where_it_is_free(document):
    faults(
        f"{operation['operationId']}: {parameter['name']}"
        for _, _, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
        or not parameter["schema"].get("title")
        or not (parameter["in"] != "path" or "example" in parameter or "examples" in parameter["schema"])
    )


def test_every_field_is_titled_described_and_has_examples(document):
    faults(
        f"{name}: {missing}"
        for name, part in fields(document)
        for missing in ("title", "description", "examples")
        if not has(document, part, missing)
        and not (missing == "examples" and (refers(part) or "items" in part or part.get("type") == "boolean"))
    )


def test_every_schema_is_described(document):
    schemas = document["components"]["schemas"].items()

    faults(name for name, schema in schemas if "properties" in schema and not schema.get("description"))


def test_bodies_refuse_what_they_do_not_know(document):
    found = []
    for _, _, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = resolved(document, content["schema"])
            kinds = schema.get("anyOf", [schema])
            found += [
                operation["operationId"]
                for kind in kinds
                if resolved(document, kind).get("type") != "null"
                and resolved(document, kind).get("additionalProperties") is not False
            ]
    faults(found)


def test_problems_are_documented_per_operation(document):
    slugs = {kind.slug for kind in every_problem()}
    found = []
    for path, method, operation in operations(document):
        secured = bool(operation.get("security"))
        wanted = {"401", "403"} if secured else set()
        wanted |= {"422"} if "requestBody" in operation or operation.get("parameters") else set()
        wanted |= {"413", "415"} if "requestBody" in operation and path.startswith("/v1/") else set()
        wanted |= {"409"} if method == "post" and secured else set()
        found += [f"{method} {path}: {status} is missing" for status in wanted - set(operation["responses"])]
        for status, response in operation["responses"].items():
            if int(status) < 400 or path in {"/readyz", "/metrics"}:
                continue
            examples = response.get("content", {}).get(PROBLEM, {}).get("examples", {})
            found += [] if examples else [f"{method} {path}: {status} names no problem"]
            found += [f"{method} {path}: {slug}" for slug in examples if slug not in slugs]
    faults(found)


def test_everything_under_v1_is_secured_and_nothing_else(document):
    faults(
        f"{method} {path}"
        for path, method, operation in operations(document)
        if path.startswith("/v1/") != bool(operation.get("security"))
    )
    assert set(document["components"]["securitySchemes"]) == {
        "operatorKey",
        "workspaceKey",
        "actingWorkspace",
        "sessionToken",
        "eventsToken",
    }


def test_the_document_is_free_of_leftovers(document):
    text = str(document)

    assert "HTTPValidationError" not in text
    assert all(set(item) <= METHODS for item in document["paths"].values())


@pytest.fixture(scope="module")
def screens(document):
    return {
        screen["id"]: document["components"]["schemas"][screen["schema"].rpartition("/")[2]]
        for screen in document["x-screens"]
    }


def test_screens_name_operations_that_exist(document):
    ids = {operation["operationId"] for _, _, operation in operations(document)}

    for screen in document["x-screens"]:
        assert set(screen) >= {"id", "title", "order", "schema", "audience", "read", "write", "parameters"}
        assert {screen["read"], screen["write"]} | {screen[x] for x in ("preview",) if x in screen} <= ids


def test_a_settings_schema_stands_on_its_own(screens):
    def walk(part, place):
        if isinstance(part, dict):
            yield from (f"{place}: {word}" for word in NEVER_IN_A_SCREEN if word in part)
            for name, inner in part.items():
                if name != "properties":
                    yield from walk(inner, f"{place}/{name}")
            for name, inner in part.get("properties", {}).items():
                yield from walk(inner, f"{place}/{name}")
        elif isinstance(part, list):
            for number, inner in enumerate(part):
                yield from walk(inner, f"{place}/{number}")

    for name, schema in screens.items():
        faults(walk(schema, name))


def test_a_settings_field_says_where_it_goes_and_what_it_risks(screens):
    for schema in screens.values():
        groups = {group["id"] for group in schema["x-groups"]}
        orders = [part["x-order"] for part in schema["properties"].values()]
        assert sorted(set(orders)) == sorted(orders)
        for name, part in schema["properties"].items():
            assert 0 < len(part["title"]) <= 40, name
            assert {"description", "default", "examples", "type"} <= set(part), name
            assert part["x-group"] in groups, name
            assert part["type"] == "object" or part["x-widget"] in WIDGETS, name
            assert part.get("x-danger") in {None, *DANGERS}, name
            assert {word for word in part if word.startswith("x-")} <= EXTENSIONS, name
            assert set(part.get("x-show-if", {})) <= set(schema["properties"]), name
            if part.get("x-danger"):
                assert set(part["x-confirm"]) == {"values", "title", "detail"}, name


def test_a_choice_is_told_by_titled_constants(screens):
    for schema in screens.values():
        for name, part in schema["properties"].items():
            if part.get("x-widget") not in {"radio", "select"}:
                continue
            assert part["type"] == "string", name
            assert all({"const", "title", "description"} <= set(option) for option in part["oneOf"]), name
            assert part["default"] in [option["const"] for option in part["oneOf"]], name


def test_a_choice_for_each_field_is_optional_and_has_no_free_keys(screens):
    for schema in screens.values():
        for name, part in schema["properties"].items():
            if part["type"] != "object":
                continue
            assert part["additionalProperties"] is False, name
            for field, choice in part["properties"].items():
                assert {"title", "description", "default", "examples", "x-order"} <= set(choice), field
                assert (choice["type"], choice["default"]) == (["string", "null"], None), field
                assert choice["x-widget"] == "select", field
                *options, none = choice["oneOf"]
                assert all({"const", "title", "description"} <= set(option) for option in options), field
                assert none["type"] == "null", field


async def test_the_page_needs_no_other_host(anonymous):
    page = await anonymous.get("/docs")
    needed = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    answers = [await anonymous.get(path) for path in needed]

    assert {answer.status_code for answer in [page, *answers]} == {200}
    assert {path.rpartition(".")[2] for path in needed} == {"js", "css", "png"}
    assert "://" not in page.text
    assert "'/openapi.json'" in page.text
