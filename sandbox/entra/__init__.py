"""The local Entra ID: https://login.microsoftonline.com, as far as a sync service meets it."""

import base64
import binascii
from urllib.parse import unquote_plus

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.entra import token
from sandbox.entra.attending import FORM, Endpoint, attended
from sandbox.entra.authority import authority_of
from sandbox.entra.keys import SigningKey, configuration
from sandbox.entra.page import Approving, SigningIn, SigningOut
from sandbox.entra.refusals import Refusal, missing
from sandbox.world import World

PAGE, FORM_METHODS, ANY = ("GET",), ("GET", "POST"), ("GET", "POST", "PUT", "PATCH", "DELETE")
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def mount(world: World) -> list[BaseRoute]:
    """Return Entra's routes; they stand after Graph's, since ``{tenant}`` stands for anything."""
    signing = SigningKey(world)
    world.add(signing)

    async def discovery(request: Request) -> Response:
        return JSONResponse(configuration(authority_of(world, request)))

    async def keys(request: Request) -> Response:
        authority_of(world, request)
        return JSONResponse(signing.document())

    async def tokens(request: Request) -> Response:
        if request.method != "POST":
            raise Refusal(900561, method=request.method)
        authority = authority_of(world, request)
        document = token.answer(world, signing, authority, await _form(request))
        return Response(orjson.dumps(document), 200, NO_STORE, "application/json; charset=utf-8")

    def route(path: str, endpoint: Endpoint, methods: tuple[str, ...]) -> Route:
        return Route(f"/{{tenant}}{path}", attended(world, endpoint), methods=list(methods))

    return [
        route("/v2.0/.well-known/openid-configuration", discovery, PAGE),
        route("/discovery/v2.0/keys", keys, PAGE),
        route("/oauth2/v2.0/authorize", SigningIn(world).__call__, FORM_METHODS),
        route("/oauth2/v2.0/token", tokens, ANY),
        route("/oauth2/v2.0/logout", SigningOut(world).__call__, FORM_METHODS),
        route("/v2.0/adminconsent", Approving(world, first_version=False).__call__, FORM_METHODS),
        route("/adminconsent", Approving(world, first_version=True).__call__, FORM_METHODS),
    ]


async def _form(request: Request) -> dict[str, str]:
    if not request.headers.get("content-type", "").startswith(FORM):
        raise missing("grant_type")
    fields = await request.form()
    pairs = [(name, str(value)) for name, value in fields.multi_items()]
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refusal(9002313)
    return dict(pairs) | _basic(request.headers.get("authorization", ""))


def _basic(header: str) -> dict[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal(9002313) from None
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}
