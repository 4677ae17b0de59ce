"""The two roots of every error this service raises on purpose, and the interruptions.

* Problem        something the caller must know; becomes problem+json (RFC 9457). Kinds: beside this file
* Interruption   work stops now and is tried again later; never reaches a caller
  x Throttled          Microsoft asks for patience, and says how long
  x Unavailable        Microsoft, the network or a part of ours did not answer
  x Refused            Microsoft will not have it until a person acts (sign-in, consent, licence)
  x LeaseLost          another worker took the collection over; whatever was read is void
"""

from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar


class Problem(Exception):  # noqa: N818  RFC 9457 calls it a problem
    """A failure with a stable public name. Subclasses fill in the class attributes.

    ``cure`` says to a person what to do about it; the detail of each occurrence names the field or thing.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[HTTPStatus]
    cure: ClassVar[str]

    def __init__(
        self, detail: str | None = None, *, headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.headers = headers or {}
        self.extra = extra

    def document(self, *, instance: str) -> dict[str, Any]:
        """Return the RFC 9457 body of this occurrence."""
        return {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status.value,
            "detail": self.detail,
            "instance": instance,
            **self.extra,
        }


class Interruption(Exception):  # noqa: N818  not an error: the work goes on later
    """Not now. ``after`` is the least time to wait before trying again."""

    def __init__(self, reason: str, *, after: timedelta = timedelta(0)) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class Throttled(Interruption):
    """Microsoft asked us to wait."""


class Unavailable(Interruption):
    """Something did not answer, or answered with a failure of its own."""


class Refused(Interruption):
    """Nothing helps but a person: ``problem`` is the slug of the state the connection falls into."""

    def __init__(self, reason: str, *, problem: str) -> None:
        super().__init__(reason)
        self.problem = problem


class LeaseLost(Interruption):
    """The collection's epoch moved on under us."""
