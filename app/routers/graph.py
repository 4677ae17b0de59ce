"""Microsoft's door: /graph/notifications/{route} and /graph/lifecycle/{route}, as bare ASGI.

It stands before the framework, since Microsoft slows down an endpoint that answers late: thousands of
notifications a second must cost little more than their commit.
"""

import html

from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import Unavailable
from app.graph.notification import Notice, notices, validation_token
from app.metrics import NOTIFICATIONS
from app.sync.lifecycle import follow_lifecycle
from app.sync.notifications import Notifications
from app.sync.renew import proves
from app.sync.resources import Resources

NOTIFICATION_PATH, LIFECYCLE_PATH = "/graph/notifications/", "/graph/lifecycle/"
LARGEST_BODY = 4 * 1024 * 1024
# Looked up once: the library reads the environment at each look.
STORED, IGNORED, NOT_STORED = (NOTIFICATIONS.labels(word) for word in ("stored", "ignored", "not_stored"))


class GraphDoor:
    """Takes what Microsoft posts and lets everything else through to the app.

    The request's state must have ``resources`` and ``notifications``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, if it is Microsoft's."""
        path = scope["path"] if scope["type"] == "http" else ""
        if not path.startswith((NOTIFICATION_PATH, LIFECYCLE_PATH)):
            await self.app(scope, receive, send)
        elif scope["method"] != "POST":
            await _answer(send, 405, headers=[(b"allow", b"POST")])
        elif token := validation_token(scope["query_string"]):
            await _answer(send, 200, html.escape(token).encode())
        else:
            await _answer(send, await _take(scope, receive, path=path))


async def _take(scope: Scope, receive: Receive, *, path: str) -> int:
    """Store what was posted and return the status that tells Microsoft so."""
    body = await _read(receive)
    if body is None:
        return 413
    resources, notifications = scope["state"]["resources"], scope["state"]["notifications"]
    lifecycle = path.startswith(LIFECYCLE_PATH)
    route = path.removeprefix(LIFECYCLE_PATH if lifecycle else NOTIFICATION_PATH)
    told = _genuine(resources, route, notices(body))
    try:
        if lifecycle and told:
            await _follow(resources, route, told)
        elif told:
            await _ring(notifications, route, told)
    except Unavailable:
        NOT_STORED.inc()
        return 503
    (STORED if told else IGNORED).inc()
    return 202


def _genuine(resources: Resources, route: str, told: list[Notice]) -> list[Notice]:
    """Return the items that prove themselves; each word is compared once, in constant time."""
    proved = {state for state in {notice.client_state for notice in told} if proves(resources, route, state)}
    return [notice for notice in told if notice.client_state in proved]


async def _ring(notifications: Notifications, route: str, told: list[Notice]) -> None:
    await notifications.heard(route, {notice.item_id for notice in told if notice.item_id is not None})


async def _follow(resources: Resources, route: str, told: list[Notice]) -> None:
    events = {
        (notice.subscription_id, notice.lifecycle_event)
        for notice in told
        if notice.subscription_id is not None and notice.lifecycle_event is not None
    }
    await follow_lifecycle(resources, route, events)


async def _read(receive: Receive) -> bytes | None:
    """Return the body, unless it is larger than anything Microsoft posts."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size, more = size + len(parts[-1]), message.get("more_body", False)
        if size > LARGEST_BODY:
            return None
    return b"".join(parts)


async def _answer(
    send: Send, status: int, body: bytes = b"", *, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    told = [(b"content-length", str(len(body)).encode()), *(headers or [])]
    if body:
        told += [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})
