"""JSON batches: calls in, answers out, in the order asked. Pure.

https://learn.microsoft.com/en-us/graph/json-batching
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from app.errors import Interruption
from app.graph.protocol import (
    DEFAULT_WAIT,
    Document,
    GraphError,
    ItemGone,
    NotFound,
    OutcomeUnknown,
    judge,
    meaning,
)

Failure = GraphError | Interruption

LIMIT = 20


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a mailbox. ``path`` is relative to the version root, with its query."""

    method: str
    path: str
    body: Document | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call: Graph's answer, or ``failure`` where there was none."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    failure: Failure | None = None

    def error(self, *, missing: type[NotFound] = ItemGone) -> Failure | None:
        """Return the typed error that the answer means, if it is none of the good ones."""
        if self.failure is not None or self.status in range(200, 300):
            return self.failure
        return meaning(self.status, self.headers, self.body, missing=missing)

    def result(self, *, missing: type[NotFound] = ItemGone) -> Document:
        """Return the document ({} where there is none), or raise the typed error."""
        error = self.error(missing=missing)
        if error is not None:
            raise error
        return judge(self.status, self.headers, {} if self.body is None else self.body)


def failed(failure: Failure, *, calls: int) -> list[Answer]:
    """Return the answers of calls that share one fate."""
    return [Answer(0, failure=failure)] * calls


def chunks(calls: Sequence[Call]) -> Iterator[Sequence[Call]]:
    """Split calls into batches that Graph accepts."""
    for start in range(0, len(calls), LIMIT):
        yield calls[start : start + LIMIT]


def packed(calls: Sequence[Call], *, headers: Sequence[Mapping[str, str]]) -> Document:
    """Return the body of one ``$batch``. ``headers``: of each item, as the outer ones don't reach it."""
    return {
        "requests": [
            _item(str(number), call, common)
            for number, (call, common) in enumerate(zip(calls, headers, strict=True))
        ]
    }


def _item(number: str, call: Call, common: Mapping[str, str]) -> Document:
    headers = united(common, call.headers)
    item: Document = {"id": number, "method": call.method, "url": call.path, "headers": headers}
    if call.body is not None:
        # Quirk: an item with a body but without its own content type is refused.
        headers.setdefault("content-type", "application/json")
        item["body"] = call.body
    return item


def united(common: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Return a request's headers, with the preferences of both in one line."""
    headers = {name.lower(): value for name, value in (*common.items(), *own.items())}
    preferences = [
        value for source in (common, own) for name, value in source.items() if name.lower() == "prefer"
    ]
    if preferences:
        headers["prefer"] = ", ".join(preferences)
    return headers


def unpacked(document: Document, *, calls: int) -> list[Answer]:
    """Return the answers in the order asked; Graph gives them in any. One left out has an unknown outcome."""
    responses = document.get("responses")
    found: dict[str, Answer] = {}
    for response in responses if isinstance(responses, list) else []:
        if isinstance(response, Mapping) and isinstance(response.get("status"), int):
            found[str(response.get("id"))] = _answer(response)
    lost = OutcomeUnknown("The batch's answer leaves this call out.", after=DEFAULT_WAIT)
    return [found.get(str(number)) or Answer(0, failure=lost) for number in range(calls)]


def _answer(response: Mapping[str, Any]) -> Answer:
    headers = response.get("headers")
    named = headers if isinstance(headers, Mapping) else {}
    return Answer(
        response["status"],
        {str(name).lower(): str(value) for name, value in named.items()},
        response.get("body"),
    )


def unauthorized(answers: Sequence[Answer]) -> list[int]:
    """Return the positions of calls that were turned away for their token alone: surely not carried out."""
    return [place for place, answer in enumerate(answers) if answer.status == HTTPStatus.UNAUTHORIZED]
