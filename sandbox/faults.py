"""Trouble on demand: what goes wrong with the next requests that match.

``meet`` is what both Entra and Graph call for every request (Graph also for every item of a ``$batch``):
it waits, raises or hands back what only the caller can do. Faults live in memory only.
"""

import asyncio
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from sandbox.errors import CHALLENGE, GraphError


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request is refused with this status before anything happens."""

    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    code: str | None = None
    message: str | None = None
    retry_after: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Latency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    latency_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)]


class Drop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The connection breaks, before or after the request took effect."""

    drop: Literal["before_commit", "after_commit"]


class Delta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    delta: Literal["expire", "empty_page", "duplicate", "replay"]


class Notification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    notification: Literal["lose", "duplicate", "delay", "reorder"]


Effect = Answer | Latency | Drop | Delta | Notification
FORMS: dict[str, type[Effect]] = {
    "status": Answer,
    "latency_ms": Latency,
    "drop": Drop,
    "delta": Delta,
    "notification": Notification,
}


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests: absent or null means any; ``*`` in a path stands for anything."""

    method: str | None = None
    path: str | None = None
    mail: str | None = None


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /_sandbox/faults."""

    fault: dict[str, Any]
    match: Match = Match()
    skip: Annotated[int, msgspec.Meta(ge=0)] = 0
    times: Annotated[int, msgspec.Meta(ge=1)] | None = 1


@dataclass(slots=True)
class Fault:
    id: str
    effect: Effect
    match: Match
    skip: int
    left: int | None
    path: re.Pattern[str] | None

    def strikes(self, *, method: str, path: str, mail: str | None) -> bool:
        """Say whether this request is struck, counting it if so."""
        if self.left == 0 or not self._matches(method, path, mail):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def _matches(self, method: str, path: str, mail: str | None) -> bool:
        return (
            (self.match.method is None or self.match.method.upper() == method.upper())
            and (self.path is None or self.path.fullmatch(path) is not None)
            and (self.match.mail is None or self.match.mail.lower() == (mail or "").lower())
        )


@dataclass
class Faults:
    latency_ms: Callable[[], int] = lambda: 0
    waiting: list[Fault] = field(default_factory=list)

    def add(self, order: Order) -> Fault:
        """Keep a fault, or raise msgspec.ValidationError where it is none we know."""
        path = order.match.path
        fault = Fault(
            id=f"flt_{uuid.uuid4().hex}",
            effect=effect_of(order.fault),
            match=order.match,
            skip=order.skip,
            left=order.times,
            path=None if path is None else re.compile(".*".join(map(re.escape, path.split("*"))), re.DOTALL),
        )
        self.waiting.append(fault)
        return fault

    def clear(self) -> None:
        self.waiting.clear()

    def struck(
        self, kinds: tuple[type[Effect], ...], *, method: str, path: str, mail: str | None
    ) -> list[Effect]:
        """Return the effects of these kinds on this request, in the order in which they were asked for.

        A fault of another kind is neither counted nor used up: a lost notification waits for a notification.
        """
        if not self.waiting:
            return []
        found = [
            fault.effect
            for fault in self.waiting
            if isinstance(fault.effect, kinds) and fault.strikes(method=method, path=path, mail=mail)
        ]
        self.waiting = [fault for fault in self.waiting if fault.left != 0]
        return found

    async def meet(
        self,
        *,
        method: str,
        path: str,
        mail: str | None,
        kinds: tuple[type[Effect], ...] = (Answer, Latency, Drop),
        wait: bool = True,
    ) -> list[Effect]:
        """Wait out latency, raise what a status fault answers, and return the effects left to the caller.

        ``wait=False`` leaves out the latency that the settings give every request (an item of a ``$batch``).
        """
        effects = self.struck(kinds, method=method, path=path, mail=mail)
        latency = sum(effect.latency_ms for effect in effects if isinstance(effect, Latency))
        latency += self.latency_ms() if wait else 0
        if latency:
            await asyncio.sleep(latency / 1000)
        for effect in effects:
            if isinstance(effect, Answer):
                raise refusal(effect)
        return [effect for effect in effects if not isinstance(effect, Latency)]


def effect_of(fault: dict[str, Any]) -> Effect:
    forms = [form for key, form in FORMS.items() if key in fault]
    if len(forms) != 1:
        raise msgspec.ValidationError(f"`fault` must have exactly one of {', '.join(FORMS)}")
    return msgspec.convert(fault, forms[0])


USUAL = {
    400: ("BadRequest", "The request is malformed or incorrect."),
    401: ("InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
    403: ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    404: ("ErrorItemNotFound", "The specified object was not found in the store."),
    409: ("Conflict", "The request conflicts with the current state."),
    410: ("SyncStateNotFound", "The sync state generation is not found."),
    412: ("ErrorIrresolvableConflict", "The change key in the request is not the current one of the item."),
    423: ("resourceLocked", "The resource is locked."),
    429: ("TooManyRequests", "Please retry again later."),
    500: ("ErrorInternalServerError", "An internal server error occurred. The operation failed."),
    503: ("serviceNotAvailable", "The service is temporarily unavailable."),
    504: ("GatewayTimeout", "The server did not answer in time."),
    507: ("ErrorQuotaExceeded", "The mailbox is full."),
}  # fmt: skip


def refusal(answer: Answer) -> GraphError:
    """Return the error that a status fault stands for."""
    code, message = USUAL.get(answer.status, ("UnknownError", "An error was asked for."))
    headers = {} if answer.retry_after is None else {"Retry-After": str(answer.retry_after)}
    if answer.status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = CHALLENGE
    return GraphError(answer.status, answer.code or code, answer.message or message, headers=headers)


class ConnectionDroppedError(Exception):
    """Raise it to break the connection of a request without a byte of an answer."""


def drop_where(effects: list[Effect], drop: Drop) -> None:
    """Break the connection if this is among the effects."""
    if drop in effects:
        raise ConnectionDroppedError
