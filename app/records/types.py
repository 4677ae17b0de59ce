"""The types of records: what each entity's documents hold, and how they are told and recognised.

The engine knows an entity through its ``RecordType`` and its ``Translation`` (``app/graph/translation.py``).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.records import Fields, Value, contact, event, event_evidence, evidence, task, task_evidence, values
from app.records.evidence import Evidence
from app.records.values import Kind

OWN: Final[Mapping[str, Value]] = {"owners": [], "metadata": {}, "created_at": None}
"""What no mailbox sees of any record, with what it holds when it holds nothing."""


@dataclass(frozen=True, slots=True)
class RecordType:
    """One kind of record.

    ``word`` is what one of them is called in the API. ``own`` is what only the CRM has a say in, ``born``
    what counts of it for one born in Microsoft until the CRM says. ``stated``
    gives a write's fields the form in which they are kept, ``completed`` those that a write may mention in
    part, ``wrong`` says by pointer what those come to that can't be; ``worded`` and ``words_of`` give them
    back in the API's words, ``value_worded`` the value of a single one (by its name, and when an event takes
    place). ``evidence_of`` and ``index_keys`` say what a record may be recognised by, ``identifying`` the
    fields that is made of, ``searched`` those in which lists look for words. ``is_news`` says of fields that
    a mailbox moved whether the CRM is to hear of it. ``address_keys`` are words by which a record is found by
    an address that is no evidence, ``people`` the field that holds such, or the very addresses of evidence.
    """

    entity: str
    word: str
    kinds: Mapping[str, Kind]
    own: Mapping[str, Value]
    stated: Callable[[Mapping[str, Any]], Fields]
    completed: Callable[[Fields, Mapping[str, Iterable[Value]]], Fields]
    worded: Callable[[Fields], Fields]
    words_of: Callable[[Iterable[str]], list[str]]
    title: Callable[[Fields], str | None]
    evidence_of: Callable[..., Evidence]
    index_keys: Callable[[Fields], list[str]]
    identifying: frozenset[str]
    searched: tuple[str, ...]
    people: str | None = None
    born: Mapping[str, Value] = field(default_factory=dict)
    is_news: Callable[[Fields, Iterable[str]], bool] = lambda _doc, _moved: True
    wrong: Callable[[Fields], Mapping[str, str]] = lambda _fields: {}
    value_worded: Callable[[str, Value, Value], Value] = lambda _name, value, _time: value
    address_keys: Callable[[Fields], list[str]] = lambda _doc: []

    def empty(self, field: str) -> Value:
        """Return what this field holds when it holds nothing: None, or a list without elements."""
        return values.empty(self.kinds[field])

    def same(self, field: str, one: Value, other: Value) -> bool:
        """Return whether two canonical values of this field say the same."""
        return values.same(self.kinds[field], one, other)

    def canonical(self, fields: Fields) -> Fields:
        """Return fields of a document in normal form; what isn't a field is left out."""
        return {n: values.canonical(self.kinds[n], value) for n, value in fields.items() if n in self.kinds}

    def listed_keys(self, doc: Fields) -> list[str]:
        """Return all words by which a record is found, whether they are evidence or not."""
        return [*self.index_keys(doc), *self.address_keys(doc)]

    def told(self, doc: Fields, previous: Fields) -> Fields:
        """Return in the API's words what these fields of a document said before."""
        return self.in_words({**doc, **previous}, previous)

    def in_words(self, doc: Fields, names: Iterable[str]) -> Fields:
        """Return in the API's words what these fields of a document say."""
        whole = self.worded(doc)
        return {word: whole[word] for word in self.words_of(names)}


def _whole(fields: Fields, _: Mapping[str, Iterable[Value]]) -> Fields:
    return fields


CONTACT: Final = RecordType(
    entity="contacts", word="contact", kinds=contact.FIELDS, own={**OWN, "classes": []},
    stated=contact.canonical, completed=_whole, worded=contact.worded, words_of=list, title=contact.title,
    evidence_of=evidence.evidence_of, index_keys=evidence.index_keys, identifying=evidence.IDENTIFYING,
    searched=("display_name", "given_name", "family_name", "nickname", "company"), people="emails",
)  # fmt: skip
EVENT: Final = RecordType(
    entity="calendar", word="event", kinds=event.FIELDS,
    own={
        **OWN, "activity_type": None, "project": None, "assigned_by": None, "invite": False,
        "completed": False,
    },
    stated=event.stated, completed=event.completed, worded=event.worded, words_of=event.words_of,
    title=event.title, evidence_of=event_evidence.evidence_of, index_keys=event_evidence.index_keys,
    identifying=event_evidence.IDENTIFYING, searched=("title", "location"),
    people="attendees", address_keys=event_evidence.address_keys,
    is_news=event.is_news, wrong=event.wrong, value_worded=event.value_worded,
)  # fmt: skip
TASK: Final = RecordType(
    entity="tasks", word="task", kinds=task.FIELDS, own={**OWN, "opted_in": False, "project": None},
    stated=task.stated, completed=task.completed, worded=task.worded, words_of=task.words_of,
    title=task.title, evidence_of=task_evidence.evidence_of, index_keys=task_evidence.index_keys,
    identifying=task_evidence.IDENTIFYING, searched=("title",), born={"opted_in": True}, is_news=task.is_news,
    value_worded=task.value_worded,
)  # fmt: skip
TYPES: Final[Mapping[str, RecordType]] = {each.entity: each for each in (CONTACT, EVENT, TASK)}
BY_WORD: Final[Mapping[str, RecordType]] = {each.word: each for each in TYPES.values()}


def record_type(entity: str) -> RecordType:
    """Return the type of an entity's records."""
    return TYPES[entity]
