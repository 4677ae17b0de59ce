"""The front of Graph: what happens to every request, alone or in a ``$batch``, before and after its call.

Token, throttling, faults, path, permission, mailbox, the call itself, the journal: in this order.
"""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sandbox.directory import Person
from sandbox.errors import GraphError
from sandbox.faults import Answer, ConnectionDroppedError, Delta, Drop, Latency
from sandbox.graph import errors, routing
from sandbox.graph.exchange import Exchange
from sandbox.graph.operations import Operation
from sandbox.graph.subscription_calls import SubscriptionCalls
from sandbox.graph.throttle import Throttle
from sandbox.graph.wire import DIAGNOSTIC, MAX_BODY, Call, Reply, delta_faults, json_reply
from sandbox.world import World

DROPPED = 0  # stands in the journal for a request that was never answered


class Front:
    def __init__(self, world: World, exchange: Exchange, subscriptions: SubscriptionCalls) -> None:
        self.world, self.exchange, self.subscriptions = world, exchange, subscriptions
        self.throttle = Throttle(world.now, lambda: world.settings.throttle)

    async def answer(self, call: Call, *, later: list[Drop] | None = None) -> Reply:
        """Answer one request and note it in the journal.

        ``later`` collects the drops that must wait for the rest of a ``$batch``; a request of its own breaks
        its connection by raising ConnectionDroppedError.
        """
        seq = self.world.journal.next_seq()
        status = DROPPED
        try:
            call.person = self._person(call)
            reply, dropped = await self._admitted(call)
            status = reply.status
            if dropped and later is None:
                status = DROPPED
                raise ConnectionDroppedError
            if later is not None:
                later.extend(dropped)
            return reply
        finally:
            self.note(call, status=status, seq=seq)

    def note(self, call: Call, *, status: int, seq: int) -> None:
        person = call.person or call.token.person
        self.world.journal.add(
            mail=person.mail if person else None,
            method=call.method,
            path=call.path,
            status=int(status),
            batch=call.batch,
            client_request_id=call.client_request_id,
            seq=seq,
        )

    async def _admitted(self, call: Call) -> tuple[Reply, list[Drop]]:
        """Take a place, meet the faults, and make the call; every refusal is an answer."""
        try:
            with self._place(call):
                mail = call.person.mail if call.person else None
                kinds = (Answer, Latency, Drop, Delta)
                effects = await self.world.faults.meet(
                    method=call.method, path=call.path, mail=mail, kinds=kinds
                )
                drops = [effect for effect in effects if isinstance(effect, Drop)]
                if any(effect.drop == "before_commit" for effect in drops):
                    raise ConnectionDroppedError
                call.deltas = delta_faults(effects)
                return finished(call, await self._called(call)), drops
        except GraphError as error:
            return refused(call, error, at=self.world), []

    @contextmanager
    def _place(self, call: Call) -> Iterator[None]:
        outlook = call.person is not None and len(call.segments) > (
            1 if call.segments[0].lower() == "me" else 2
        )
        slot = (
            self.throttle.slot(call.token.app_id, call.person.oid, uploaded=len(call.body))
            if outlook and call.person
            else nullcontext()
        )
        with slot:
            yield

    async def _called(self, call: Call) -> Reply:
        if len(call.body) > MAX_BODY:
            raise GraphError(413, "ErrorMessageSizeExceeded", "The request is larger than 4 MB.")
        reply = self._operation(call).handler(call)
        return await reply if inspect.isawaitable(reply) else reply

    def _operation(self, call: Call) -> Operation:
        match call.segments:
            case [root, *rest] if root.lower() == "subscriptions":
                self.subscriptions.count(self.throttle, call, rest)
                return self.subscriptions.operation(call, rest)
            case [root, *rest] if root.lower() == "me":
                if call.token.person is None:
                    raise routing.delegated_only()
            case [root, name, *rest] if root.lower() == "users":
                if call.person is None:
                    raise errors.user_not_found(name)
            case [root, *_] if root.lower() in routing.ELSEWHERE_AT_ROOT:
                raise errors.not_built(root)
            case _:
                raise errors.unknown_segment(call.segments[0] if call.segments else "")
        if not rest:
            return routing.operation_on_person(call)
        found = routing.in_mailbox(tuple(rest))
        operation = routing.allowed(found.methods, call)
        self._refuse_foreign_mailbox(call, operation)
        call.exchange, call.folders = self.exchange, found.folders
        call.item, call.part = found.item, found.part
        return operation

    def _refuse_foreign_mailbox(self, call: Call, operation: Operation) -> None:
        """Refuse a mailbox that is not the person's own, or for an application not of its tenant.

        What can be shared may be a colleague's, for who was granted it for such mailboxes too.
        """
        assert call.person is not None  # noqa: S101
        own = call.token.person
        if own is not None and own.oid != call.person.oid:
            colleague = own.tenant_id == call.person.tenant_id
            if not (colleague and operation.shared and routing.granted(call, operation.shared)):
                raise errors.access_denied()
        if own is None and call.person.tenant_id != call.token.tenant_id:
            raise errors.user_not_found(call.segments[1])

    def _person(self, call: Call) -> Person | None:
        match call.segments:
            case [root, name, *_] if root.lower() == "users":
                return self.world.person(name)
            case _:
                return call.token.person


def finished(call: Call, reply: Reply) -> Reply:
    return Reply(reply.status, reply.body, {**reply.headers, **tracing(call)})


def tracing(call: Call) -> dict[str, str]:
    """Return the headers that every answer of Graph carries."""
    return {
        "request-id": call.request_id,
        "client-request-id": call.client_request_id or call.request_id,
        "x-ms-ags-diagnostic": DIAGNOSTIC,
        "Cache-Control": "no-cache",
        "Strict-Transport-Security": "max-age=31536000",
    }


def refused(call: Call, error: GraphError, *, at: World) -> Reply:
    document: Any = error.document(
        at=at.now(), request_id=call.request_id, client_request_id=call.client_request_id
    )
    if error.code == "TooManyRequests":
        document["error"]["innerError"] |= {"code": "429", "message": "Please retry after", "status": "429"}
    reply = json_reply(document, status=error.status, headers=error.headers)
    return finished(call, reply)
