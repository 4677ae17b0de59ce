"""The contact of Graph v1.0: what a body may say, what Exchange makes of it, and how it is shown.

A contact is kept sparse: only fields that hold something, in Graph's own wording.
https://learn.microsoft.com/graph/api/resources/contact
"""

from collections.abc import Mapping
from typing import Any

from sandbox.errors import GraphError
from sandbox.graph.errors import bad_request
from sandbox.graph.values import (
    MAX_NOTES,
    Reader,
    Strings,
    a_list,
    a_time,
    an_object,
    said_in,
    text,
)

Fields = dict[str, Any]

TYPE = "#microsoft.graph.contact"
MAX_EMAILS, MAX_PHONES = 3, 2

TEXTS = (
    "fileAs", "displayName", "givenName", "initials", "middleName", "nickName", "surname", "title",
    "yomiGivenName", "yomiSurname", "yomiCompanyName", "generation", "jobTitle", "companyName", "department",
    "officeLocation", "profession", "businessHomePage", "assistantName", "manager", "mobilePhone",
    "spouseName",
)  # fmt: skip
ADDRESS_PARTS = ("street", "city", "state", "postalCode", "countryOrRegion")
ADDRESSES = ("homeAddress", "businessAddress", "otherAddress")
SEATS = ("primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress")
READ_ONLY = frozenset({"id", "changeKey", "createdDateTime", "lastModifiedDateTime", "parentFolderId"})
NOT_BUILT = frozenset({"extensions", "photo", "multiValueExtendedProperties"})
EXTENDED = "singleValueExtendedProperties"
NAVIGATION = frozenset({EXTENDED, *NOT_BUILT})
NAMING = ("title", "givenName", "middleName", "surname", "generation")

# The order in which Graph shows a contact, and what it shows where nothing is held.
EMPTY: Fields = {
    "categories": [],
    "parentFolderId": None,
    "birthday": None,
    **dict.fromkeys(TEXTS[:12]),
    "imAddresses": [],
    **dict.fromkeys(TEXTS[12:20]),
    "homePhones": [],
    "mobilePhone": None,
    "businessPhones": [],
    "spouseName": None,
    "personalNotes": None,
    "children": [],
    "emailAddresses": [],
    **dict.fromkeys(SEATS),
    **{name: {} for name in ADDRESSES},
}
HEAD = ("id", "createdDateTime", "lastModifiedDateTime", "changeKey")
PROPERTIES = frozenset({*HEAD, *EMPTY})
SORTABLE = frozenset({*HEAD, *TEXTS, "birthday", "personalNotes", "parentFolderId"})


def read(body: Mapping[str, Any]) -> Fields:
    """Return what a create or an update says about the fields, or raise Graph's 400.

    None and [] are kept: they clear. Read-only properties say nothing, as OData has it.
    """
    return said_in(body, TYPE, readers=READERS, silent=READ_ONLY | {EXTENDED}, missing=NOT_BUILT)


def created(said: Fields) -> Fields:
    """Return the contact that a create makes."""
    fields = _kept(_seated(said, {}))
    fields.setdefault("displayName", generated_name(fields))
    fields.setdefault("fileAs", filed_under(fields))
    return {name: value for name, value in fields.items() if value is not None}


def updated(fields: Fields, said: Fields) -> Fields:
    """Return the contact after an update; arrays are replaced whole, parts of an address one by one.

    Quirk: Exchange writes a new displayName whenever parts of the name change and the update leaves it out.
    https://learn.microsoft.com/graph/api/resources/contact (displayName)
    """
    merged = fields | _seated(said, fields)
    for name in ADDRESSES:
        if said.get(name):
            merged[name] = fields.get(name, {}) | said[name]
    renamed = any(name in said and said[name] != fields.get(name) for name in NAMING)
    if renamed and "displayName" not in said:
        merged["displayName"] = generated_name(merged) or fields.get("displayName")
    if renamed and "fileAs" not in said:
        merged["fileAs"] = filed_under(merged)
    return _kept(merged)


