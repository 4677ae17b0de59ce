"""A mailbox that words every value its own way, may ignore If-Match, and whose delta may lag."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 3, 2, 9, tzinfo=UTC)
ADDRESSES = ("businessAddress", "homeAddress", "otherAddress")
LISTS = ("emailAddresses", "businessPhones", "homePhones", "imAddresses", "children", "categories")
PROPERTIES = (
    "displayName", "title", "givenName", "middleName", "surname", "generation", "nickName", "companyName",
    "department", "jobTitle", "profession", "officeLocation", "manager", "assistantName", "businessHomePage",
    "spouseName", "personalNotes", "birthday", "mobilePhone",
)  # fmt: skip
LIMITS = {"emailAddresses": 3, "businessPhones": 2, "homePhones": 2}


class Moved(Exception):  # noqa: N818  named after what happened
    """412: the item isn't the one that the etag speaks of."""


@dataclass(frozen=True)
class Version:
    """What the item was at one moment; the delta may show it long after."""

    seq: int
    etag: str
    body: dict


@dataclass
class Mailbox:
    """One folder with one item that matters, and the history of it."""

    number: int
    honours_if_match: bool
    marks: dict = field(default_factory=dict)
    items: dict = field(default_factory=dict)
    log: list = field(default_factory=list)
    writes: int = 0

    def post(self, payload, *, mark, now):
        item_id = f"item-{self.number}-{len(self.items) + 1}"
        self.marks[item_id] = mark
        lists, addresses = {name: [] for name in LISTS}, {name: {} for name in ADDRESSES}
        self.items[item_id] = dict.fromkeys(PROPERTIES) | lists | addresses
        self.writes += 1
        self._change(item_id, payload, now=now)
        return item_id

    def patch(self, item_id, payload, *, etag, now):
        if self.honours_if_match and etag != self.etag(item_id):
            raise Moved
        self.writes += 1
        self._change(item_id, payload, now=now)

    def edits(self, item_id, name, raw, *, now):
        """A person types; what they typed is what they see."""
        self._change(item_id, {name: raw}, now=now, typed=True)

    def get(self, item_id):
        return self.log_of(item_id)[-1].body

    def etag(self, item_id):
        return self.log_of(item_id)[-1].etag

    def log_of(self, item_id):
        return [version for found, version in self.log if found == item_id]

    def marked(self, mark):
        return [item_id for item_id, found in self.marks.items() if found == mark]

    def delta(self, since, *, until):
        """Return what changed up to a moment, as it was then: (item id, version), one row an item."""
        return list(dict(self.log[since:until]).items())

    def _change(self, item_id, fields, *, now, typed=False):
        item = self.items[item_id]
        for name, value in fields.items():
            item[name] = deepcopy(value) if typed else reworded(name, value, by=self.number)
        if not item["displayName"]:
            item["displayName"] = "made up by Exchange"
        seq = len(self.log) + 1
        at = (EPOCH + timedelta(seconds=now)).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = deepcopy(item) | {"id": item_id, "lastModifiedDateTime": at}
        for name in LISTS:
            assert len(body[name]) <= LIMITS.get(name, 99), f"Microsoft refuses {name}: {body[name]}"
        self.log.append((item_id, Version(seq, f'W/"{self.number}.{seq}"', body)))


def reworded(name, value, *, by):
    """Return how this mailbox words what it was told: never quite the same, but its own words stay."""
    if name == "emailAddresses":
        return [{"address": e["address"].upper(), "name": _own(e["name"], by)} for e in value]
    if name in LISTS:
        words = [_own(element, by) for element in value]
        return sorted(words) if name == "categories" else words
    if name in ADDRESSES:
        return {line: _own(text, by) for line, text in value.items() if text}
    if name == "birthday":
        return value and value[:10] + f"T0{by}:30:00Z"
    return value and _own(value, by)


def _own(text, by):
    return text if text.endswith(f"~{by}") else f"{text}~{by}"
