"""The calls we make on contacts, each ready for a batch. Pure.

https://learn.microsoft.com/en-us/graph/api/resources/contact
"""

from urllib.parse import quote, unquote

from app.graph.batch import Call
from app.graph.contacts import SELECT
from app.graph.protocol import Document

MARK_PROPERTY = "String {c9a3b2f0-5d1e-4b7a-9a64-0c7f5a1d2e30} Name concordLink"
FIELDS = f"$select={','.join(SELECT)}"
CONTACTS = "/me/contacts/"


def read_contact(item_id: str) -> Call:
    """Read an item, in whichever folder it lies by now."""
    return Call("GET", f"{_contact(item_id)}?{FIELDS}")


def read_marked_contact(item_id: str) -> Call:
    """Read an item with the mark that the delta never shows."""
    return Call("GET", f"{_contact(item_id)}?{FIELDS}&{_expanded()}")


def create_contact(folder_id: str, body: Document, *, mark: str) -> Call:
    """Make an item that carries our mark, so that it is found again if the answer is lost."""
    marked = {**body, "singleValueExtendedProperties": [{"id": MARK_PROPERTY, "value": mark}]}
    return Call("POST", _contacts(folder_id), marked)


def update_contact(item_id: str, body: Document, *, etag: str | None) -> Call:
    """Write the fields named in the body, where the item is still as we knew it.

    Quirk: that Exchange honours If-Match on contacts is documented nowhere; nothing may rest on it alone.
    """
    return Call("PATCH", _contact(item_id), body, _if_match(etag))


def delete_contact(item_id: str, *, etag: str | None) -> Call:
    """Move an item to Deleted Items, where it is still as we knew it."""
    return Call("DELETE", _contact(item_id), headers=_if_match(etag))


def find_marked_contacts(folder_id: str, *, mark: str) -> Call:
    """List the items of a folder that carry a mark; the answer's ``value`` is to be checked by ``mark_of``.

    Quirk: values are compared without case, and a copied item carries the mark of its original.
    """
    wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{MARK_PROPERTY}' and ep/value eq '{mark}')"
    return Call("GET", f"{_contacts(folder_id)}?{FIELDS}&$filter={quote(wanted, safe='')}&{_expanded()}")


def mark_of(item: Document) -> str | None:
    """Return the mark that an item shows, if it was asked for and there is one."""
    for shown in item.get("singleValueExtendedProperties") or ():
        if str(shown.get("id")).casefold() == MARK_PROPERTY.casefold():
            return str(shown.get("value"))
    return None


def item_of(call: Call) -> str | None:
    """Return the item that a call reads or writes, unless it makes one."""
    _, known, rest = call.path.partition(CONTACTS)
    return unquote(rest.partition("?")[0]) if known else None


def _contact(item_id: str) -> str:
    return f"{CONTACTS}{quote(item_id, safe='')}"


def _contacts(folder_id: str) -> str:
    return f"/me/contactFolders/{quote(folder_id, safe='')}/contacts"


def _expanded() -> str:
    wanted = quote(f"id eq '{MARK_PROPERTY}'", safe="")
    return f"$expand=singleValueExtendedProperties($filter={wanted})"


def _if_match(etag: str | None) -> dict[str, str]:
    return {"if-match": etag} if etag else {}
