"""``Idempotency-Key``: a POST that is repeated gets the first answer, and is done once."""

import re
from hashlib import sha256
from typing import Any

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import clock
from app.db import Database
from app.errors import IdempotencyKeyReused, InvalidRequest, RequestInProgress
from app.models import IdempotencyKey
from app.routers.authentication import principal_of
from app.sync.idempotency import Claim, IdempotencyKeys

SANE_KEY = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?")
KEPT_HEADERS = ("content-type", "etag", "location")
NEVER_KEPT = frozenset({"secret", "token"})
TOO_MANY, FAILED = 429, 500


class Repeats:
    """ASGI: claims the key before the work and keeps its answer after it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        claim = claimed_by(scope)
        if claim is None:
            await self.app(scope, receive, send)
            return
        db: Database = scope["state"]["resources"].db
        async with db.transaction(claim.workspace) as session:
            first = await IdempotencyKeys(session).claim(claim, now=clock.now())
        if first is not None:
            await replayed(first, claim)(scope, receive, send)
            return
        await self._first(claim, db, scope, receive, send)

    async def _first(self, claim: Claim, db: Database, scope: Scope, receive: Receive, send: Send) -> None:
        given = Given()
        try:
            await self.app(scope, receive, given.take)
        finally:
            async with db.transaction(claim.workspace) as session:
                if given.final:
                    await IdempotencyKeys(session).answered(claim, **given.kept())
                else:
                    await IdempotencyKeys(session).release(claim)
        for message in given.messages:
            await send(message)


class Given:
    """An answer, held back until it is noted: a caller who has it may repeat the request at once."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def take(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def final(self) -> bool:
        """Say whether the same request would get this answer again: not where it failed or came too soon."""
        status = self.messages[0]["status"] if self.messages else FAILED
        return status < FAILED and status != TOO_MANY

    def kept(self) -> dict[str, Any]:
        """Return what is stored of the answer, its secrets taken out."""
        start, *rest = self.messages
        headers = MutableHeaders(raw=list(start["headers"]))
        body = b"".join(message.get("body", b"") for message in rest)
        if "json" in headers.get("content-type", ""):
            body = orjson.dumps(without_secrets(orjson.loads(body)))
        return {
            "status": start["status"],
            "headers": {name: headers[name] for name in KEPT_HEADERS if name in headers},
            "body": body.decode() or None,
        }


def claimed_by(scope: Scope) -> Claim | None:
    """Return what a request claims, or None where it doesn't: only a POST under /v1 with a key does."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    key = Headers(scope=scope).get("idempotency-key")
    principal = principal_of(scope)
    if key is None or principal is None:
        return None
    if not SANE_KEY.fullmatch(key):
        wrong = "1 to 255 visible characters are allowed."
        raise InvalidRequest(errors=[{"in": "header", "parameter": "Idempotency-Key", "detail": wrong}])
    query = scope["query_string"].decode("ascii", "replace")
    return Claim(
        workspace=principal.idempotency_space,
        credential=principal.idempotency_owner,
        path=f"{scope['path']}?{query}" if query else scope["path"],
        key=key,
        body_hash=_hash(scope["state"]["body"]),
    )


def replayed(first: IdempotencyKey, claim: Claim) -> Response:
    """Return the first answer again, or raise why there is none for this request."""
    if first.body_hash != claim.body_hash:
        raise IdempotencyKeyReused
    if first.status is None:
        raise RequestInProgress(headers={"Retry-After": "1"})
    headers = {**(first.headers or {}), "Idempotency-Replayed": "true"}
    return Response(first.body, first.status, headers=headers)


def without_secrets(answer: Any) -> Any:
    """Return the answer with null for each secret, and a word that says why beside it."""
    match answer:
        case dict():
            inner = {
                name: None if name in NEVER_KEPT else without_secrets(value) for name, value in answer.items()
            }
            had_some = inner != answer
            return {**inner, "replayed": True} if had_some else inner
        case list():
            return [without_secrets(value) for value in answer]
    return answer


def _hash(body: bytes) -> str:
    canonical = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS) if body else b""
    return sha256(canonical).hexdigest()
