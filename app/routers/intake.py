"""Request bodies: read whole, within a limit, and refused early where no operation could use them."""

from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import BodyTooLarge, InvalidRequest, UnsupportedMediaType

MOST_BYTES = 10 * 1024 * 1024
WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Intake:
    """ASGI: reads a body before the application sees it, at most 10 MiB of it, and under /v1 only JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in WITH_BODY:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = await whole(receive, promised=headers.get("content-length"))
        if body is None:
            return
        if body and scope["path"].startswith("/v1/"):
            refuse_unless_json(body, headers.get("content-type", ""))
        scope["state"]["body"] = body
        await self.app(scope, replay(body, receive), send)


async def whole(receive: Receive, *, promised: str | None) -> bytes | None:
    """Return the whole body, or None where the caller has hung up."""
    if promised is not None and promised.isdecimal() and int(promised) > MOST_BYTES:
        raise BodyTooLarge(headers={"Connection": "close"})
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            raise BodyTooLarge(headers={"Connection": "close"})
        more = message.get("more_body", False)
    return b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that gives the body once, then whatever else the connection has to say."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def refuse_unless_json(body: bytes, content_type: str) -> None:
    """Refuse another content type, and JSON that PostgreSQL or the standard doesn't know.

    Quirk: Python's json takes NaN, lone surrogates and NUL, and FastAPI answers a body that isn't UTF-8 with
    400 and a wrong content type with 422. https://datatracker.ietf.org/doc/html/rfc8259#section-8
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMediaType
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        detail = f"Malformed JSON at character {error.pos}: {error.msg}."
        raise InvalidRequest(errors=[{"pointer": "", "detail": detail}]) from None
    if b"\\u0000" in body:
        _refuse_nul(document)


def _refuse_nul(value: Any, pointer: str = "") -> None:
    match value:
        case str() if "\0" in value:
            raise InvalidRequest(errors=[{"pointer": pointer, "detail": "Text can't contain NUL."}])
        case list():
            for number, inner in enumerate(value):
                _refuse_nul(inner, f"{pointer}/{number}")
        case dict():
            for name, inner in value.items():
                step = name.replace("~", "~0").replace("/", "~1")
                _refuse_nul(name, pointer)
                _refuse_nul(inner, f"{pointer}/{step}")
