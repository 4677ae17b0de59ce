"""What controls have in common: this machine only, checked JSON in, a clear sentence for a mistake."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.entra.refusals import Refusal
from sandbox.errors import GraphError

LOOPBACK = {"127.0.0.1", "::1", "localhost", "testclient"}
Body = TypeVar("Body")
Control = Callable[[Request], Awaitable[Response]]


class Mistake(Exception):  # noqa: N818
    """The control was asked for something that can't be."""

    def __init__(self, sentence: str, *, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


async def read(request: Request, kind: type[Body]) -> Body:
    """Return the checked body of a control, or raise msgspec.ValidationError or DecodeError."""
    return msgspec.json.decode(await request.body() or b"{}", type=kind)


def answer(document: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(document), status, media_type="application/json")


def guarded(control: Control) -> Control:
    """Let a control be called from this machine only, and turn mistakes into answers."""

    async def guard(request: Request) -> Response:
        if request.client is None or request.client.host not in LOOPBACK:
            return mistaken("The controls answer only on this machine.", 403)
        try:
            return await control(request)
        except Mistake as mistake:
            return mistaken(str(mistake), mistake.status)
        except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
            return mistaken(f"The body is not as it should be: {error}.", 400)
        except GraphError as error:
            return mistaken(f"{error.code}: {error.message}", error.status)
        except Refusal as refusal:
            return mistaken(f"AADSTS{refusal.code}: {refusal.message}", 400)

    return guard


def mistaken(sentence: str, status: int) -> Response:
    return answer({"error": sentence}, status)


def shown(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
