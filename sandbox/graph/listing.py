"""One page of a list, with the link to the next.

Quirk: ``$top`` is a page size in Outlook, not a total, and the nextLink carries every option again.
https://learn.microsoft.com/graph/paging
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from sandbox.graph import odata
from sandbox.graph.wire import Call, Reply, json_reply

Held = TypeVar("Held")


def ordered(
    found: list[Held], orders: Sequence[odata.Order], *, show: Callable[[Held], dict[str, Any]]
) -> list[Held]:
    """Return a list in the order that ``$orderby`` asks for; letter case does not count."""
    for order in reversed(orders):
        found = sorted(found, key=partial(_sort_key, show=show, name=order.name), reverse=order.descending)
    return found


def listed(
    call: Call,
    found: Sequence[Held],
    *,
    query: odata.Query,
    show: Callable[[Held], dict[str, Any]],
    context: str,
    size: int,
    window: str = "",
    applied: Mapping[str, str] | None = None,
) -> Reply:
    """Answer with the page that the query asks for.

    ``size`` is its length where nothing is said; ``applied`` names the preferences that were honoured, where
    they aren't those of a contact.
    """
    size = query.top or min(call.preferences.page_size or size, odata.MAX_TOP)
    end = query.skip + size
    document: dict[str, Any] = {"@odata.context": context}
    if query.count:
        document["@odata.count"] = len(found)
    document["value"] = [show(held) for held in found[query.skip : end]]
    if end < len(found):
        options = odata.options(call.pairs) | {"skip": str(end)}
        document["@odata.nextLink"] = call.link(**options) + window
    return json_reply(document, headers=call.preferences.applied() if applied is None else applied)


def counted(total: int) -> Reply:
    """Answer a ``$count``."""
    return Reply(200, str(total).encode(), {"Content-Type": "text/plain", "OData-Version": "4.0"})


def _sort_key(held: Held, *, show: Callable[[Held], dict[str, Any]], name: str) -> tuple[bool, str]:
    value = show(held)[name]
    return value is not None, str(value or "").lower()
