"""Contacts on Microsoft's wire: which properties we project, what they mean, how ours are worded.

https://learn.microsoft.com/graph/api/resources/contact
"""

from collections.abc import Mapping
from typing import Any

from app.records import Fields, Value, contact, values
from app.records.shape import Part, Shape
from app.records.values import ADDRESS_LINES, Kind

SHAPE_VERSION = 1
MODIFIED = "lastModifiedDateTime"

TEXTS = {
    "displayName": "display_name",
    "title": "title",
    "givenName": "given_name",
    "middleName": "middle_name",
    "surname": "family_name",
    "generation": "suffix",
    "nickName": "nickname",
    "companyName": "company",
    "department": "department",
    "jobTitle": "job_title",
    "profession": "profession",
    "officeLocation": "office",
    "manager": "manager",
    "assistantName": "assistant",
    "businessHomePage": "website",
    "spouseName": "spouse",
    "personalNotes": "notes",
}

# Quirk: Outlook has three places for e-mail addresses and two each for business and home phones; more are
# refused with 400 (https://github.com/microsoftgraph/microsoft-graph-docs/issues/15276).
_PARTS = (
    *(Part(name, field, Kind.TEXT) for name, field in TEXTS.items()),
    Part("birthday", "birthday", Kind.DATE),
    Part("emailAddresses", "emails", Kind.EMAILS, seats=3),
    Part("businessPhones", "phones", Kind.PHONES, label="business", seats=2),
    Part("homePhones", "phones", Kind.PHONES, label="home", seats=2),
    Part("mobilePhone", "phones", Kind.PHONES, label="mobile", seats=1),
    Part("businessAddress", "addresses", Kind.ADDRESSES, label="business", seats=1, alone=True),
    Part("homeAddress", "addresses", Kind.ADDRESSES, label="home", seats=1, alone=True),
    Part("otherAddress", "addresses", Kind.ADDRESSES, label="other", seats=1, alone=True),
    Part("imAddresses", "im_addresses", Kind.TEXTS),
    Part("children", "children", Kind.TEXTS),
    Part("categories", "categories", Kind.TAGS),
)
PARTS: Mapping[str, Part] = {part.name: part for part in _PARTS}

SELECT = ("id", "parentFolderId", "createdDateTime", MODIFIED, *PARTS)

LINES = dict(zip(ADDRESS_LINES, ("street", "city", "state", "postalCode", "countryOrRegion"), strict=True))


def had(item: Mapping[str, Any]) -> Fields:
    """Return the item's raw wording of the properties we project, as ``graph_had`` keeps it."""
    return {name: item[name] for name in (*PARTS, MODIFIED) if name in item}


def parse(wording: Fields) -> Fields:
    """Return the document that a wording stands for; empty fields are left out."""
    doc: Fields = {}
    for name, part in PARTS.items():
        meant = read(part, wording.get(name))
        if meant:
            doc[part.field] = doc[part.field] + meant if part.field in doc else meant
    return doc


def read(part: Part, raw: Value) -> Value:
    """Return what the raw wording of one part means; what it says twice it means once."""
    value = _meaning(part, raw)
    return values.canonical(part.kind, value) if isinstance(value, list) and len(value) > 1 else value


def _meaning(part: Part, raw: Value) -> Value:
    match part.kind:
        case Kind.TEXT:
            return _text(raw)
        case Kind.DATE:
            # Quirk: a birthday is a timestamp, with odd times of day; only its date counts.
            return raw[:10] if raw else None
        case Kind.EMAILS:
            return [email for entry in raw or () if (email := _email(entry))]
        case Kind.PHONES:
            numbers = raw if isinstance(raw, list) else [raw]
            return [{"number": n, "label": part.label} for number in numbers if (n := _text(number))]
        case Kind.ADDRESSES:
            return _address(part, raw or {})
        case _:
            return [text for entry in raw or () if (text := _text(entry))]


def worded(part: Part, value: Value) -> Value:
    """Return the JSON by which Graph is told what this part is to hold."""
    match part.kind:
        case Kind.TEXT:
            return value
        case Kind.DATE:
            # Quirk: a local midnight would move the day; one minute before noon doesn't in any zone.
            return f"{value}T11:59:00Z" if value else None
        case Kind.EMAILS:
            return [{"address": e["address"], "name": e.get("name") or e["address"]} for e in value]
        case Kind.PHONES:
            numbers = [phone["number"] for phone in value]
            return (numbers or [None])[0] if part.seats == 1 else numbers
        case Kind.ADDRESSES:
            address = value[0] if value else {}
            return {line: address.get(ours) for ours, line in LINES.items()}
        case _:
            return list(value)


def payload(fields: Fields, wording: Fields) -> Fields:
    """Return the body of a POST or PATCH that sets these parts of an item that was worded like this.

    Quirk: Exchange makes up a new ``displayName`` at an update of other fields, so every update repeats
    it: the owed one, else what the item holds (https://learn.microsoft.com/graph/api/contact-update).
    """
    body = {name: worded(PARTS[name], value) for name, value in fields.items()}
    if "displayName" not in body and "displayName" in wording:
        body["displayName"] = wording["displayName"]
    return body


def _text(raw: Value) -> str | None:
    return (raw.replace("\r\n", "\n").strip() or None) if raw else None


def _email(entry: Value) -> Fields | None:
    address, name = _text(entry.get("address")), _text(entry.get("name"))
    if address is None:
        return None
    # Quirk: the name of an address defaults to the address itself.
    unnamed = name is None or name.casefold() == address.casefold()
    return {"address": address, "name": None if unnamed else name}


def _address(part: Part, raw: Value) -> list[Fields]:
    lines = {ours: _text(raw.get(line)) for ours, line in LINES.items()}
    return [{"label": part.label, **lines}] if any(lines.values()) else []


SHAPE = Shape(
    entity="contacts",
    version=SHAPE_VERSION,
    kinds=contact.FIELDS,
    parts=PARTS,
    read=read,
    payload=payload,
    carried=("displayName",),
    modified=MODIFIED,
)
