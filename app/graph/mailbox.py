"""One mailbox, as one connection may use it: every request carries what Microsoft wants on every request."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Protocol
from uuid import uuid4

import orjson
import structlog

from app import clock
from app.errors import Interruption, Throttled, Unavailable
from app.graph import batch as batches
from app.graph.batch import Answer, Call
from app.graph.client import Graph, Reply, absolute
from app.graph.protocol import Document, GraphError, ItemGone, NotFound, decode, meaning
from app.graph.throttle import PERMITS, Priority
from app.metrics import GRAPH_CALLS

log = structlog.get_logger()

IMMUTABLE_IDS = 'IdType="ImmutableId"'


class TokenSource(Protocol):
    """Who hands out access tokens. Raises Refused where a person must act, else Unavailable."""

    async def access_token(self, workspace: str, connection_id: str, *, now: datetime) -> str:
        """Return a token that is good for some minutes."""

    async def refused(self, workspace: str, connection_id: str) -> None:
        """Hear that Microsoft refused the token: the next one must be fresh."""


def at_any_time() -> None:
    """Let every request be sent."""


class Mailbox:
    """The mailbox behind one connection.

    ``still`` is asked last before each request is sent, and raises where it may not be any more: who waited
    for a token or a permit may have stood still for longer than its right to write lasts.
    """

    def __init__(
        self,
        graph: Graph,
        tokens: TokenSource,
        *,
        workspace: str,
        connection_id: str,
        priority: Priority = "now",
        cloud: str = "global",
        still: Callable[[], None] = at_any_time,
    ) -> None:
        self.workspace = workspace
        self.connection_id = connection_id
        self.priority: Priority = priority
        self._graph = graph
        self._tokens = tokens
        self._root = graph.root(cloud)
        self._still = still

    async def get(
        self, link: str, *, headers: Mapping[str, str] | None = None, missing: type[NotFound] = ItemGone
    ) -> Document:
        """Read a path or a link that Graph gave."""
        return await self.request(Call("GET", link, headers=headers or {}), missing=missing)

    async def request(self, call: Call, *, missing: type[NotFound] = ItemGone) -> Document:
        """Make one call; return its document or raise what the answer means (``app.graph.protocol``)."""
        reply = await self._send(call, units=1)
        return decode(reply.status, reply.headers, reply.body, missing=missing)

    async def batch(self, calls: Sequence[Call]) -> list[Answer]:
        """Make many calls in batches of 20; return their answers in the order asked.

        Raises an Interruption only when not one call was answered. Otherwise the calls of a batch that failed
        are answered by its failure (``OutcomeUnknown`` where it may have been carried out), and those of the
        batches after it, never sent, by ``Unavailable``.
        """
        answers: list[Answer] = []
        for chunk in batches.chunks(calls):
            try:
                answers += await self._one_batch(chunk)
            except GraphError as refusal:
                answers += batches.failed(refusal, calls=len(chunk))
            except Interruption as failure:
                if not answers:
                    raise
                answers += batches.failed(failure, calls=len(chunk))
                unsent = Unavailable("An earlier batch failed.", after=failure.after)
                return answers + batches.failed(unsent, calls=len(calls) - len(answers))
        return answers

    async def _one_batch(self, calls: Sequence[Call]) -> list[Answer]:
        answers = await self._sent_together(calls)
        refused = batches.unauthorized(answers)
        if refused:
            await self._tokens.refused(self.workspace, self.connection_id)
            again = await self._sent_together([calls[place] for place in refused])
            for place, answer in zip(refused, again, strict=True):
                answers[place] = answer
        return answers

    async def _sent_together(self, calls: Sequence[Call]) -> list[Answer]:
        # Exchange works on four items of a batch at a time, so a batch takes as many permits.
        document = batches.packed(calls, headers=[self._headers() for _ in calls])
        reply = await self._send(Call("POST", "/$batch", document), units=min(PERMITS, len(calls)))
        answers = batches.unpacked(decode(reply.status, reply.headers, reply.body), calls=len(calls))
        for call, answer in zip(calls, answers, strict=True):
            GRAPH_CALLS.labels(call.method, str(answer.status)).inc()
        waits = [told.after for answer in answers if isinstance(told := answer.error(), Throttled)]
        if waits:
            await self._graph.permits.pause(self.connection_id, after=max(waits))
        return answers

    async def _send(self, call: Call, *, units: int) -> Reply:
        """Send with a token; once more with a fresh one where the first was refused."""
        reply = await self._sent_once(call, units=units)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            await self._tokens.refused(self.workspace, self.connection_id)
            reply = await self._sent_once(call, units=units)
        return reply

    async def _sent_once(self, call: Call, *, units: int) -> Reply:
        url = absolute(self._root, call.path)
        token = await self._tokens.access_token(self.workspace, self.connection_id, now=clock.now())
        headers = batches.united(self._headers(), {"authorization": f"Bearer {token}", **call.headers})
        body = None
        if call.body is not None:
            headers["content-type"] = "application/json"
            body = orjson.dumps(call.body)
        if call.path.startswith("/subscriptions"):
            # Another service than the mailbox, with limits of its own; and it may take seconds to answer.
            return self._noted(call, await self._graph.send(call.method, url, headers=headers, body=body))
        async with self._graph.permits.held(self.connection_id, units=units, priority=self.priority):
            self._still()
            reply = await self._graph.send(call.method, url, headers=headers, body=body)
        await self._heed(reply)
        return self._noted(call, reply)

    def _noted(self, call: Call, reply: Reply) -> Reply:
        """Count the reply; keep what Microsoft's support asks for where it is none of the good ones."""
        GRAPH_CALLS.labels(call.method, str(reply.status)).inc()
        if reply.status >= HTTPStatus.BAD_REQUEST:
            log.info(
                "graph.refused",
                connection=self.connection_id,
                method=call.method,
                status=reply.status,
                request_id=reply.headers.get("request-id"),
                client_request_id=reply.headers.get("client-request-id"),
                date=reply.headers.get("date"),
            )
        return reply

    async def _heed(self, reply: Reply) -> None:
        """Let nobody begin a request while Microsoft asks for patience."""
        if reply.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            told = meaning(reply.status, reply.headers, {})
            if isinstance(told, Throttled):
                await self._graph.permits.pause(self.connection_id, after=told.after)

    def _headers(self) -> dict[str, str]:
        return {"client-request-id": str(uuid4()), "prefer": IMMUTABLE_IDS, "accept": "application/json"}
