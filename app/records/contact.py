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


def canonical(fields: Fields) -> Fields:
    """Return the stated fields of a contact in normal form; what isn't a contact's field is left out."""
    return {name: values.canonical(FIELDS[name], value) for name, value in fields.items() if name in FIELDS}


def empty(field: str) -> Value:
    """Return what this field holds when it holds nothing: None, or a list without elements."""
    return values.empty(FIELDS[field])


def same(field: str, one: Value, other: Value) -> bool:
    """Return whether two canonical values of this field say the same."""
    return values.same(FIELDS[field], one, other)
