"""Whom the demo's CRM knows: people of real address books where there are some, made-up ones for the rest."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from sandbox.control import generate, vcards
from sandbox.crm.contact import Document

# Other people's exports, beside the repository on some machines; never a part of it.
ADDRESS_BOOKS = Path(__file__).parents[3] / "shared" / "data" / "contacts"
SEED = 2026
TEXTS = {
    "displayName": "display_name", "title": "title", "givenName": "given_name", "middleName": "middle_name",
    "surname": "family_name", "generation": "suffix", "nickName": "nickname", "companyName": "company",
    "department": "department", "jobTitle": "job_title", "profession": "profession", "manager": "manager",
    "assistantName": "assistant", "spouseName": "spouse", "personalNotes": "notes",
    "imAddresses": "im_addresses", "categories": "categories",
}  # fmt: skip
PLACES = {"businessAddress": "business", "homeAddress": "home", "otherAddress": "other"}
PARTS = {
    "street": "street",
    "city": "city",
    "state": "region",
    "postalCode": "postal_code",
    "countryOrRegion": "country",
}


def people(count: int, *, user: str, books: Path = ADDRESS_BOOKS) -> list[Document]:
    """Return that many contacts of this user, each address once: two with one address would be one person."""
    owners = [{"user": user, "access": "primary"}]
    known: set[str] = set()
    chosen = (
        contact | {"owners": owners} for contact in _everybody(books, count) if _is_new(contact, known=known)
    )
    return list(islice(chosen, count))


def as_crm(contact: Mapping[str, Any]) -> Document:
    """Return a contact of Graph's JSON in the words of Concord's API."""
    said: Document = {ours: contact[theirs] for theirs, ours in TEXTS.items() if contact.get(theirs)}
    said["emails"] = [_email(entry) for entry in contact.get("emailAddresses") or []]
    said["phones"] = [
        {"number": number, "label": label}
        for label, numbers in (
            ("mobile", [contact.get("mobilePhone")]),
            ("business", contact.get("businessPhones")),
            ("home", contact.get("homePhones")),
        )
        for number in numbers or []
        if number
    ]
    said["addresses"] = [
        {"label": label, **{ours: place[theirs] for theirs, ours in PARTS.items() if place.get(theirs)}}
        for name, label in PLACES.items()
        if (place := contact.get(name))
    ]
    if birthday := contact.get("birthday"):
        said["birthday"] = birthday[:10]
    return {field: value for field, value in said.items() if value}


def _everybody(books: Path, count: int) -> Iterator[Document]:
    """Yield real people first, then made-up ones, more than enough."""
    for book in sorted(books.glob("*.vcf")):
        try:
            cards = list(vcards.contacts(book.read_text(encoding="utf-8", errors="replace")))
        except vcards.UnreadableCardError:
            continue  # the demo does without; reading broken cards is a test's business
        yield from map(as_crm, cards)
    yield from map(as_crm, generate.contacts(2 * count, seed=SEED))


def _is_new(contact: Document, *, known: set[str]) -> bool:
    addresses = {entry["address"].lower() for entry in contact.get("emails", [])}
    if not contact.get("display_name") or addresses & known:
        return False
    known |= addresses
    return True


def _email(entry: Mapping[str, Any]) -> Document:
    return {name: entry[name] for name in ("address", "name") if entry.get(name)}
