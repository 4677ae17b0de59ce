"""The document itself: valid OpenAPI 3.1, whose schemas are schemas and whose examples hold."""

import pytest
import schemathesis
from openapi_schema_validator import OAS31Validator, oas31_format_checker

from tests.contract.bodies import Json, plain
from tests.contract.stage import DOCUMENT, OPERATIONS

SCHEMAS = DOCUMENT["components"]["schemas"]


def complete(schema: Json) -> Json:
    """Return the schema with what its references lead to."""
    return {**schema, "components": DOCUMENT["components"]}


def wrong(schema: Json, value: object) -> list[str]:
    validator = OAS31Validator(complete(schema), format_checker=oas31_format_checker)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def test_it_is_openapi_3_1():
    assert DOCUMENT["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(DOCUMENT).validate()


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_schema_and_its_examples_hold(name):
    OAS31Validator.check_schema(SCHEMAS[name])

    for field, part in SCHEMAS[name].get("properties", {}).items():
        for example in part.get("examples", []):
            assert wrong(part, example) == [], field


@pytest.mark.parametrize("operation", [pytest.param(each, id=each.id) for each in OPERATIONS])
def test_the_examples_of_parameters_and_problems_hold(operation):
    for parameter in operation.about.get("parameters", []):
        OAS31Validator.check_schema(parameter["schema"])
        for example in plain(parameter["schema"]).get("examples", []):
            assert wrong(parameter["schema"], example) == [], parameter["name"]
    for answer in operation.about["responses"].values():
        for content in answer.get("content", {}).values():
            for example in content.get("examples", {}).values():
                assert wrong(content["schema"], example["value"]) == []
