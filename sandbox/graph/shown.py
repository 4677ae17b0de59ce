"""Contacts and folders as Graph shows them."""

from collections.abc import Iterable
from typing import Any

from sandbox.graph import contact as contacts
from sandbox.graph import extended, ids
from sandbox.graph.odata import Rules
from sandbox.graph.store import Folder, Item, Mailbox

Document = dict[str, Any]

CONTACT = Rules(
    kind="contact",
    properties=contacts.PROPERTIES,
    sortable=contacts.SORTABLE,
    navigation=contacts.NAVIGATION,
)
FOLDER_PROPERTIES = ("id", "parentFolderId", "displayName")
FOLDER = Rules(
    kind="contactFolder",
    properties=frozenset(FOLDER_PROPERTIES),
    sortable=frozenset(FOLDER_PROPERTIES),
    navigation=frozenset(
        {"childFolders", "contacts", "multiValueExtendedProperties", "singleValueExtendedProperties"}
    ),
)


def contact(
    mailbox: Mailbox,
    held: Item,
    *,
    immutable: bool,
    select: tuple[str, ...] = (),
    expand: Iterable[str] = (),
) -> Document:
    """Return a contact with its etag; the id comes along whatever is selected."""
    key = ids.change_key(mailbox.owner, held.version)
    whole = {
        "@odata.etag": f'W/"{key}"',
        "id": mailbox.item_id(held, immutable=immutable),
        "createdDateTime": held.created,
        "lastModifiedDateTime": held.modified,
        "changeKey": key,
        **contacts.EMPTY,
        **held.fields,
        "parentFolderId": mailbox.folder_id(held.folder),
    }
    return _selected(whole, select) | _expanded(held.properties, expand)


def folder(
    mailbox: Mailbox, held: Folder, *, select: tuple[str, ...] = (), expand: Iterable[str] = ()
) -> Document:
    whole = {
        "id": mailbox.folder_id(held.number),
        "parentFolderId": mailbox.folder_id(held.parent),
        "displayName": held.name,
    }
    return _selected(whole, select) | _expanded(held.properties, expand)


def _selected(whole: Document, select: tuple[str, ...]) -> Document:
    if not select:
        return whole
    return {name: value for name, value in whole.items() if name in select or name in {"@odata.etag", "id"}}


def _expanded(properties: extended.Properties, expand: Iterable[str]) -> Document:
    """Return the asked-for extended properties; an item that has none of them shows no such property."""
    found = extended.shown(properties, list(expand))
    return {contacts.EXTENDED: found} if found else {}
