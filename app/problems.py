"""The one door by which errors leave, as ``application/problem+json`` (RFC 9457), naming what is wrong."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException

from app.errors import (
    Blocked,
    BodyTooLarge,
    Interruption,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    Refused,
    ServiceUnavailable,
    UnsupportedMediaType,
)

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100
BY_STATUS: Mapping[int, type[Problem]] = {
    404: NotFound,
    405: MethodNotAllowed,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
}
WORDING = {
    "extra_forbidden": "This field is not known here.",
    "missing": "This is required.",
    "model_type": "This must be an object.",
    "model_attributes_type": "This must be an object.",
    "dict_type": "This must be an object.",
}


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Document the problems that an operation may answer with, for its ``responses=``."""
    documented: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        entry = documented.setdefault(kind.status.value, {"description": "", "content": {MEDIA_TYPE: {}}})
        entry["description"] = f"{entry['description']} {kind.title}".strip()
        content = entry["content"][MEDIA_TYPE]
        content["schema"] = {"$ref": "#/components/schemas/Problem"}
        content.setdefault("examples", {})[kind.slug] = {"summary": kind.title, "value": example(kind)}
    return documented


def example(kind: type[Problem]) -> dict[str, Any]:
    """Return how an occurrence of this problem reads."""
    return kind().document(instance="/requests/req_06a2k3v9")


def answer(problem: Problem, *, request_id: str) -> Response:
    """Return the problem as the answer to a request."""
    document = problem.document(instance=f"/requests/{request_id}")
    body = orjson.dumps(document, default=to_jsonable_python, option=orjson.OPT_UTC_Z)
    return Response(body, problem.status.value, headers=problem.headers, media_type=MEDIA_TYPE)


def as_problem(error: Exception) -> Problem:
    """Return what a caller is told of an error that was raised on purpose."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return InvalidRequest(errors=[*explained(error.errors(), error.body)][:MOST_ERRORS])
        case Refused():
            return Blocked(error.reason, type=f"/problems/{error.problem}")
        case Interruption():
            after = max(1, round(error.after.total_seconds()))
            return ServiceUnavailable(error.reason, headers={"Retry-After": str(after)})
        case HTTPException() if error.status_code in BY_STATUS:
            return BY_STATUS[error.status_code](headers=dict(error.headers or {}))
    raise error


def explained(errors: Sequence[Any], body: Any) -> Iterable[dict[str, str]]:
    """Say of each validation error where it is and what is wrong: a pointer into the body, or a parameter."""
    for error in errors:
        place, *path = error["loc"]
        detail = WORDING.get(error["type"], error["msg"].removeprefix("Value error, "))
        if error["type"] == "json_invalid":
            yield {"pointer": "", "detail": f"Malformed JSON at character {path[0]}."}
        elif place == "body":
            yield {"pointer": pointer_to(path, body), "detail": detail}
        else:
            yield {"in": str(place), "parameter": str(path[-1]), "detail": detail}


def pointer_to(path: Sequence[str | int], body: Any) -> str:
    """Return the JSON pointer (RFC 6901) of a place in the body.

    Quirk: in a union pydantic puts the name of the member tried into the path; what the body doesn't have on
    the way is left out. https://docs.pydantic.dev/latest/concepts/unions/#union-validation-errors
    """
    pointer, here = "", body
    for number, step in enumerate(path):
        last = number == len(path) - 1
        if isinstance(here, list) and isinstance(step, int):
            here = here[step] if step < len(here) else None
        elif isinstance(here, dict) and (step in here or last):
            here = here.get(step)
        else:
            continue
        pointer += "/" + str(step).replace("~", "~0").replace("/", "~1")
    return pointer


def install(app: FastAPI, *, routers: Iterable[APIRouter]) -> None:
    """Answer every error that is raised on purpose, and the framework's own, as a problem."""
    taken = methods_by_path(routers)

    async def tell(request: Request, error: Exception) -> Response:
        problem = as_problem(error)
        path: str = getattr(request.scope.get("route"), "path", "")
        if isinstance(problem, MethodNotAllowed) and path in taken:
            problem.headers["Allow"] = ", ".join(sorted(taken[path]))
        return answer(problem, request_id=request.state.request_id)

    for kind in (Problem, Interruption, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, tell)


def methods_by_path(routers: Iterable[APIRouter]) -> Mapping[str, set[str]]:
    """Return the methods that each path takes.

    Quirk: where each method is a route of its own, the framework's ``Allow`` names those of the first only.
    https://datatracker.ietf.org/doc/html/rfc9110#section-15.5.6
    """
    taken: dict[str, set[str]] = {}
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                taken.setdefault(route.path, set()).update(route.methods or ())
    return taken


def every_problem(kind: type[Problem] = Problem) -> Iterable[type[Problem]]:
    """Walk the tree of problems, each once."""
    for inner in kind.__subclasses__():
        yield inner
        yield from every_problem(inner)
