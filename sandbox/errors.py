"""What the sandbox's Graph says when it says no."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class GraphError(Exception):
    """An error in Graph's shape: a status, a code and a message for people."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        inner: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.headers, self.annotations = dict(headers or {}), dict(annotations or {})
        self.inner = dict(inner or {})

    def document(self, *, at: datetime, request_id: str, client_request_id: str | None) -> dict[str, Any]:
        """Return the body of the answer (https://learn.microsoft.com/graph/errors)."""
        inner = self.inner | {
            "date": at.strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id or request_id,
        }
        error = {"code": self.code, "message": self.message, "innerError": inner}
        return {"error": error | self.annotations}


CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    'client_id="00000003-0000-0000-c000-000000000000"'
)


def unauthenticated(message: str) -> GraphError:
    """Return the 401 of a token that is missing, unknown or over."""
    headers = {"WWW-Authenticate": CHALLENGE}
    return GraphError(401, "InvalidAuthenticationToken", message, headers=headers)
