"""What a task may be recognised by: its title on its due date."""

from hashlib import blake2b
from typing import Final
from unicodedata import normalize

import orjson

from app.records import Fields
from app.records.evidence import Evidence
from app.records.task import COMPLETED, due_date

TITLE: Final = "title_and_due_date"
IDENTIFYING: Final = frozenset({"title", "due", "status"})
"""The fields that evidence is made of."""


def evidence_of(doc: Fields, *, region: str = "") -> Evidence:  # noqa: ARG001  as for contacts
    """Return what a task may be recognised by. A title alone is no evidence, nor is one that is done."""
    plain = " ".join(normalize("NFKC", doc.get("title") or "").casefold().split())
    due, done = due_date(doc), doc.get("status") == COMPLETED
    keys = (f"{TITLE}:{plain}|{due}",) if plain and due and not done else ()
    content = blake2b(orjson.dumps(doc, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
    return Evidence(keys, (), content)


def index_keys(doc: Fields) -> list[str]:
    """Return the words by which a task is looked up. Whoever shares evidence shares one of them."""
    return [blake2b(key.encode(), digest_size=9).hexdigest() for key in evidence_of(doc).keys]
