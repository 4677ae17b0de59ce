"""The kinds of fields a document has: their normal form, their equality, their elements' identity."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.records import Fields, Value, when

Element = Value
Identity = Callable[[Element], Hashable]


class Kind(StrEnum):
    TEXT = "text"
    DATE = "date"
    TEXTS = "texts"
    TAGS = "tags"
    EMAILS = "emails"
    PHONES = "phones"
    ADDRESSES = "addresses"
    WHEN = "when"
    MOMENT = "moment"
    EXCEPTIONS = "exceptions"
    ATTENDEES = "attendees"
    CHECKLIST = "checklist"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class ListRules:
    """How the elements of one kind of list are kept and told apart.

    ``key`` is the whole element: equal keys are the same value. ``identity`` is what makes two different
    wordings one and the same thing (an address whose name differs); it counts only when two documents that
    never met are united. The order of an ``ordered`` list is part of its value. ``slot``: what an element
    stands in where there is but one of each (a label, an address, a day), and what it holds merges as one.
    """

    parts: tuple[str, ...]
    needs: tuple[str, ...]
    key: Identity
    identity: Identity
    ordered: bool = True
    slot: Identity | None = None


ADDRESS_LINES = ("street", "city", "region", "postal_code", "country")


def _text(element: Element) -> Hashable:
    return str(element)


def _email(element: Element) -> Hashable:
    return (element["address"].casefold(), element.get("name"))


def _mailbox(element: Element) -> Hashable:
    return str(element["address"]).casefold()


def _phone(element: Element) -> Hashable:
    return (element["number"], element.get("label"))


def _line(element: Element) -> Hashable:
    digits = "".join(character for character in element["number"] if character.isdigit())
    return (digits or element["number"], element.get("label"))


def _address(element: Element) -> Hashable:
    return (element.get("label"), *(element.get(line) for line in ADDRESS_LINES))


def _label(element: Element) -> Hashable:
    return str(element["label"])


def _exception(element: Element) -> Hashable:
    said = (element["cancelled"], element["title"], element["location"], element["description"])
    return (element["on"], *said, when.printed(element["start"]), when.printed(element["end"]))


def _on(element: Element) -> Hashable:
    return str(element["on"])


def _attendee(element: Element) -> Hashable:
    return (element["address"].casefold(), element["name"], element["role"])


def _item(element: Element) -> Hashable:
    return (element["title"], bool(element["done"]))


def _title(element: Element) -> Hashable:
    return str(element["title"])


LISTS: Mapping[Kind, ListRules] = {
    Kind.TEXTS: ListRules((), (), key=_text, identity=_text),
    Kind.TAGS: ListRules((), (), key=_text, identity=_text, ordered=False),
    Kind.EMAILS: ListRules(("address", "name"), ("address",), key=_email, identity=_mailbox),
    Kind.PHONES: ListRules(("number", "label"), ("number",), key=_phone, identity=_line),
    Kind.ADDRESSES: ListRules(
        ("label", *ADDRESS_LINES), ADDRESS_LINES, key=_address, identity=_address, slot=_label
    ),
    Kind.EXCEPTIONS: ListRules(
        ("on", "cancelled", "start", "end", "title", "location", "description"),
        ("on",),
        key=_exception,
        identity=_on,
        ordered=False,
        slot=_on,
    ),
    Kind.ATTENDEES: ListRules(
        ("address", "name", "role"),
        ("address",),
        key=_attendee,
        identity=_mailbox,
        ordered=False,
        slot=_mailbox,
    ),
    # Quirk: To Do has no order of its own for the items of a checklist that anybody could set.
    Kind.CHECKLIST: ListRules(("title", "done"), ("title",), key=_item, identity=_title, ordered=False),
}


def empty(kind: Kind) -> Value:
    """Return what a field of this kind holds when it holds nothing."""
    return [] if kind in LISTS else None


def canonical(kind: Kind, value: Value) -> Value:
    """Return the normal form of a validated value: stripped, blank as empty, no element twice."""
    if kind is Kind.WHEN:
        return when.canonical(value)
    if kind is Kind.MOMENT:
        return when.at(value)
    if kind not in LISTS:
        return _line_of_text(value)
    rules = LISTS[kind]
    elements: dict[Hashable, Element] = {}
    for given in value or ():
        element = _element(rules, given)
        if element is not None:
            elements.setdefault(rules.key(element), element)
    return list(elements.values())


def same(kind: Kind, one: Value, other: Value) -> bool:
    """Return whether two canonical values of this kind say the same."""
    if one == other:
        return True
    if kind is Kind.WHEN:
        return when.same(one, other)
    if kind is Kind.MOMENT:
        return when.same_instant(one, other)
    if kind not in LISTS or not one or not other:
        return not one and not other
    return same_elements(LISTS[kind], one, other)


def spelled(kind: Kind, value: Value, *, as_in: Value) -> Value:
    """Return a value in the words that another one of ours has for the same."""
    if kind is Kind.MOMENT:
        return when.by_clock_of(value, as_in)
    return when.spelled(value, as_in=as_in) if kind is Kind.WHEN else value


def same_elements(rules: ListRules, one: Sequence[Element], other: Sequence[Element]) -> bool:
    if len(one) != len(other):
        return False
    left, right = [rules.key(e) for e in one], [rules.key(e) for e in other]
    return left == right if rules.ordered else set(left) == set(right)


def _line_of_text(value: Value) -> Value:
    return (value.strip() or None) if isinstance(value, str) else value


def _element(rules: ListRules, given: Element) -> Element | None:
    if not rules.parts:
        return _line_of_text(given)
    element: Fields = {part: _line_of_text(given.get(part)) for part in rules.parts}
    return element if any(element[part] for part in rules.needs) else None