def generated_name(fields: Mapping[str, Any]) -> str | None:
    """Return the name Exchange makes up from the parts, the company or the first address."""
    name = " ".join(fields[part] for part in NAMING if fields.get(part))
    addresses = fields.get("emailAddresses") or [{}]
    return name or fields.get("companyName") or addresses[0].get("address") or None


def filed_under(fields: Mapping[str, Any]) -> str | None:
    """Return "Last, First Middle", as Outlook files people by default."""
    first = " ".join(fields[part] for part in ("givenName", "middleName") if fields.get(part))
    return ", ".join(part for part in (fields.get("surname"), first) if part) or fields.get("companyName")


def _seated(said: Fields, fields: Fields) -> Fields:
    """Return what was said with the one list of addresses and its three named seats in agreement."""
    if "emailAddresses" not in said and not any(seat in said for seat in SEATS):
        return said
    held = said["emailAddresses"] if "emailAddresses" in said else fields.get("emailAddresses", [])
    listed = list(held)
    listed += [None] * (MAX_EMAILS - len(listed))
    for index, seat in enumerate(SEATS):
        if seat in said:
            listed[index] = said[seat]
    taken = [address for address in listed if address]
    seats = dict(zip(SEATS, [*taken, None, None, None], strict=False))
    return said | {"emailAddresses": taken} | seats


def _kept(fields: Fields) -> Fields:
    """Return the fields that hold something."""
    filled = {
        name: {part: said for part, said in fields[name].items() if said is not None}
        for name in ADDRESSES
        if fields.get(name)
    }
    return {name: value for name, value in (fields | filled).items() if value not in (None, [], {})}


def _emails(name: str, value: Any) -> list[Fields]:
    said = a_list(name, value)
    if len(said) > MAX_EMAILS:
        raise too_many(name, count=len(said), most=MAX_EMAILS)
    return [_email(f"{name}[{index}]", entry) for index, entry in enumerate(said)]


def _email(name: str, value: Any) -> Fields:
    """Read one address. Quirk: Exchange shows the address where no name was given (doubtful)."""
    said = an_object(name, value, names=("name", "address"), kind="emailAddress")
    read_text = text()
    parts = {part: read_text(f"{name}.{part}", said.get(part)) for part in ("name", "address")}
    return {"name": parts["name"] or parts["address"], "address": parts["address"]}


def _seat(name: str, value: Any) -> Fields | None:
    return None if value is None else _email(name, value)


def _address(name: str, value: Any) -> Fields | None:
    if value is None:
        return None
    said = an_object(name, value, names=ADDRESS_PARTS, kind="physicalAddress")
    read_text = text()
    return {part: read_text(f"{name}.{part}", said[part]) for part in ADDRESS_PARTS if part in said}


def _phones(name: str, value: Any) -> list[str]:
    said = Strings()(name, value)
    if len(said) > MAX_PHONES:
        raise too_many(name, count=len(said), most=MAX_PHONES)
    return said


def too_many(name: str, *, count: int, most: int) -> GraphError:
    """Quirk: the text is Exchange's own. https://github.com/microsoftgraph/microsoft-graph-docs/issues/15276."""
    return bad_request(
        f"The multi value property {name[0].upper()}{name[1:]} has {count} entries, that exceeds the max "
        f"allowed value of {most}",
        code="ErrorInvalidProperty",
    )


def _birthday(name: str, value: Any) -> str | None:
    """Read a timestamp. Quirk: Microsoft's own example of an update sends a bare date."""
    return None if value is None else a_time(name, value, bare_date=True)


READERS: dict[str, Reader] = {
    **dict.fromkeys(TEXTS, text()),
    "personalNotes": text(MAX_NOTES),
    **dict.fromkeys(("imAddresses", "children", "categories"), Strings()),
    **dict.fromkeys(("businessPhones", "homePhones"), _phones),
    **dict.fromkeys(ADDRESSES, _address),
    "emailAddresses": _emails,
    **dict.fromkeys(SEATS, _seat),
    "birthday": _birthday,
}
