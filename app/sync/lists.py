"""Merge lists element by element (``engine.md`` §7)."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from app.records.values import Element, ListRules, same_elements

Elements = Sequence[Element]


@dataclass(frozen=True, slots=True)
class Edits:
    """What one side did to a list: elements edited in place, taken out, put in, or put in another order."""

    replaced: dict[Hashable, Element] = field(default_factory=dict)
    removed: frozenset[Hashable] = frozenset()
    added: tuple[Hashable, ...] = ()
    reordered: bool = False

    def __len__(self) -> int:
        return len(self.replaced) + len(self.removed) + len(self.added) + self.reordered


def edits(rules: ListRules, base: Elements, now: Elements) -> Edits:
    """Work out what led from one list to the other.

    An element removed and another added at one place is one element edited in place.
    """
    was, has = [rules.key(e) for e in base], [rules.key(e) for e in now]
    if was == has:
        return Edits()
    old, new = set(was), set(has)
    common_before, common_now = [k for k in was if k in new], [k for k in has if k in old]
    reordered = rules.ordered and common_before != common_now
    in_place = _at_one_index if reordered else _in_one_gap
    pairs = in_place(was, has) if rules.ordered else {}
    by_key = dict(zip(has, now, strict=True))
    edited = set(pairs.values())
    return Edits(
        replaced={before: by_key[after] for before, after in pairs.items()},
        removed=frozenset(k for k in was if k not in new and k not in pairs),
        added=tuple(k for k in has if k not in old and k not in edited),
        reordered=reordered,
    )


def merge(
    rules: ListRules,
    *,
    base: Elements,
    ours: Elements,
    theirs: Elements,
    theirs_win: Callable[[], bool] | None,
    unseen: frozenset[Hashable] = frozenset(),
) -> list[Element]:
    """Do to our list what their side did to the base.

    An edit outlives a removal; what both added is there once. Where both edited an element ``theirs_win``
    decides, if it is plain that we did nothing else; both edits stay otherwise, and where it is None as the
    base is but a guess. ``unseen`` are elements of ours that their side never saw: they replaced nothing.
    """
    their = edits(rules, base, theirs)
    if not their:
        return list(ours)
    our = edits(rules, base, [e for e in ours if rules.key(e) not in unseen])
    plain = not our.removed and not our.added and not our.reordered
    merged = _Merged(rules, list(ours))
    coming, there = set(their.added), {rules.key(e) for e in theirs}
    for before, element in their.replaced.items():
        rival = our.replaced.get(before)
        if before in merged:
            merged.put(before, element)
        elif rival is None or theirs_win is None or not plain or rules.key(rival) in there:
            # We removed what they edited meanwhile, nobody can tell what became of it, or both have ours too.
            coming.add(rules.key(element))
        elif rules.key(rival) != rules.key(element) and theirs_win():
            merged.put(rules.key(rival), element)
    for key in their.removed:
        merged.remove(key)
    for index, element in enumerate(theirs):
        if rules.key(element) in coming:
            merged.insert(element, beside=theirs, index=index)
    if their.reordered and not our.reordered:
        merged.arrange([rules.key(e) for e in theirs])
    return merged.elements


def merge_slots(
    rules: ListRules, *, base: Elements, ours: Elements, theirs: Elements, theirs_win: Callable[[], bool]
) -> list[Element]:
    """Merge a list slot by slot, what stands in a slot being one value (an address, a day's exception)."""
    slot = rules.slot or rules.key
    merged: list[Element] = []
    for place in dict.fromkeys(slot(e) for e in [*theirs, *ours]):
        was, mine, its = ([e for e in side if slot(e) == place] for side in (base, ours, theirs))
        same_as_base, same_as_ours = same_elements(rules, its, was), same_elements(rules, its, mine)
        clean = same_elements(rules, mine, was)
        take = not same_as_base and not same_as_ours and (clean or theirs_win())
        merged += its if take else mine
    return merged


def unite(
    rules: ListRules, *, whole: Elements, ours: Elements, theirs: Elements, theirs_win: Callable[[], bool]
) -> tuple[list[Element], list[Element]]:
    """Bring two lists together that never met; return what theirs means for us, and our whole list.

    ``ours`` are the elements of ``whole`` that may be one with theirs. The same thing differently written
    stands for ours; what one of them leaves blank is filled from the other.
    """
    known = {rules.identity(e): e for e in ours}
    united = _Merged(rules, list(whole))
    meaning: list[Element] = []
    for index, element in enumerate(theirs):
        mine = known.pop(rules.identity(element), None)
        one = element if mine is None else _as_one(rules, mine, element, theirs_win=theirs_win)
        if mine is None:
            united.insert(element, beside=meaning, index=index)
        elif one is not element:
            united.put(rules.key(mine), one)
        meaning.append(one)
    return meaning, united.elements


def _as_one(rules: ListRules, mine: Element, theirs: Element, *, theirs_win: Callable[[], bool]) -> Element:
    """Return the element both stand for; theirs where it lacks something that ours is to tell it."""
    details = [part for part in rules.parts if part not in rules.needs]
    differing = [part for part in details if mine[part] != theirs[part]]
    if all(mine[part] is None for part in differing):
        return mine | {part: theirs[part] for part in differing}
    if all(theirs[part] is not None for part in differing) and theirs_win():
        return mine | {part: theirs[part] for part in differing}
    return theirs


def closest(rules: ListRules, candidates: Sequence[Elements], stated: Elements) -> Elements:
    """Return the list that the stated one was most likely edited from: the first with the fewest edits."""
    return min(candidates, key=lambda candidate: len(edits(rules, candidate, stated)))


def aligned(rules: ListRules, wording: Elements, meaning: Elements) -> dict[Hashable, Element]:
    """Return which element of ours each worded element stands for.

    Equal ones stand for themselves; what is left over on both sides in equal number is paired in order.
    """
    ours = {rules.key(element): element for element in meaning}
    pairs = {key: ours.pop(key) for key in [rules.key(e) for e in wording] if key in ours}
    left = [rules.key(e) for e in wording if rules.key(e) not in pairs]
    if len(left) == len(ours):
        pairs.update(zip(left, ours.values(), strict=True))
    return pairs


class _Merged:
    """Our list while their edits are being made in it."""

    def __init__(self, rules: ListRules, elements: list[Element]) -> None:
        self.rules = rules
        self.elements = elements

    def __contains__(self, key: Hashable) -> bool:
        return self._index(key) is not None

    def put(self, before: Hashable, element: Element) -> None:
        """Put an element in the place of another; where it was already there, only once."""
        place, twin = self._index(before), self._index(self.rules.key(element))
        if place is None:
            return
        self.elements[place] = element
        if twin is not None and twin != place:
            del self.elements[twin]

    def remove(self, key: Hashable) -> None:
        index = self._index(key)
        if index is not None:
            del self.elements[index]

    def insert(self, element: Element, *, beside: Elements, index: int) -> None:
        """Put an element behind its neighbour, or before the next one where it comes first."""
        if self.rules.key(element) in self:
            return
        for neighbour in reversed(beside[:index]):
            place = self._index(self.rules.key(neighbour))
            if place is not None:
                self.elements.insert(place + 1, element)
                return
        following = (self._index(self.rules.key(neighbour)) for neighbour in beside[index + 1 :])
        place = next((found for found in following if found is not None), len(self.elements))
        self.elements.insert(place, element)

    def arrange(self, keys: Sequence[Hashable]) -> None:
        """Put the elements they know into their order, each other one staying at its place."""
        known = {self.rules.key(e): e for e in self.elements}
        ordered = iter([known[key] for key in keys if key in known])
        theirs = set(keys)
        self.elements = [next(ordered) if self.rules.key(e) in theirs else e for e in self.elements]

    def _index(self, key: Hashable) -> int | None:
        return next((i for i, e in enumerate(self.elements) if self.rules.key(e) == key), None)


def _at_one_index(was: Sequence[Hashable], has: Sequence[Hashable]) -> dict[Hashable, Hashable]:
    old, new = set(was), set(has)
    pairs = zip(was, has, strict=False)
    return {before: after for before, after in pairs if before not in new and after not in old}


def _in_one_gap(was: Sequence[Hashable], has: Sequence[Hashable]) -> dict[Hashable, Hashable]:
    """Pair what vanished with what appeared between the same two elements that stayed."""
    old, new = set(was), set(has)
    pairs: dict[Hashable, Hashable] = {}
    for gone, come in zip(_gaps(was, new), _gaps(has, old), strict=False):
        pairs.update(zip(gone, come, strict=False))
    return pairs


def _gaps(keys: Sequence[Hashable], stayed: set[Hashable]) -> list[list[Hashable]]:
    gaps: list[list[Hashable]] = [[]]
    for key in keys:
        if key in stayed:
            gaps.append([])
        else:
            gaps[-1].append(key)
    return gaps
