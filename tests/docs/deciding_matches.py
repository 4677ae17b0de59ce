"""The table of docs/how-concord-decides.md that says who is taken for whom, worked out by ``match``."""

from dataclasses import dataclass, field
from typing import Any

from reference import table

from app.records.evidence import Evidence, evidence_of
from app.sync.matching import Matches, match

Person = dict[str, Any]


def person(name: str, *, mail: str = "", company: str = "", phone: str = "") -> Person:
    """Return a contact with what identifies it."""
    return {
        "display_name": name, "company": company or None,
        "emails": [{"address": address} for address in mail.split()],
        "phones": [{"number": phone, "label": "mobile"}] if phone else [],
    }  # fmt: skip


@dataclass(frozen=True)
class Case:
    """Who is in Outlook and in the CRM, in words and as contacts.

    ``taken`` have another item here, ``elsewhere`` are records of other users.
    """

    outlook: str
    crm: str
    items: list[Person]
    records: list[Person] = field(default_factory=list)
    taken: list[Person] = field(default_factory=list)
    elsewhere: list[Person] = field(default_factory=list)

    def told(self) -> tuple[str, str, str]:
        found = match(
            _known("item", self.items), _known("record", self.records),
            taken=_known("taken", self.taken), beyond=_known("beyond", self.elsewhere),
        )  # fmt: skip
        return self.outlook, self.crm, _outcome(found, self)


ADA, NAMED, WILL = "Ada Lovelace", "A. L.", "William King"
MAIL, OTHER = "ada@example.org", "ada@home.example"
BOTH = person(ADA, mail=MAIL)
CASES = (
    Case("an address", "it, in other letters", [person(ADA, mail="ADA@example.org")], [person(NAMED, mail=MAIL)]),
    Case("two addresses", "the second of them", [person(ADA, mail=f"{OTHER} {MAIL}")], [person(NAMED, mail=MAIL)]),
    Case("a name with its company", "both, in other letters", [person(ADA, company="Engines")], [person(ADA, company="ENGINES")]),
    Case("a name with a phone", "both, the number written another way", [person(ADA, phone="+44 20 7946 0000")], [person(ADA, phone="+442079460000")]),
    Case("a name", "the name, nothing else in common", [person(ADA, mail=OTHER)], [BOTH]),
    Case("a phone", "it, under another name", [person(ADA, phone="+442079460000")], [person(WILL, phone="+442079460000")]),
    Case("an address", "it, twice", [person("A.", mail=MAIL)], [BOTH, person(NAMED, mail=MAIL)]),
    Case("an address, twice", "it", [BOTH, person(NAMED, mail=MAIL)], [person("A.", mail=MAIL)]),
    Case("two names with one address", "the same two", [BOTH, person(WILL, mail=MAIL)], [person(WILL, mail=MAIL), BOTH]),
    Case("two items that say the very same", "their address", [BOTH, BOTH], [BOTH]),
    Case("two items that say the very same", "nobody", [BOTH, BOTH]),
    Case("an address", "it, four times (info@…)", [BOTH], [person(f"No. {number}", mail=MAIL) for number in range(4)]),
    Case("an address", "it, of somebody with another item in the folder", [person(NAMED, mail=MAIL)], taken=[BOTH]),
    Case("a name and an address", "both, of somebody with another item in the folder", [person(ADA, mail=MAIL, company="Engines")], taken=[BOTH]),
    Case("an address", "it, of a contact that other users own", [BOTH], elsewhere=[BOTH]),
)  # fmt: skip


def _known(side: str, people: list[Person]) -> dict[str, Evidence]:
    return {f"{side} {number}": evidence_of(each) for number, each in enumerate(people)}


def _outcome(found: Matches, case: Case) -> str:
    reviewed = sum(len(review.items) for review in found.reviews)
    said = {
        "linked" if len(found.links) == 1 else f"linked, {_by_name(found, case)}": len(found.links),
        "nobody is linked or created: a person decides": reviewed,
        "somebody new": len(case.items) - len(found.links) - len(found.ignored) - reviewed,
        "the younger one is left alone (`duplicate_item`)": len(found.ignored),
    }
    return "; ".join(words for words, number in said.items() if number)


def _by_name(found: Matches, case: Case) -> str:
    """Say whether each of several went to its namesake."""
    pairs = [(case.items[_number(i)], case.records[_number(r)]) for i, r in found.links.items()]
    alike = all(item["display_name"] == record["display_name"] for item, record in pairs)
    return "each with its namesake" if alike else "anyhow"


def _number(known: str) -> int:
    return int(known.split()[1])


def matching() -> str:
    return table(("in Outlook", "in the CRM", "then"), [case.told() for case in CASES])
