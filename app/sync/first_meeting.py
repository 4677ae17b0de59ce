"""An item and a record that meet for the first time (``engine.md`` §12): nothing of either is lost."""

from collections.abc import Sequence

from app.records import Value, values
from app.records.shape import Part
from app.records.values import LISTS, Element
from app.sync import lists, projection
from app.sync.merging import Merging, by_element


def meet(merging: Merging, part: Part, raw: Value, value: Value) -> None:
    """Receive a part that was never agreed: fill blanks, unite lists, settle other differences."""
    merging.had[part.name] = raw
    if not value:
        return
    if by_element(part):
        _unite(merging, part, value)
        return
    ours = merging.shown(part)
    if values.same(part.kind, value, ours):
        return
    if not merging.takes:
        if not ours:
            # What only they hold is left alone where we may not take it.
            merging.mean(part, values.empty(part.kind), wording=value)
    elif not ours or merging.theirs_win(part, base=values.empty(part.kind), ours=ours, theirs=value):
        merging.take(part, value)


def _unite(merging: Merging, part: Part, value: Sequence[Element]) -> None:
    rules = LISTS[part.kind]
    ours, whole = projection.elements(merging.doc, part), merging.doc.get(part.field) or []
    if not merging.takes:
        known = {rules.identity(e) for e in ours}
        foreign = any(rules.identity(e) not in known for e in value)
        merging.mean(part, merging.shown(part) if foreign else value, wording=value)
        return
    meaning, united = lists.unite(
        rules,
        whole=whole,
        ours=ours,
        theirs=value,
        theirs_win=lambda: merging.theirs_win(part, base=[], ours=ours, theirs=value),
    )
    merging.set(part.field, united)
    merging.mean(part, meaning, wording=value)
    target = merging.shown(part)
    if {*map(rules.key, target)} == {*map(rules.key, meaning)}:
        # Only the order differs, which isn't worth a write to each of ten thousand items.
        merging.mean(part, target, wording=value)
