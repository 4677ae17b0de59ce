"""What Entra says when it says no: AADSTS codes in Microsoft's shape.

Refusal        the application is told, by redirect or in the token answer
└── Shown      only the person is told, on a page: Entra trusts nothing it could redirect to
"""

import uuid
from collections import defaultdict
from datetime import datetime
from typing import Any

from sandbox.entra.codes import MEANINGS

# Signing in again does not help with these.
BLOCKING = frozenset({50034, 50057, 50105, 53000, 53001, 53003})
SUBERRORS = {50076: "basic_action", 50078: "basic_action", 50079: "basic_action", 50173: "bad_token",
             53003: "message_only", 65001: "consent_required", 700082: "token_expired"}  # fmt: skip
UNAUTHORIZED = 401
BAD_REQUEST = 400


class Refusal(Exception):  # noqa: N818
    """An AADSTS code with what its sentence speaks of; ``error`` where it isn't the code's usual one."""

    def __init__(
        self,
        code: int,
        *,
        error: str = "",
        subcode: str | None = None,
        claims: str | None = None,
        **facts: str,
    ) -> None:
        usual, sentence = MEANINGS.get(code, ("invalid_request", "This error was asked for."))
        self.code, self.error, self.subcode, self.claims = code, error or usual, subcode, claims
        self.message = sentence.format_map(defaultdict(lambda: "?", facts))
        super().__init__(f"AADSTS{code}: {self.message}")

    @property
    def status(self) -> int:
        return UNAUTHORIZED if self.error == "invalid_client" else BAD_REQUEST

    def document(self, *, at: datetime, correlation_id: str | None) -> dict[str, Any]:
        """Return the body of a refused token request (facts §9.4)."""
        trace, correlation = str(uuid.uuid4()), correlation_id or str(uuid.uuid4())
        stamp = at.strftime("%Y-%m-%d %H:%M:%SZ")
        document: dict[str, Any] = {
            "error": self.error,
            "error_description": f"AADSTS{self.code}: {self.message} "
            f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [self.code],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.code}",
        }
        if self.error in {"invalid_grant", "interaction_required"} and self.code in SUBERRORS:
            document["suberror"] = SUBERRORS[self.code]
        if self.claims:
            document["claims"] = self.claims
        return document

    def callback(self, *, at: datetime, correlation_id: str | None) -> dict[str, str]:
        """Return the parameters of the redirect that tells the application."""
        document = self.document(at=at, correlation_id=correlation_id)
        told = {"error": self.error, "error_description": document["error_description"]}
        if self.subcode:
            told["error_subcode"] = self.subcode
        return told | {"error_uri": document["error_uri"]}


class Shown(Refusal):
    @classmethod
    def of(cls, refusal: Refusal) -> "Shown":
        shown = cls(refusal.code, error=refusal.error)
        shown.message = refusal.message
        return shown


def missing(parameter: str) -> Refusal:
    return Refusal(900144, parameter=parameter)
