"""How long it takes to match a whole mailbox with a whole CRM: it grows with their number, not its square."""

import time

from app.graph.contacts import had, parse
from app.records.evidence import evidence_of
from app.sync.matching import Matches, match
from sandbox.control import generate

REGION = "GB"


def matched(number: int) -> tuple[float, Matches]:
    """Match so many items with as many records, of which every other is the same person; return the seconds.

    What each is recognised by is worked out, too.
    """
    people = [parse(had(item)) for item in generate.contacts(number + number // 2, seed=7)]
    items, records = people[:number], people[number // 2 :]
    began = time.perf_counter()
    matches = match(
        {f"item-{n}": evidence_of(doc, region=REGION) for n, doc in enumerate(items)},
        {f"record-{n}": evidence_of(doc, region=REGION) for n, doc in enumerate(records)},
    )
    return time.perf_counter() - began, matches
