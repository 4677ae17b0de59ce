"""Bodies that are read by hand, as their type depends on more than the path's pattern."""

from typing import Any, Final, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic.json_schema import models_json_schema

from app.routers.shapes import Body

Json = dict[str, Any]
Kind = TypeVar("Kind", bound=Body)
_DESCRIBED: Final[dict[str, type[Body]]] = {}


def read(kind: type[Body], body: Any) -> Json:
    """Return what a body of this kind mentions. Raises what FastAPI raises of a body that doesn't fit."""
    return parsed(kind, body).said()


def parsed(kind: type[Kind], body: Any) -> Kind:
    """Return a body of this kind. Raises what FastAPI raises of a body that doesn't fit."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors(include_url=False)]
        raise RequestValidationError(faults, body=body) from None


def one_of(*kinds: type[Body], required: bool = True) -> Json:
    """Return what OpenAPI is to say of a body that is of one of these kinds."""
    _DESCRIBED.update({kind.__name__: kind for kind in kinds})
    each = [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in kinds]
    schema = each[0] if len(each) == 1 else {"anyOf": each}
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def schemas() -> Json:
    """Return the schemas of all bodies that were described."""
    kinds: Any = [(kind, "validation") for kind in _DESCRIBED.values()]
    _, found = models_json_schema(kinds, ref_template="#/components/schemas/{model}")
    return dict(found["$defs"])
