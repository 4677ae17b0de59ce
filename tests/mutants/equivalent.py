"""Mutants that change nothing anybody could see, each with the reason why: by name, no line number in it."""

from typing import Final

SHORT_CUT = "a short cut: the long way comes to the same"
ALL_SHOWN = "where there are no seats everything is shown"
SAME_LENGTH = "both have the same length by then"
EARLIER = "it begins earlier: what comes before the first day that is asked for is passed over"

EQUIVALENT: Final[dict[str, str]] = {
    "app.graph.recurrence._falls_on: position > 0: GtE":
        "no position is 0",
    "app.graph.recurrence._rule: if kind == 'weekly': always":
        "in other rules it makes no difference when a week begins, and the simplest wording leaves it out",
    "app.records.patch.difference: if name in before or name in after: always":
        "a field that is missing on both sides is empty on both",
    "app.records.when.completed: True: False":
        SAME_LENGTH,
    "app.records.when.same_rule: one['rrule'] and other['rrule']: Or":
        "the one spelling of no rule is none, which no rule's is",
    "app.records.zones.windows_of: None if named is None else OLDER_NAMES.get(named, tz_win.get(named)): always the second":
        "no zone is called nothing",
    "app.records.values.same_elements: if len(one) != len(other): never":
        "no list has an element twice, so lists of different lengths differ by their elements too",
    "app.sync.conflicts._newest: one.at > other.at: GtE":
        "equal times are settled before",
    "app.sync.copies._since_the_last: 0: 1 (2)":
        "where nothing is as old as that, all is from a later revision than the first",
    "app.sync.doubts.recognise: sent if merging.takes else value: always the second":
        "where it is heard it says the same as what was sent",
    "app.sync.holding.branched: {**doc, **own} if own else doc: always the first":
        SHORT_CUT,
    "app.sync.holding.closed_by_rule: without(remaining, name, ended) if ended else remaining: always the first":
        SHORT_CUT,
    "app.sync.lists.edits: if was == has: never":
        SHORT_CUT,
    "app.sync.lists.edits: True: False":
        SAME_LENGTH,
    "app.sync.lists.merge: if not their: never":
        SHORT_CUT,
    "app.sync.lists.aligned: True: False":
        SAME_LENGTH,
    "app.sync.lists._in_one_gap: False: True":
        "both have a gap more than elements that stayed",
    "app.sync.lists.put: if place is None: never":
        "whoever puts an element in the place of another has found that one",
    "app.sync.matching.exact_pairs: 2: 3":
        "whoever has two partners is paired with none, nor with a third",
    "app.sync.matching.exact_pairs: 2: 3 (2)":
        "whoever has two partners is paired with none, nor with a third",
    "app.sync.merging.set: if not self.previous: always":
        "a copy of the copy is made",
    "app.sync.merging.hide_the_rest: if part.seats is None: never":
        ALL_SHOWN,
    "app.sync.merging.unshown: if part.seats is None: never":
        ALL_SHOWN,
    "app.sync.occurrences.begun_anew: if WHEN not in shape.parts: never":
        SHORT_CUT,
    "app.sync.recurrence._base: (near.year - start.year) * MONTHS + near.month: Sub":
        EARLIER,
    "app.sync.projection.shown: len(held) <= part.seats: Lt":
        "as many as there are seats are all seated",
}  # fmt: skip
