"""A contact as Concord holds it (``api.md`` §5)."""

from collections.abc import Mapping

from app.records import Fields, Value, values
from app.records.values import Kind

FIELDS: Mapping[str, Kind] = {
    "display_name": Kind.TEXT,
    "title": Kind.TEXT,
    "given_name": Kind.TEXT,
    "middle_name": Kind.TEXT,
    "family_name": Kind.TEXT,
    "suffix": Kind.TEXT,
    "nickname": Kind.TEXT,
    "company": Kind.TEXT,
    "department": Kind.TEXT,
    "job_title": Kind.TEXT,
    "profession": Kind.TEXT,
    "office": Kind.TEXT,
    "manager": Kind.TEXT,
    "assistant": Kind.TEXT,
    "emails": Kind.EMAILS,
    "phones": Kind.PHONES,
    "addresses": Kind.ADDRESSES,
    "im_addresses": Kind.TEXTS,
    "website": Kind.TEXT,
    "birthday": Kind.DATE,
    "spouse": Kind.TEXT,
    "children": Kind.TEXTS,
    "notes": Kind.TEXT,
    "categories": Kind.TAGS,
}

PHONE_LABELS = ("business", "home", "mobile", "other", "fax")
ADDRESS_LABELS = ("business", "home", "other")


def canonical(fields: Mapping[str, Value]) -> Fields:
    """Return the stated fields of a contact in normal form; what isn't a contact's field is left out."""
    return {name: values.canonical(FIELDS[name], value) for name, value in fields.items() if name in FIELDS}


def empty(field: str) -> Value:
    """Return what this field holds when it holds nothing: None, or a list without elements."""
    return values.empty(FIELDS[field])


def same(field: str, one: Value, other: Value) -> bool:
    """Return whether two canonical values of this field say the same."""
    return values.same(FIELDS[field], one, other)


def worded(doc: Fields) -> Fields:
    """Return a contact's fields in the words of the API; what it was never given is null or an empty list."""
    return {name: doc.get(name, empty(name)) for name in FIELDS}


def title(doc: Fields) -> str | None:
    """Return what a person would call this contact."""
    emails = doc.get("emails") or [{}]
    names = (doc.get("display_name"), doc.get("company"), emails[0].get("address"))
    return next((name for name in names if name), None)
