"""What a contact may be recognised by: any e-mail address, its name with its company, its name with a phone.

A name alone is no evidence. ``evidence_of`` is exact and made when a match is. ``index_keys`` are coarser
words for the same, by which whoever might match is looked up: they don't depend on a workspace's region.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final
from unicodedata import normalize

import orjson
import phonenumbers

from app.records import Fields

EMAIL: Final = "email"
COMPANY: Final = "name_and_company"
PHONE: Final = "name_and_phone"

IDENTIFYING: Final = frozenset({"display_name", "given_name", "family_name", "company", "emails", "phones"})
"""The fields that evidence is made of."""

_TAIL = 7
_EXTENSION = re.compile(r"[^\W\d_]|[;,#]")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The keys by which one contact may be recognised. ``exact`` are its e-mails together with its name.

    ``content`` tells whether two items say the very same.
    """

    keys: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    content: str = ""

    def strong(self) -> "Evidence":
        """Return the part of the evidence that holds a name: an address alone may be shared by many."""
        named = tuple(key for key in self.keys if kind_of(key) != EMAIL)
        return Evidence((*self.exact, *named), self.exact, self.content)


def kind_of(key: str) -> str:
    """Return what kind of evidence a key is."""
    return key.partition(":")[0]


def evidence_of(doc: Fields, *, region: str = "") -> Evidence:
    """Return what a contact may be recognised by; a phone without a country's code is one of ``region``."""
    names, addresses = _names(doc), _addresses(doc)
    phones = dict.fromkeys(_number(phone["number"], region) for phone in doc.get("phones") or () if names)
    keys = [f"{EMAIL}:{address}" for address in addresses]
    keys += _with_company(doc, names)
    keys += [f"{PHONE}:{name}|{number}" for name in names for number in phones if number]
    exact = tuple(f"{EMAIL}:{address}|{name}" for address in addresses for name in names)
    content = blake2b(orjson.dumps(doc, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
    return Evidence(tuple(keys), exact, content)


def index_keys(doc: Fields) -> list[str]:
    """Return the words by which a contact is looked up. Whoever shares evidence shares one of them."""
    names = _names(doc)
    tails = dict.fromkeys(_tail(phone["number"]) for phone in doc.get("phones") or () if names)
    keys = [f"{EMAIL}:{address}" for address in _addresses(doc)]
    keys += _with_company(doc, names)
    keys += [f"{PHONE}:{name}|{tail}" for name in names for tail in tails if tail]
    return [_digest(key) for key in keys]


def address_key(address: str) -> str:
    """Return the word by which whoever has this address is looked up."""
    return _digest(f"{EMAIL}:{address.casefold()}")


def _digest(key: str) -> str:
    """Return a word of fixed length that tells nothing of whom it is about."""
    return blake2b(key.encode(), digest_size=9).hexdigest()


def _names(doc: Fields) -> list[str]:
    """Return the ways in which the contact is called in full."""
    parts = [doc.get("given_name"), doc.get("family_name")]
    both = " ".join(part for part in parts if part) if all(parts) else None
    return list(dict.fromkeys(name for name in map(_plain, (doc.get("display_name"), both)) if name))


def _plain(text: str | None) -> str:
    return " ".join(normalize("NFKC", text).casefold().split()) if text else ""


def _addresses(doc: Fields) -> list[str]:
    return list(dict.fromkeys(email["address"].casefold() for email in doc.get("emails") or ()))


def _with_company(doc: Fields, names: Iterable[str]) -> Iterator[str]:
    company = _plain(doc.get("company"))
    return (f"{COMPANY}:{name}|{company}" for name in names if company)


@lru_cache(maxsize=65_536)
def _number(number: str, region: str) -> str:
    """Return a phone number as E.164; one that isn't possible anywhere by its digits, as it is written."""
    try:
        parsed = phonenumbers.parse(number, region or None)
    except phonenumbers.NumberParseException:
        return _digits(number)
    if not phonenumbers.is_possible_number(parsed):
        return _digits(number)
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _tail(number: str) -> str:
    """Return the last digits, which are the same with and without a country's code."""
    found = _EXTENSION.search(number)
    return _digits(number[: found.start()] if found else number)[-_TAIL:]


def _digits(number: str) -> str:
    return "".join(str(int(c)) for c in number if c.isdecimal())
