"""A contact as a form, and a form as a contact: one line of text per value."""

from collections.abc import Mapping
from typing import Any

TEXTS = {
    "displayName": "Shown as", "givenName": "First name", "middleName": "Middle name", "surname": "Last name",
    "title": "Title", "nickName": "Nickname", "companyName": "Company", "jobTitle": "Job title",
    "department": "Department", "mobilePhone": "Mobile phone", "businessHomePage": "Web page",
}  # fmt: skip
LISTS = {"businessPhones": "Business phones", "homePhones": "Home phones", "categories": "Categories"}
ADDRESSES = {
    "businessAddress": "Business address",
    "homeAddress": "Home address",
    "otherAddress": "Other address",
}
PARTS = {
    "street": "Street",
    "city": "City",
    "state": "State",
    "postalCode": "Postal code",
    "countryOrRegion": "Country",
}
NOON = "T11:59:00Z"


def filled(contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows for a contact."""
    addresses = {
        name: {part: ((contact.get(name) or {}).get(part) or "") for part in PARTS} for name in ADDRESSES
    }
    return {
        "texts": [(name, label, contact.get(name) or "") for name, label in TEXTS.items()],
        "lists": [(name, label, "\n".join(contact.get(name) or [])) for name, label in LISTS.items()],
        "emails": "\n".join(entry.get("address") or "" for entry in contact.get("emailAddresses") or []),
        "addresses": [(name, label, addresses[name]) for name, label in ADDRESSES.items()],
        "parts": list(PARTS.items()),
        "birthday": (contact.get("birthday") or "")[:10],
        "notes": contact.get("personalNotes") or "",
    }


def read(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the contact that a posted form describes, with everything that is empty as null or []."""
    contact: dict[str, Any] = {name: _line(form, name) for name in TEXTS}
    contact |= {name: _lines(form, name) for name in LISTS}
    contact["emailAddresses"] = [{"address": line, "name": line} for line in _lines(form, "emails")]
    for name in ADDRESSES:
        contact[name] = {part: _line(form, f"{name}.{part}") for part in PARTS}
    birthday = _line(form, "birthday")
    contact["birthday"] = f"{birthday}{NOON}" if birthday else None
    contact["personalNotes"] = str(form.get("notes") or "").replace("\r\n", "\n") or None
    return contact


def changed(contact: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return only what the form changed, so that nothing it can't show is written."""
    update = {}
    for name, value in said.items():
        had = contact.get(name)
        if name == "emailAddresses":
            had, value = _named(had or [], value)  # noqa: PLW2901
        elif name in ADDRESSES:
            had = {part: (had or {}).get(part) for part in PARTS}
        elif name == "birthday" and had and value and had[:10] == value[:10]:
            continue
        if (had or None) != (value or None):
            update[name] = value
    return update


def _named(had: list[dict[str, Any]], said: list[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """Give addresses that were there before the names they had."""
    names = {entry.get("address"): entry.get("name") for entry in had}
    return had, [{**entry, "name": names.get(entry["address"], entry["name"])} for entry in said]


def _line(form: Mapping[str, Any], name: str) -> str | None:
    return str(form.get(name) or "").strip() or None


def _lines(form: Mapping[str, Any], name: str) -> list[str]:
    return [line.strip() for line in str(form.get(name) or "").splitlines() if line.strip()]
