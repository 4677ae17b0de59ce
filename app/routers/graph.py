"""Microsoft's door: /graph/notifications/{route} and /graph/lifecycle/{route}, as bare ASGI.

It stands before the framework, since Microsoft slows down an endpoint that answers late: thousands of
notifications a second must cost little more than their commit.
https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks
"""

import html
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import Unavailable
from app.metrics import NOTIFICATIONS
from app.sync.lifecycle import follow_lifecycle
from app.sync.notifications import Notifications
from app.sync.renew import proves
from app.sync.resources import Resources

NOTIFICATION_PATH, LIFECYCLE_PATH = "/graph/notifications/", "/graph/lifecycle/"
LARGEST_BODY = 4 * 1024 * 1024
Item = Mapping[str, Any]


class GraphDoor:
    """Takes what Microsoft posts and lets everything else through to the app.

    The lifespan's state must have ``resources`` and ``notifications``.
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
        elif token := _validation_token(scope["query_string"]):
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
    items = _genuine(resources, route, _items(body))
    try:
        if lifecycle and items:
            await _follow(resources, route, items)
        elif items:
            await _ring(notifications, route, items)
    except Unavailable:
        NOTIFICATIONS.labels("not_stored").inc()
        return 503
    NOTIFICATIONS.labels("stored" if items else "ignored").inc()
    return 202


async def _ring(notifications: Notifications, route: str, items: list[Item]) -> None:
    named = [item.get("resourceData") for item in items]
    ids = {told["id"] for told in named if isinstance(told, dict) and isinstance(told.get("id"), str)}
    await notifications.heard(route, ids)


async def _follow(resources: Resources, route: str, items: list[Item]) -> None:
    events = {(str(item.get("subscriptionId")), str(item.get("lifecycleEvent"))) for item in items}
    await follow_lifecycle(resources, route, events)


def _validation_token(query: bytes) -> str | None:
    """Return the token that Graph wants to read back before it subscribes.

    Quirk: it is form-encoded: ``+`` stands for a space.
    """
    if b"validationToken=" not in query:
        return None
    return parse_qs(query.decode("latin-1")).get("validationToken", [None])[0]


async def _read(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size, more = size + len(parts[-1]), message.get("more_body", False)
        if size > LARGEST_BODY:
            return None
    return b"".join(parts)


def _items(body: bytes) -> list[Item]:
    """Return what was posted, as far as it could prove itself at all."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    value = document.get("value") if isinstance(document, dict) else None
    told = value if isinstance(value, list) else []
    return [item for item in told if isinstance(item, dict) and isinstance(item.get("clientState"), str)]


def _genuine(resources: Resources, route: str, items: list[Item]) -> list[Item]:
    """Return the items that prove themselves; each word is compared once, in constant time."""
    states = {item["clientState"] for item in items}
    proved = {state for state in states if proves(resources, route, state)}
    return [item for item in items if item["clientState"] in proved]


async def _answer(
    send: Send, status: int, body: bytes = b"", *, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    told = [(b"content-length", str(len(body)).encode()), *(headers or [])]
    if body:
        told += [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})
