"""The CRM's hand: Concord's public API, with the workspace's key."""

from collections.abc import AsyncIterator
from typing import Any, Self

import httpx

Json = dict[str, Any]
FAILED = 400


class ConcordSilentError(Exception):
    """Concord does not answer, or not now: the same may work later."""


class ConcordRefusedError(Exception):
    """Concord answered with a problem."""

    def __init__(self, status: int, problem: Json) -> None:
        self.status, self.problem = status, problem
        said = (problem.get("title"), problem.get("detail"))
        super().__init__(" ".join(filter(None, said)) or f"Concord answered {status}.")


class Concord:
    def __init__(self, url: str, *, key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url
        self._http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30, transport=transport
        )

    async def call(self, method: str, path: str, **request: Any) -> Json:
        """Return the document of a good answer. Raises ConcordRefusedError or ConcordSilentError."""
        try:
            answer = await self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise ConcordSilentError(f"Concord does not answer at {self.url}.") from error
        document: Json = _document(answer)
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
            raise ConcordSilentError(f"Concord answered {answer.status_code}.")
        if answer.status_code >= FAILED:
            raise ConcordRefusedError(answer.status_code, document)
        return document

    async def each(self, path: str, **parameters: Any) -> AsyncIterator[Json]:
        """Yield the pages of a list."""
        cursor: str | None = None
        while True:
            page = await self.call("GET", path, params=parameters | ({"cursor": cursor} if cursor else {}))
            yield page
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()


def _document(answer: httpx.Response) -> Json:
    if not answer.content or "json" not in answer.headers.get("content-type", ""):
        return {}
    document = answer.json()
    return document if isinstance(document, dict) else {}
