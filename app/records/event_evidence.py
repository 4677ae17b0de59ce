"""What an event may be recognised by: its meeting's uid, or its subject at its start (``engine.md`` §12)."""

from hashlib import blake2b
from typing import Final
from unicodedata import normalize

import orjson

from app.records import Fields, when
from app.records.evidence import Evidence, address_key

UID: Final = "ical_uid"
SUBJECT: Final = "subject_and_start"
IDENTIFYING: Final = frozenset({"ical_uid", "title", "when", "attendees", "organizer", "attends"})
"""The fields that evidence, and the words by which an event is looked up, are made of."""

OBSERVED: Final = frozenset({"ical_uid", "organizer", "responses", "my_response", "attends", "meeting"})


def evidence_of(doc: Fields, *, region: str = "") -> Evidence:  # noqa: ARG001  as for contacts
    """Return what an event may be recognised by. Its uid is exact: one meeting has one."""
    uid, subject = _uid(doc), _subject(doc)
    keys = tuple(key for key in (uid, subject) if key)
    said = {name: value for name, value in doc.items() if name not in OBSERVED}
    content = blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
    return Evidence(keys, (uid,) if uid else (), content)


def index_keys(doc: Fields) -> list[str]:
    """Return the words by which an event is looked up. Whoever shares evidence shares one of them."""
    return [blake2b(key.encode(), digest_size=9).hexdigest() for key in evidence_of(doc).keys]


def address_keys(doc: Fields) -> list[str]:
    """Return the words by which an event is found by whoever takes part, and by who called it elsewhere.

    They are no evidence: the same people meet time and again.
    """
    people = [*(doc.get("attendees") or ())]
    people += [doc["organizer"]] if doc.get("attends") and doc.get("organizer") else []
    return list(dict.fromkeys(address_key(each["address"]) for each in people))


def _uid(doc: Fields) -> str | None:
    uid = doc.get("ical_uid")
    return f"{UID}:{uid}" if uid else None


def _subject(doc: Fields) -> str | None:
    """Return subject and start as one key; a whole day and a clock never meet."""
    start = (doc.get("when") or {}).get("start")
    plain = " ".join(normalize("NFKC", doc.get("title") or "").casefold().split())
    if not plain or start is None:
        return None
    begins = start["date"] if start.get("date") is not None else when.instant(start).isoformat()
    return f"{SUBJECT}:{plain}|{begins}"
