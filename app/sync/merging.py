"""One report of one mailbox being merged into one record, part by part (``engine.md`` §§2, 7, 11)."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.records import Fields, Value, values
from app.records.link import UNSURE, Attempt, AttemptKind, LinkView
from app.records.shape import Part, Shape
from app.records.values import LISTS, Element
from app.sync import holding, lists, projection
from app.sync.conflicts import UNSTAMPED, Conflict, Kept, Policy, Stamp, settle


@dataclass(frozen=True, slots=True)
class Listening:
    """How we listen to one mailbox.

    ``hears`` is false where the direction doesn't receive, ``accepts`` where the user may only look
    (``view_only``): such an edit is a conflict it has lost, and is put back.
    """

    connection: str
    hears: bool = True
    accepts: bool = True
    policy: Policy = field(default_factory=Policy)


class Merging:
    """A record and its link while a report is worked in. What was given stays as it is."""

    def __init__(
        self,
        shape: Shape,
        doc: Fields,
        link: LinkView,
        *,
        listening: Listening,
        field_at: Mapping[str, Value],
        stamp: Stamp,
        held: Mapping[str, Value] = holding.NONE,
    ) -> None:
        seen = holding.branched(doc, held, listening.connection)
        self.shape, self.doc, self.before = shape, seen, link
        self.hub, self.held, self.asked = doc, held, dict[str, Value]()
        self.listening, self.field_at, self.stamp = listening, field_at, stamp
        self.had, self.means = dict(link.graph_had), dict(link.graph_means)
        self.attempt = link.attempt
        self.sent = dict(link.attempt.fields) if link.attempt else {}
        self.unsure: Fields = dict(self.means.pop(UNSURE, {}))
        self.previous: Fields = {}
        self.stamps: Fields = {}
        self.conflicts: list[Conflict] = []

    @property
    def takes(self) -> bool:
        """Whether what the mailbox's user does may reach the record at all."""
        return self.listening.hears and self.listening.accepts

    @property
    def view(self) -> LinkView:
        """The link as it stands by now."""
        means = {**self.means, UNSURE: self.unsure} if self.unsure else self.means
        return LinkView(self.had, means, self._attempt())

    def agree(self, part: Part, raw: Value, *, sent: Value) -> None:
        """Note that the item now words by ``raw`` what we sent."""
        self.had[part.name] = raw
        self.mean(part, sent, wording=self.shape.read(part, raw), kept_out=self.kept_out(part))
        self.hide_the_rest(part)

    def hide_the_rest(self, part: Part) -> None:
        """Keep what found no seat out of the seats that this mailbox's user will empty, and nothing else."""
        if part.seats is None:
            return
        view = self.view
        shown = projection.shown(self.shape, self.doc, view, part)
        meaning = projection.meant(self.shape, view, part)
        out = self.others(projection.elements(self.doc, part), shown, part)
        self.mean(part, meaning, wording=self.shape.read(part, self.had.get(part.name)), kept_out=out)

    def edit(self, part: Part, value: Value, *, base: Value) -> None:
        """Bring an edit of the mailbox's user into the record: what it holds now, and what it held before."""
        if by_element(part):
            self.edit_elements(part, value, base=base)
        else:
            self.edit_value(part, value, base=base)

    def edited(self, part: Part, raw: Value, value: Value) -> None:
        """Receive an edit, of which what the part meant before is the base."""
        wording = self.shape.read(part, self.had[part.name])
        if not values.same(part.kind, value, wording):
            now, base = value, projection.meant(self.shape, self.before, part)
            out = self.unshown(part)
            if by_element(part):
                key, pairs = LISTS[part.kind].key, self.alignment(part, self.before)
                out += self.others(base, pairs.values(), part)
                now = [pairs.get(key(e), e) for e in value]
                base = [pairs[key(e)] for e in wording if key(e) in pairs]
            self.edit(part, now, base=base)
            self.mean(part, now, wording=value, kept_out=self.others(out, now, part))
        self.had[part.name] = raw

    def edit_value(self, part: Part, value: Value, *, base: Value) -> None:
        ours = self.shown(part)
        if values.same(part.kind, value, base) or values.same(part.kind, value, ours):
            return
        clean = self.takes and values.same(part.kind, ours, base)
        if clean or self.theirs_win(part, base=base, ours=ours, theirs=value):
            self.take(part, value)

    def edit_elements(self, part: Part, value: Sequence[Element], *, base: Sequence[Element]) -> None:
        rules = LISTS[part.kind]
        if not lists.edits(rules, base, value):
            return
        ours = projection.elements(self.doc, part)
        if not self.takes:
            self.theirs_win(part, base=base, ours=ours, theirs=value)
            return
        whole = self.doc.get(part.field) or []
        if rules.slot is not None:
            self.edit_slots(part, value, base=base)
            return
        merged = lists.merge(
            rules,
            base=base,
            ours=whole,
            theirs=value,
            theirs_win=lambda: self.theirs_win(part, base=base, ours=ours, theirs=value),
            unseen=frozenset(rules.key(e) for e in [*self.unshown(part), *self.foreign(part)]),
        )
        self.set(part.field, merged)

    def edit_slots(self, part: Part, value: Sequence[Element], *, base: Sequence[Element]) -> None:
        """Merge what stands in each slot (a day, an address) as one value."""
        whole: list[Element] = self.doc.get(part.field) or []
        merged = lists.merge_slots(
            LISTS[part.kind], base=base, ours=whole, theirs=value,
            theirs_win=lambda: self.theirs_win(part, base=base, ours=whole, theirs=value),
        )  # fmt: skip
        self.set(part.field, merged)

    def keep_both(self, part: Part, *, base: Value, theirs: Value) -> None:
        """Keep a value that stood aside for ours in a conflict."""
        stamp = self.stamps.get(part.field) or self.field_at.get(part.field)
        ours_stamp = Stamp.parse(stamp) if stamp else UNSTAMPED
        ours = self.shown(part)
        self.conflicts.append(Conflict(part.field, base, ours, theirs, Kept.OURS, ours_stamp, self.stamp))

    def theirs_win(self, part: Part, *, base: Value, ours: Value, theirs: Value) -> bool:
        """Settle two different edits, and keep both values in a conflict.

        Where somebody is to decide the mailbox's goes into its own branch.
        """
        stamp = self.field_at.get(part.field)
        ours_stamp = Stamp.parse(stamp) if stamp else UNSTAMPED
        kept = Kept.OURS
        if self.takes:
            kept = settle(self.listening.policy, field=part.field, ours=ours_stamp, theirs=self.stamp)
            kept = Kept.NEITHER if part.field in self.held else kept
        if kept is Kept.NEITHER:
            self.asked.setdefault(part.field, self.known_before(part))
            return True
        self.conflicts.append(Conflict(part.field, base, ours, theirs, kept, ours_stamp, self.stamp))
        return kept is Kept.THEIRS

    def known_before(self, part: Part) -> Value:
        """Return what this mailbox had in the whole field before the report."""
        parts = [other for other in self.shape.parts.values() if other.field == part.field]
        meant = [projection.meant(self.shape, self.before, other) for other in parts]
        if part.kind not in LISTS:
            return meant[0]
        out = [projection.hidden(self.before, other) for other in parts]
        return [element for elements in (*meant, *out) for element in elements]

    def take(self, part: Part, value: Value) -> None:
        """Let the record say what the item says."""
        if part.kind not in LISTS:
            self.set(part.field, values.spelled(part.kind, value, as_in=self.doc.get(part.field)))
            return
        key = LISTS[part.kind].key
        ours = {key(e) for e in self.shown(part)}
        whole: list[Element] = list(self.doc.get(part.field) or [])
        place = next((i for i, e in enumerate(whole) if key(e) in ours), len(whole))
        self.set(part.field, [*whole[:place], *value, *whole[place + 1 :]])

    def set(self, name: str, value: Value) -> None:
        if not self.previous:
            self.doc = dict(self.doc)
        self.previous.setdefault(name, self.doc.get(name, values.empty(self.shape.kinds[name])))
        self.doc[name] = value
        self.stamps[name] = self.stamp.document()

    def mean(self, part: Part, meaning: Value, *, wording: Value, kept_out: Sequence[Element] = ()) -> None:
        """Keep what a part means where its wording doesn't say it, and what is to stay out of its seats."""
        known: Value = meaning
        differs = not values.same(part.kind, meaning, wording)
        if part.kind in LISTS:
            known = {"shown": list(meaning)} if differs else {}
            if kept_out:
                known["hidden"] = list(kept_out)
        if known if part.kind in LISTS else differs:
            self.means[part.name] = known
        else:
            self.means.pop(part.name, None)

    def shown(self, part: Part) -> Value:
        """Return what the item is to hold by now."""
        return projection.shown(self.shape, self.doc, self.view, part)

    def kept_out(self, part: Part) -> list[Element]:
        return projection.hidden(self.view, part)

    def unshown(self, part: Part) -> list[Element]:
        """Return the record's elements that find no seat in this item."""
        if part.seats is None:
            return []
        return self.others(projection.elements(self.doc, part), self.shown(part), part)

    def foreign(self, part: Part) -> list[Element]:
        """Return the elements of the record's list that belong to other parts."""
        whole: list[Element] = self.doc.get(part.field) or []
        return [] if part.label is None else [e for e in whole if e["label"] != part.label]

    def alignment(self, part: Part, view: LinkView) -> dict[Hashable, Element]:
        wording = self.shape.read(part, view.graph_had.get(part.name))
        return lists.aligned(LISTS[part.kind], wording, projection.meant(self.shape, view, part))

    def others(self, elements: Iterable[Element], known: Iterable[Element], part: Part) -> list[Element]:
        if part.kind not in LISTS:
            return []
        key = LISTS[part.kind].key
        keys = {key(e) for e in known}
        return [e for e in elements if key(e) not in keys]

    def _attempt(self) -> Attempt | None:
        """Return what still stands of the attempt; an adopted item isn't being created any more."""
        if self.attempt is None or self.attempt.kind is AttemptKind.DELETE:
            return self.attempt
        return replace(self.attempt, kind=AttemptKind.UPDATE, fields=self.sent) if self.sent else None


def by_element(part: Part) -> bool:
    return part.kind in LISTS and not part.alone
