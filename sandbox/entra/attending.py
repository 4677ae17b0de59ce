"""What every request to Entra goes through: faults, the journal, and refusals in Microsoft's shape."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.entra.refusals import Refusal, Shown
from sandbox.errors import GraphError
from sandbox.faults import ConnectionDroppedError, Drop, drop_where
from sandbox.html import page
from sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
FORM = "application/x-www-form-urlencoded"


def attended(world: World, endpoint: Endpoint) -> Endpoint:
    """Wrap an endpoint so that it can be made to fail and leaves a line in the journal."""

    async def attend(request: Request) -> Response:
        mail = _whose(world, request.query_params, await _fields(request))
        path = request.url.path
        try:
            effects = await world.faults.meet(method=request.method, path=path, mail=mail)
            drop_where(effects, Drop("before_commit"))
            response = await _answered(world, endpoint, request)
            drop_where(effects, Drop("after_commit"))
        except GraphError as asked_for:
            response = _failure(world, request, asked_for)
        except ConnectionDroppedError:
            _note(world, request, mail, status=0)
            raise
        _note(world, request, mail, status=response.status_code)
        return response

    return attend


def correlation(request: Request) -> str | None:
    return request.headers.get("client-request-id") or request.query_params.get("client-request-id")


def refused(world: World, request: Request, refusal: Refusal) -> Response:
    """Answer a refusal as JSON, as the token endpoint does."""
    document = refusal.document(at=world.now(), correlation_id=correlation(request))
    headers = {"Cache-Control": "no-store", "x-ms-request-id": document["trace_id"]}
    return Response(
        orjson.dumps(document), refusal.status, headers, media_type="application/json; charset=utf-8"
    )


async def _answered(world: World, endpoint: Endpoint, request: Request) -> Response:
    try:
        return await endpoint(request)
    except Shown as shown:
        document = shown.document(at=world.now(), correlation_id=correlation(request))
        return page("error.html", status=400, refusal=shown, document=document)
    except Refusal as refusal:
        return refused(world, request, refusal)


def _failure(world: World, request: Request, error: GraphError) -> Response:
    if error.code.isdecimal():
        answer = refused(world, request, Refusal(int(error.code)))
        answer.status_code = error.status
    else:
        body = {"error": "temporarily_unavailable", "error_description": error.message, "error_codes": []}
        answer = Response(orjson.dumps(body), error.status, media_type="application/json")
    answer.headers.update(error.headers)
    return answer


def _note(world: World, request: Request, mail: str | None, *, status: int) -> None:
    world.journal.add(
        mail=mail,
        method=request.method,
        path=request.url.path,
        status=status,
        client_request_id=correlation(request),
    )


async def _fields(request: Request) -> Mapping[str, Any]:
    posted = request.method == "POST" and request.headers.get("content-type", "").startswith(FORM)
    return await request.form() if posted else {}


def _whose(world: World, query: Mapping[str, str], form: Mapping[str, Any]) -> str | None:
    """Return the mail address of the person a request is about, as far as it says."""
    grants = world.grants
    grant = grants.codes.get(form.get("code", "")) or grants.refresh_tokens.get(form.get("refresh_token", ""))
    if grant is not None:
        return world.directory.people[grant.oid].mail
    person = world.person(form.get("person") or query.get("login_hint") or "")
    return person.mail if person else None
