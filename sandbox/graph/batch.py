"""JSON batching: up to 20 requests in one, four of them at a time.

https://learn.microsoft.com/graph/json-batching
"""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from sandbox.errors import GraphError
from sandbox.faults import ConnectionDroppedError, Drop
from sandbox.graph.errors import bad_request
from sandbox.graph.front import DROPPED, Front
from sandbox.graph.wire import VERSION, Call, Reply, json_reply, pairs_of, segments_of

MOST = 20
AT_A_TIME = 4
METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
FIRST_FAILURE = 400


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a batch, read and checked."""

    id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    depends_on: tuple[str, ...]


@dataclass
class Batch:
    """The answers so far, by lower-case id."""

    front: Front
    outer: Call
    seq: int
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_A_TIME))
    replies: dict[str, asyncio.Future[Reply]] = field(default_factory=dict)
    later: list[Drop] = field(default_factory=list)
    broken: bool = False

    async def answer(self, items: list[Item]) -> Reply:
        loop = asyncio.get_running_loop()
        self.replies = {item.id.lower(): loop.create_future() for item in items}
        async with asyncio.TaskGroup() as group:
            for item in items:
                group.create_task(self._settle(item))
        if self.broken or self.later:
            raise ConnectionDroppedError
        return json_reply(
            {"responses": [_shown(item, self.replies[item.id.lower()].result()) for item in items]}
        )

    async def _settle(self, item: Item) -> None:
        """Wait for what the item depends on and for a place, then answer it."""
        before = [await self.replies[other.lower()] for other in item.depends_on]
        failed = any(reply.status >= FIRST_FAILURE for reply in before)
        async with self.places:
            reply = self._left_out(item) if failed else await self._answered(item)
        self.replies[item.id.lower()].set_result(reply)

    def _left_out(self, item: Item) -> Reply:
        reply = _failed_dependency()
        seq = self.front.world.journal.next_seq()
        self.front.note(self._call(item), status=reply.status, seq=seq)
        return reply

    async def _answered(self, item: Item) -> Reply:
        """Answer one item; once the connection is to break before an item, nothing more is begun."""
        if not self.broken:
            try:
                return await self.front.answer(self._call(item), later=self.later)
            except ConnectionDroppedError:
                self.broken = True
        return Reply(DROPPED)

    def _call(self, item: Item) -> Call:
        path, _, query = _in_version(item.url).partition("?")
        return Call(
            method=item.method,
            path=VERSION + "/" + unquote(path).lstrip("/"),
            segments=segments_of(path),
            pairs=pairs_of(query),
            headers=item.headers,
            body=item.body,
            root=self.outer.root,
            token=self.outer.token,
            batch=self.seq,
        )


def items_of(document: Mapping[str, Any]) -> list[Item]:
    """Read the body of a ``$batch``; a malformed one is refused whole."""
    written = document.get("requests")
    if not isinstance(written, list) or not written:
        raise bad_request("Batch request must contain a 'requests' array with at least one request.")
    if len(written) > MOST:
        raise bad_request(
            f"Number of batch request steps exceeds the maximum value of {MOST}.", code="MaximumValueExceeded"
        )
    items = [_item(entry) for entry in written]
    waits: dict[str, set[str]] = {}
    for item in items:
        if item.id.lower() in waits:
            raise bad_request(f"Duplicate request id '{item.id}' in the batch.")
        waits[item.id.lower()] = {other.lower() for other in item.depends_on}
    unknown = set().union(*waits.values()) - waits.keys()
    if unknown:
        raise bad_request(f"A request depends on '{min(unknown)}', which is not in the batch.")
    try:
        TopologicalSorter(waits).prepare()
    except CycleError:
        raise bad_request("The requests of the batch depend on each other in a circle.") from None
    return items


def _item(entry: Any) -> Item:
    if not isinstance(entry, dict) or not all(
        isinstance(entry.get(key), str) and entry[key] for key in ("id", "method", "url")
    ):
        raise bad_request("Each batch request needs an 'id', a 'method' and a 'url'.")
    if "atomicityGroup" in entry:
        raise bad_request("'atomicityGroup' is not supported.")
    method = entry["method"].upper()
    if method not in METHODS:
        raise bad_request(f"Invalid batch request method '{entry['method']}'.")
    if segments_of(_in_version(entry["url"]).partition("?")[0])[0].lower() == "$batch":
        raise bad_request("A batch request can't contain another batch request.")
    headers = entry.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise bad_request(f"The headers of request '{entry['id']}' are malformed.")
    lower = {name.lower(): value for name, value in headers.items()}
    return Item(
        id=entry["id"],
        method=method,
        url=entry["url"],
        headers=lower,
        body=_body(entry, lower),
        depends_on=_depends_on(entry),
    )


def _body(entry: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
    """Return an item's body as it would stand in a request of its own: JSON, or base64 for anything else."""
    body = entry.get("body")
    if body is None:
        return b""
    kind = headers.get("content-type", "")
    if not kind:
        raise bad_request(f"Write request id : {entry['id']} does not contain Content-Type header or body.")
    if isinstance(body, str) and not kind.lower().startswith("application/json"):
        return _binary(body)
    return orjson.dumps(body)


def _binary(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise bad_request("A body that is not JSON must be a base64 string.") from None


def _depends_on(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Quirk: Microsoft's Python SDK writes ``depends_on``, empty."""
    others = entry.get("dependsOn", entry.get("depends_on")) or []
    if not isinstance(others, list) or not all(isinstance(other, str) for other in others):
        raise bad_request(f"The dependsOn of request '{entry['id']}' is malformed.")
    return tuple(others)


def _in_version(url: str) -> str:
    """Return the url below the version root; an absolute or version-prefixed one is taken too."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise bad_request(f"Invalid batch request url '{url[:200]}'.") from None
    path = parts.path if parts.scheme or parts.netloc else url.partition("?")[0]
    query = f"?{parts.query}" if parts.query else ""
    return "/" + path.lstrip("/").removeprefix(VERSION.lstrip("/")).lstrip("/") + query


def _shown(item: Item, reply: Reply) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": item.id, "status": reply.status, "headers": dict(reply.headers)}
    kind = reply.headers.get("Content-Type", "")
    if reply.body and kind.startswith("application/json"):
        shown["body"] = orjson.Fragment(reply.body)
    elif reply.body:
        shown["body"] = base64.b64encode(reply.body).decode()
    return shown


def _failed_dependency() -> Reply:
    error = GraphError(424, "FailedDependency", "A request this one depends on has failed.")
    return json_reply({"error": {"code": error.code, "message": error.message}}, status=error.status)
