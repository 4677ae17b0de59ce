"""Address books of other programs: vCards, read by vobject, in Graph's words."""

import quopri
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import vobject

MOST_EMAILS = 3
MOST_PHONES = 2
NAME_PARTS = {
    "prefix": "title",
    "given": "givenName",
    "additional": "middleName",
    "family": "surname",
    "suffix": "generation",
}
TEXTS = {"title": "jobTitle", "role": "profession", "note": "personalNotes", "url": "businessHomePage"}
EXTRAS = {"x-ms-manager": "manager", "x-manager": "manager", "x-ms-assistant": "assistantName",
          "x-assistant": "assistantName", "x-ms-spouse": "spouseName", "x-spouse": "spouseName"}  # fmt: skip
PICTURES = re.compile(r"^(?:PHOTO|LOGO|SOUND|KEY)[;:].*(?:\r?\n[ \t].*)*", re.MULTILINE | re.IGNORECASE)
QUOTED = re.compile(
    r"^(?P<head>[^:\r\n]*;ENCODING=QUOTED-PRINTABLE[^:\r\n]*):(?P<value>(?:[^\r\n]*=\r?\n)*[^\r\n]*)",
    re.MULTILINE | re.IGNORECASE,
)
SOFT_BREAK = re.compile(r"=\r?\n")
DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")


class UnreadableCardError(ValueError):
    pass


def contacts(text: str) -> Iterator[dict[str, Any]]:
    """Yield one contact in Graph's JSON for each card, or raise UnreadableCardError."""
    try:
        for card in vobject.readComponents(_tidied(text), validate=False, ignoreUnreadable=True):
            yield {name: value for name, value in _contact(card).items() if value}
    except (vobject.base.ParseError, UnicodeError, AttributeError, IndexError) as error:
        raise UnreadableCardError(f"A card can't be read: {error}") from error


def _tidied(text: str) -> str:
    """Mend what real exports do: cards stuck together, pictures cut short, version 2.1's quoted-printable."""
    apart = text.replace("END:VCARDBEGIN:", "END:VCARD\r\nBEGIN:").strip() + "\r\n"
    return QUOTED.sub(_unquoted, PICTURES.sub("X-PICTURE:", apart))


def _unquoted(line: re.Match[str]) -> str:
    name, *parameters = line["head"].split(";")
    kept = [one for one in parameters if not one.upper().startswith(("ENCODING=", "CHARSET="))]
    joined = SOFT_BREAK.sub("", line["value"])
    value = quopri.decodestring(joined.encode()).decode("utf-8", "replace")
    return ";".join([name, *kept]) + ":" + value.replace("\r\n", "\\n").replace("\n", "\\n")


def _contact(card: Any) -> dict[str, Any]:
    held = card.contents
    contact: dict[str, Any] = {"displayName": _text(held, "fn"), "nickName": _text(held, "nickname")}
    for line in held.get("n", [])[:1]:
        for part, name in NAME_PARTS.items():
            contact[name] = _joined(getattr(line.value, part, ""))
    contact |= {name: _text(held, key) for key, name in (TEXTS | EXTRAS).items() if key in held}
    contact |= _organisation(held) | _phones(held) | _addresses(held)
    emails = [_joined(line.value) for line in held.get("email", [])]
    contact["emailAddresses"] = [{"address": a, "name": a} for a in dict.fromkeys(emails) if a][:MOST_EMAILS]
    contact["imAddresses"] = [_joined(line.value) for line in held.get("x-ms-imaddress", [])]
    contact["categories"] = [_joined(c) for line in held.get("categories", []) for c in line.value]
    contact["birthday"] = _birthday(_text(held, "bday"))
    return contact


def _organisation(held: dict[str, Any]) -> dict[str, Any]:
    for line in held.get("org", [])[:1]:
        company, department = [*list(line.value), "", ""][:2]
        return {"companyName": _joined(company), "department": _joined(department)}
    return {}


def _phones(held: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, list[str]] = {"mobile": [], "home": [], "business": []}
    for line in held.get("tel", []):
        kinds, number = _kinds(line), _joined(line.value).removeprefix("tel:")
        if number and "FAX" not in kinds:
            found["mobile" if "CELL" in kinds else "home" if "HOME" in kinds else "business"].append(number)
    return {
        "mobilePhone": next(iter(found["mobile"]), None),
        "homePhones": found["home"][:MOST_PHONES],
        "businessPhones": found["business"][:MOST_PHONES],
    }


def _addresses(held: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in held.get("adr", []):
        kinds, value = _kinds(line), line.value
        place = "homeAddress" if "HOME" in kinds else "businessAddress" if "WORK" in kinds else "otherAddress"
        street = "\n".join(filter(None, (_joined(value.extended), _joined(value.street))))
        parts = {
            "street": street,
            "city": _joined(value.city),
            "state": _joined(value.region),
            "postalCode": _joined(value.code),
            "countryOrRegion": _joined(value.country),
        }
        found.setdefault(place, {name: part for name, part in parts.items() if part})
    return found


def _birthday(said: str) -> str | None:
    match = DATE.match(said)
    try:
        return f"{date(*map(int, match.groups())).isoformat()}T11:59:00Z" if match else None
    except ValueError:
        return None


def _kinds(line: Any) -> set[str]:
    """Return TYPE's values; version 2.1 writes them without a name."""
    said = [*line.params.get("TYPE", []), *getattr(line, "singletonparams", [])]
    return {word.strip().upper() for entry in said for word in entry.split(",")}


def _text(held: dict[str, Any], name: str) -> str:
    return _joined(held[name][0].value) if name in held else ""


def _joined(value: Any) -> str:
    return " ".join(map(str, value)).strip() if isinstance(value, list) else str(value or "").strip()
