"""One page of a list, with the link to the next.

Quirk: ``$top`` is a page size in Outlook, not a total, and the nextLink carries every option again.
https://learn.microsoft.com/graph/paging
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from sandbox.graph import odata
from sandbox.graph.places import Place, context
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
    place: Place,
    found: Sequence[Held],
    *,
    query: odata.Query,
    show: Callable[[Held], dict[str, Any]],
    kind: str,
) -> Reply:
    """Answer with the page that the query asks for."""
    asked = call.preferences.page_size
    size = query.top or min(asked or place.page_size, odata.MAX_TOP)
    end = query.skip + size
    document: dict[str, Any] = {"@odata.context": context(call, place, kind, select=query.select)}
    if query.count:
        document["@odata.count"] = len(found)
    document["value"] = [show(held) for held in found[query.skip : end]]
    if end < len(found):
        document["@odata.nextLink"] = call.link(**odata.options(call.pairs) | {"skip": str(end)})
    return json_reply(document, headers=call.preferences.applied())


def _sort_key(held: Held, *, show: Callable[[Held], dict[str, Any]], name: str) -> tuple[bool, str]:
    value = show(held)[name]
    return value is not None, str(value or "").lower()
