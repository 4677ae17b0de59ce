"""Answers that were put together as plain documents: sent as they are, without a second look."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/json"


def as_json(
    document: Any, *, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the document as an answer. The operation's ``response_model`` describes it."""
    option = orjson.OPT_UTC_Z
    return Response(orjson.dumps(document, option=option), status, headers, media_type=MEDIA_TYPE)
