"""A contact as this CRM holds it, in the words of Concord's API; and as a form, one line per value."""

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]

FIELDS = (
    "owners", "classes", "display_name", "title", "given_name", "middle_name", "family_name", "suffix",
    "nickname", "company", "department", "job_title", "profession", "office", "manager", "assistant",
    "emails", "phones", "addresses", "im_addresses", "website", "birthday", "spouse", "children", "notes",
    "categories",
)  # fmt: skip
TEXTS = {
    "given_name": "First name", "family_name": "Last name", "display_name": "Shown as", "title": "Title",
    "company": "Company", "job_title": "Job title", "website": "Web page", "birthday": "Birthday",
}  # fmt: skip
PHONES = {"mobile": "Mobile phone", "business": "Business phones", "home": "Home phones"}
ADDRESSES = {"business": "Business address", "home": "Home address"}
PARTS = {
    "street": "Street",
    "city": "City",
    "region": "Region",
    "postal_code": "Postal code",
    "country": "Country",
}


def document_of(answer: Mapping[str, Any]) -> Document:
    """Return what Concord says of a contact without what is only Concord's: ids, revision and the like."""
    return {field: answer[field] for field in FIELDS if field in answer}


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the fields that ``after`` mentions with another value; nothing and empty are one."""
    return [field for field, value in after.items() if (before.get(field) or None) != (value or None)]


def name_of(document: Mapping[str, Any]) -> str:
    names = " ".join(filter(None, (document.get("given_name"), document.get("family_name"))))
    emails = document.get("emails") or [{}]
    return (
        document.get("display_name")
        or names
        or document.get("company")
        or emails[0].get("address")
        or "(no name)"
    )


def filled(document: Mapping[str, Any]) -> Document:
    """Return what the form shows for a contact."""
    phones, addresses = document.get("phones") or [], document.get("addresses") or []
    return {
        "texts": [(name, label, document.get(name) or "") for name, label in TEXTS.items()],
        "emails": "\n".join(entry["address"] for entry in document.get("emails") or []),
        "phones": [
            (kind, label, "\n".join(phone["number"] for phone in phones if phone.get("label") == kind))
            for kind, label in PHONES.items()
        ],
        "categories": "\n".join(document.get("categories") or []),
        "addresses": [
            (kind, label, next((place for place in addresses if place.get("label") == kind), {}))
            for kind, label in ADDRESSES.items()
        ],
        "parts": list(PARTS.items()),
        "notes": document.get("notes") or "",
    }


def read(form: Mapping[str, Any], *, known: Mapping[str, Any]) -> Document:
    """Return what a posted form says of a contact; what the form can't show stays as it is known."""
    said: Document = {name: _line(form, name) for name in TEXTS}
    named = {entry["address"]: entry for entry in known.get("emails") or []}
    said["emails"] = [named.get(line, {"address": line}) for line in _lines(form, "emails")]
    said["phones"] = [
        {"number": line, "label": kind} for kind in PHONES for line in _lines(form, f"phones.{kind}")
    ] + [phone for phone in known.get("phones") or [] if phone.get("label") not in PHONES]
    said["addresses"] = [
        _place(form, kind) for kind in ADDRESSES if any(_place(form, kind)[p] for p in PARTS)
    ]
    said["addresses"] += [
        place for place in known.get("addresses") or [] if place.get("label") not in ADDRESSES
    ]
    said["categories"] = _lines(form, "categories")
    said["notes"] = str(form.get("notes") or "").replace("\r\n", "\n").strip() or None
    return {field: _ordered_as(known.get(field), value) for field, value in said.items()}


def _place(form: Mapping[str, Any], kind: str) -> Document:
    return {"label": kind, **{part: _line(form, f"{kind}.{part}") for part in PARTS}}


def _ordered_as(known: Any, said: Any) -> Any:
    """Return a list as it is known if the form only put it into another order."""
    if (
        isinstance(known, list)
        and isinstance(said, list)
        and sorted(map(_key, known)) == sorted(map(_key, said))
    ):
        return known
    return said


def _key(entry: Any) -> str:
    return (
        repr(sorted((name, value or "") for name, value in entry.items()))
        if isinstance(entry, dict)
        else entry
    )


def _line(form: Mapping[str, Any], name: str) -> str | None:
    return str(form.get(name) or "").strip() or None


def _lines(form: Mapping[str, Any], name: str) -> list[str]:
    return [line.strip() for line in str(form.get(name) or "").splitlines() if line.strip()]
