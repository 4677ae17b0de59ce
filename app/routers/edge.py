"""The outermost layer: names each request, logs and counts it, and lets no error out unexplained."""

import re
import time
from typing import Any

import structlog
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from app import clock
from app.errors import InternalError, Interruption, InvalidRequest, Problem, ServiceUnavailable
from app.ids import new_id
from app.metrics import REQUEST_SECONDS, REQUESTS
from app.problems import answer, as_problem

log = structlog.get_logger("app.api")
SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
PROBES = frozenset({"/livez", "/readyz", "/metrics"})
SOON = {"Retry-After": "2"}


class Edge:
    """ASGI: request ids, the log line and figures of each request, and the last word on errors."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Exchange(scope, send)
        clear_contextvars()
        bind_contextvars(request_id=request.id)
        try:
            refuse_nul(scope)
            await self.app(scope, receive, request.send)
        except Exception as error:  # noqa: BLE001  the last word on errors
            await request.fail(error, receive)
        finally:
            request.account()


class Exchange:
    """One request and what became of it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        self.id = given if SANE_ID.fullmatch(given) else new_id("req", clock.now())
        self.scope, self.forward = scope, send
        self.status: int | None = None
        self.began = time.perf_counter()
        scope.setdefault("state", {})["request_id"] = self.id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)["X-Request-Id"] = self.id
        await self.forward(message)

    async def fail(self, error: Exception, receive: Receive) -> None:
        """Answer with a problem that tells nothing of our insides; those are in the log."""
        problem = told(error)
        if problem.status.value >= 500:  # noqa: PLR2004
            log.error("request.failed", exc_info=error, route=self.route)
        if self.status is not None:
            raise error  # half an answer is out: all that is left is to break the connection
        await answer(problem, request_id=self.id)(self.scope, receive, self.send)

    @property
    def route(self) -> str:
        """Return the path's template: the path itself may name a person."""
        return getattr(self.scope.get("route"), "path", "unknown")

    def account(self) -> None:
        """Log and count the request, at its end."""
        seconds = time.perf_counter() - self.began
        method = self.scope["method"]
        REQUESTS.labels(method, self.route, self.status or 499).inc()
        REQUEST_SECONDS.labels(method, self.route).observe(seconds)
        if self.route not in PROBES:
            log.info(
                "request.answered",
                method=method,
                route=self.route,
                status=self.status,
                milliseconds=round(seconds * 1000, 1),
            )


def told(error: Exception) -> Problem:
    """Return what a caller is told of any error at all."""
    if isinstance(error, Problem | Interruption):
        return as_problem(error)
    return ServiceUnavailable(headers=SOON) if is_away(error) else InternalError()


def is_away(error: Any) -> bool:
    """Say whether this is PostgreSQL or Redis being gone, not a fault of ours."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, InterfaceError | OperationalError)
    return isinstance(error, OSError | PoolTimeout | RedisAway)


def refuse_nul(scope: Scope) -> None:
    """Refuse the one character that PostgreSQL's text can't hold, wherever the URL has it."""
    if "\0" in scope["path"]:
        raise InvalidRequest(errors=[{"in": "path", "parameter": "path", "detail": "It contains NUL."}])
    if b"%00" in scope["query_string"]:
        raise InvalidRequest(errors=[{"in": "query", "parameter": "query", "detail": "It contains NUL."}])
