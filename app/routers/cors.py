"""Cross-origin calls: which pages of a CRM's front end may call the API from a browser, and read its answers.

A preflight carries no credential, so it is answered for an origin that any workspace lists; the answer itself
may be read only by the origins of the credential's own workspace. What is public may be read by every page.
https://fetch.spec.whatwg.org/#http-cors-protocol
"""

import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.db import Database
from app.errors import OriginNotListed
from app.sync.workspaces import any_lists_origin

EXPOSED: Final = "ETag, X-Request-Id, Retry-After"
METHODS: Final = "GET, PUT, POST, PATCH, DELETE"
TAKEN: Final = (
    "Authorization", "Content-Type", "Concord-Base-Revision", "Concord-Workspace", "Idempotency-Key",
    "If-Match", "If-None-Match", "Last-Event-ID", "X-Request-Id",
)  # fmt: skip
PUBLIC: Final = ("/openapi.json", "/problems", "/reasons")
BROWSERS_REMEMBER_SECONDS: Final = 600
WE_REMEMBER_SECONDS: Final = 10.0
MOST_REMEMBERED: Final = 1000


def is_public(path: str) -> bool:
    return path in PUBLIC or path.startswith("/problems/")


class Cors:
    """ASGI, outside of whatever answers: lets the pages read it that may, problems too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not (is_public(scope["path"]) or scope["path"].startswith("/v1/")):
            await self.app(scope, receive, send)
            return
        origin = Headers(scope=scope).get("origin")

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._say_who_may_read(MutableHeaders(scope=message), scope, origin)
            await send(message)

        await self.app(scope, receive, told)

    @staticmethod
    def _say_who_may_read(headers: MutableHeaders, scope: Scope, origin: str | None) -> None:
        if is_public(scope["path"]):
            headers["Access-Control-Allow-Origin"] = "*"
        else:
            headers.add_vary_header("Origin")
            if origin is None or origin not in scope["state"].get("origins", ()):
                return
            headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = EXPOSED


class Preflights:
    """ASGI: answers what a browser asks before it lets a page call the API."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.listed: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" and scope["method"] == "OPTIONS" else {}
        if "origin" not in headers or "access-control-request-method" not in headers:
            await self.app(scope, receive, send)
            return
        origin = headers["origin"]
        if not is_public(scope["path"]) and not await self._is_listed(origin, scope["state"]["resources"].db):
            raise OriginNotListed(f"No workspace lists {origin!r} in its `origins`.")
        answer = {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": ", ".join(TAKEN),
            "Access-Control-Max-Age": str(BROWSERS_REMEMBER_SECONDS),
            "Vary": "Origin",
        }
        await Response(status_code=204, headers=answer)(scope, receive, send)

    async def _is_listed(self, origin: str, db: Database) -> bool:
        """Say whether any workspace lists it. Only a yes is remembered: a new origin counts at once."""
        now = time.monotonic()
        if self.listed.get(origin, 0.0) > now:
            return True
        if not await any_lists_origin(origin, db=db):
            return False
        if len(self.listed) >= MOST_REMEMBERED:
            self.listed.clear()
        self.listed[origin] = now + WE_REMEMBER_SECONDS
        return True
