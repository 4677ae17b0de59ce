"""What Graph posts to our URLs, read as far as we need it. Pure.

https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs

import orjson


@dataclass(frozen=True, slots=True)
class Notice:
    """One item of a post: a change of ``item_id``, or something that happened to the subscription itself."""

    client_state: str
    subscription_id: str | None
    item_id: str | None
    lifecycle_event: str | None

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Self:
        """Read an item; what isn't a text is as good as absent."""
        resource = item.get("resourceData")
        return cls(
            client_state=_text(item, "clientState") or "",
            subscription_id=_text(item, "subscriptionId"),
            item_id=_text(resource, "id") if isinstance(resource, dict) else None,
            lifecycle_event=_text(item, "lifecycleEvent"),
        )


def notices(body: bytes) -> list[Notice]:
    """Return what a post holds; whatever isn't a post of Graph's holds nothing."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    value = document.get("value") if isinstance(document, dict) else None
    return [Notice.parse(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def validation_token(query: bytes) -> str | None:
    """Return the token that Graph wants to read back before it subscribes.

    Quirk: it is form-encoded: ``+`` stands for a space.
    """
    if b"validationToken=" not in query:
        return None
    return parse_qs(query.decode("latin-1")).get("validationToken", [None])[0]


def _text(item: Mapping[str, Any], name: str) -> str | None:
    value = item.get(name)
    return value if isinstance(value, str) else None
