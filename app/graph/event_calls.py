"""The calls we make on events, each ready for a batch. Pure.

https://learn.microsoft.com/en-us/graph/api/resources/event
"""

from collections.abc import Mapping
from urllib.parse import quote, unquote

from app.graph.batch import Call
from app.graph.calendar import SELECT
from app.graph.calls import MARK_PROPERTY
from app.graph.protocol import Document

EVENTS = "/me/events/"
EXPANDED = "exceptionOccurrences,calendar"
OF_ITS_OWN = ("id", "type", "originalStart", "start", "end", "isAllDay", "subject", "location", "body")
AS_TEXT = {"prefer": 'outlook.body-content-type="text"'}
"""Quirk: bodies come back as HTML documents, whatever was sent, unless text is asked for each time."""


def read_event(item_id: str) -> Call:
    """Read an event, a series with everything that differs from it, in whichever calendar it lies by now."""
    return Call("GET", f"{_event(item_id)}?$select={','.join(SELECT)}&$expand={EXPANDED}", headers=AS_TEXT)


def read_marked_event(item_id: str) -> Call:
    """Read an event with the mark that the delta never shows."""
    asked = f"$select={','.join(SELECT)}&$expand={EXPANDED},{_marked()}"
    return Call("GET", f"{_event(item_id)}?{asked}", headers=AS_TEXT)


def create_event(calendar_id: str, body: Document, *, mark: str) -> Call:
    """Make an event that carries our mark twice: where it is found, and where a second one is refused."""
    marked = {
        **body,
        "transactionId": mark,
        "singleValueExtendedProperties": [{"id": MARK_PROPERTY, "value": mark}],
    }
    return Call("POST", events_of(calendar_id), marked, AS_TEXT)


def update_event(item_id: str, body: Document, *, etag: str | None) -> Call:
    """Write the fields named in the body, where the event is still as we knew it."""
    return Call("PATCH", _event(item_id), body, {**AS_TEXT, **_if_match(etag)})


def delete_event(item_id: str, *, etag: str | None) -> Call:
    """Move an event to Deleted Items. Quirk: a meeting that we organize is cancelled hereby, by mail."""
    return Call("DELETE", _event(item_id), headers=_if_match(etag))


def find_marked_events(calendar_id: str, *, mark: str) -> Call:
    """List the events of a calendar that carry a mark; a copied event carries that of its original."""
    wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{MARK_PROPERTY}' and ep/value eq '{mark}')"
    asked = f"$filter={quote(wanted, safe='')}&$expand={_marked()}"
    return Call("GET", f"{events_of(calendar_id)}?{asked}", headers=AS_TEXT)


def instances_of(item_id: str, *, begin: str, end: str) -> Call:
    """List the occurrences of a series that begin in a window of UTC, with what may be their own."""
    asked = f"startDateTime={begin}&endDateTime={end}&$select={','.join(OF_ITS_OWN)}&$top=100"
    return Call("GET", f"{_event(item_id)}/instances?{asked}", headers=AS_TEXT)


def html_body_of(item_id: str) -> Call:
    """Read an event's body as it is, with all its formatting."""
    return Call("GET", f"{_event(item_id)}?$select=body")


def event_of(call: Call) -> str | None:
    """Return the event that a call reads or writes, unless it makes one."""
    _, known, rest = call.path.partition(EVENTS)
    return unquote(rest.partition("?")[0].partition("/")[0]) if known else None


def events_of(calendar_id: str) -> str:
    return f"/me/calendars/{quote(calendar_id, safe='')}/events"


def calendar_of(item: Mapping[str, Document]) -> str | None:
    """Return the calendar that an event lies in, where it was asked for."""
    return (item.get("calendar") or {}).get("id")


def _event(item_id: str) -> str:
    return f"{EVENTS}{quote(item_id, safe='')}"


def _marked() -> str:
    wanted = quote(f"id eq '{MARK_PROPERTY}'", safe="")
    return f"singleValueExtendedProperties($filter={wanted})"


def _if_match(etag: str | None) -> dict[str, str]:
    return {"if-match": etag} if etag else {}
