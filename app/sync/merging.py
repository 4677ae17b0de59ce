"""One report of one mailbox being merged into one record, part by part (``engine.md`` §§2, 7, 11)."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.records import Fields, Value, values
from app.records.link import UNSURE, Attempt, AttemptKind, LinkView
from app.records.shape import Part, Shape
from app.records.values import LISTS, Element
from app.sync import lists, projection
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
    ) -> None:
        self.shape, self.doc, self.given, self.before = shape, doc, doc, link
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

    def hear(self, part: Part, raw: Value) -> None:
        """Take in what one part of the item says now, where that isn't what it said before."""
        name, value = part.name, self.shape.read(part, raw)
        if name in self.sent or name in self.unsure:
            self._recognise(part, raw, value)
        elif name not in self.had:
            self._meet(part, raw, value)
        elif self.listening.hears:
            self._edited(part, raw, value)

    def agree(self, part: Part, raw: Value, *, sent: Value) -> None:
        """Note that the item now words by ``raw`` what we sent."""
        self.had[part.name] = raw
        self._mean(part, sent, wording=self.shape.read(part, raw), kept_out=self._kept_out(part))

    def hide_the_rest(self, part: Part) -> None:
        """Keep what found no seat out of the seats that this mailbox's user will empty."""
        view = self.view
        shown = projection.shown(self.shape, self.doc, view, part)
        meaning = projection.meant(self.shape, view, part)
        out = self._others(projection.elements(self.doc, part), shown, part)
        self._mean(part, meaning, wording=self.shape.read(part, self.had.get(part.name)), kept_out=out)

    def edit(self, part: Part, value: Value, *, base: Value) -> None:
        """Bring an edit of the mailbox's user into the record: what it holds now, and what it held before."""
        if _by_element(part):
            self._edit_elements(part, value, base=base)
        else:
            self._edit_value(part, value, base=base)

    def _recognise(self, part: Part, raw: Value, value: Value) -> None:
        """Tell our own write, arriving late, from an edit; where we can't, it is written once more."""
        name = part.name
        known: Sequence[Value] = self.unsure.get(name) or ()
        if known and known[0] == raw:
            return
        sent = self.sent.pop(name) if name in self.sent else known[1]
        if values.same(part.kind, value, sent) or not self.takes:
            self.agree(part, raw, sent=sent if self.takes else value)
            if known:
                del self.unsure[name]
                self.resolve(part, known, sent=sent)
        else:
            self.unsure[name] = [raw, sent]

    def resolve(self, part: Part, unsure: Sequence[Value], *, sent: Value) -> None:
        """Settle what an unsure part was, now that ``had`` shows how Microsoft words what was ``sent``.

        The same wording again: it was our own write. Another one for the same value: it was an edit of the
        mailbox's user, which our repetition covered, and which is taken up now. Where the record moved on in
        between nobody can tell, and the newer value stands: our own late write must never beat an edit.
        """
        raw, sent_before = unsure
        if not self.takes or raw == self.had.get(part.name):
            return
        value = self.shape.read(part, raw)
        if _by_element(part):
            self._resolve_elements(part, value, sent_before=sent_before, sent=sent)
        elif values.same(part.kind, sent, sent_before):
            self._edit_value(part, value, base=sent)

    def _resolve_elements(self, part: Part, value: Value, *, sent_before: Value, sent: Value) -> None:
        key = LISTS[part.kind].key
        worded = self._alignment(part, self.view) | self._alignment(part, self.before)
        seen = [worded.get(key(e), e) for e in value]
        old = projection.meant(self.shape, self.before, part)
        known = {key(e) for e in [*old, *sent_before, *sent]}
        lost = len({key(e) for e in sent_before} - {key(e) for e in [*old, *sent]})
        strange = [key(e) for e in seen if key(e) not in known][lost:]
        base = [e for e in old if key(e) in {key(one) for one in sent_before}]
        expected = {key(e) for e in base} | set(strange)
        self._edit_elements(part, [e for e in seen if key(e) in expected], base=base)

    def _edited(self, part: Part, raw: Value, value: Value) -> None:
        """Receive an edit, of which what the part meant before is the base."""
        wording = self.shape.read(part, self.had[part.name])
        if not values.same(part.kind, value, wording):
            now, base = value, projection.meant(self.shape, self.before, part)
            out = self._unshown(part)
            if _by_element(part):
                key, pairs = LISTS[part.kind].key, self._alignment(part, self.before)
                out += self._others(base, pairs.values(), part)
                now = [pairs.get(key(e), e) for e in value]
                base = [pairs[key(e)] for e in wording if key(e) in pairs]
            self.edit(part, now, base=base)
            self._mean(part, now, wording=value, kept_out=self._others(out, now, part))
        self.had[part.name] = raw

    def _meet(self, part: Part, raw: Value, value: Value) -> None:
        """Receive a part that was never agreed: fill blanks, unite lists, settle other differences."""
        self.had[part.name] = raw
        if _by_element(part):
            self._unite(part, value)
            return
        ours = self._shown(part)
        if not value or values.same(part.kind, value, ours):
            return
        if not self.takes:
            if not ours:
                # What only they hold is left alone where we may not take it.
                self._mean(part, values.empty(part.kind), wording=value)
        elif not ours or self._theirs_win(part, base=values.empty(part.kind), ours=ours, theirs=value):
            self._take(part, value)

    def _unite(self, part: Part, value: Sequence[Element]) -> None:
        rules = LISTS[part.kind]
        ours, whole = projection.elements(self.doc, part), self.doc.get(part.field) or []
        if not self.takes:
            known = {rules.identity(e) for e in ours}
            foreign = any(rules.identity(e) not in known for e in value)
            self._mean(part, self._shown(part) if foreign else value, wording=value)
            return
        meaning, united = lists.unite(
            rules,
            whole=whole,
            ours=ours,
            theirs=value,
            theirs_win=lambda: self._theirs_win(part, base=[], ours=ours, theirs=value),
        )
        if not values.same(part.kind, united, whole):
            self._set(part.field, united)
        self._mean(part, meaning, wording=value)
        target = self._shown(part)
        if {*map(rules.key, target)} == {*map(rules.key, meaning)}:
            # Only the order differs, which isn't worth a write to each of ten thousand items.
            self._mean(part, target, wording=value)

    def _edit_value(self, part: Part, value: Value, *, base: Value) -> None:
        ours = self._shown(part)
        if values.same(part.kind, value, base) or values.same(part.kind, value, ours):
            return
        clean = self.takes and values.same(part.kind, ours, base)
        if clean or self._theirs_win(part, base=base, ours=ours, theirs=value):
            self._take(part, value)

    def _edit_elements(self, part: Part, value: Sequence[Element], *, base: Sequence[Element]) -> None:
        rules = LISTS[part.kind]
        if not lists.edits(rules, base, value):
            return
        ours = projection.elements(self.doc, part)
        if not self.takes:
            self._theirs_win(part, base=base, ours=ours, theirs=value)
            return
        whole = self.doc.get(part.field) or []
        merged = lists.merge(
            rules,
            base=base,
            ours=whole,
            theirs=value,
            theirs_win=lambda: self._theirs_win(part, base=base, ours=ours, theirs=value),
            unseen=frozenset(rules.key(e) for e in [*self._unshown(part), *self._foreign(part)]),
        )
        if not values.same(part.kind, merged, whole):
            self._set(part.field, merged)

    def _theirs_win(self, part: Part, *, base: Value, ours: Value, theirs: Value) -> bool:
        """Settle two different edits, and keep both values in a conflict."""
        stamp = self.stamps.get(part.field) or self.field_at.get(part.field)
        ours_stamp = Stamp.parse(stamp) if stamp else UNSTAMPED
        kept = Kept.OURS
        if self.takes:
            kept = settle(self.listening.policy, field=part.field, ours=ours_stamp, theirs=self.stamp)
        self.conflicts.append(Conflict(part.field, base, ours, theirs, kept, ours_stamp, self.stamp))
        return kept is Kept.THEIRS

    def _take(self, part: Part, value: Value) -> None:
        """Let the record say what the item says."""
        if part.kind not in LISTS:
            self._set(part.field, value)
            return
        key = LISTS[part.kind].key
        ours = {key(e) for e in self._shown(part)}
        whole: list[Element] = list(self.doc.get(part.field) or [])
        place = next((i for i, e in enumerate(whole) if key(e) in ours), len(whole))
        self._set(part.field, [*whole[:place], *value, *whole[place + 1 :]])

    def _set(self, name: str, value: Value) -> None:
        if not self.previous:
            self.doc = dict(self.doc)
        self.previous.setdefault(name, self.doc.get(name, values.empty(self.shape.kinds[name])))
        self.doc[name] = value
        self.stamps[name] = self.stamp.document()

    def _mean(self, part: Part, meaning: Value, *, wording: Value, kept_out: Sequence[Element] = ()) -> None:
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

    def _shown(self, part: Part) -> Value:
        return projection.shown(self.shape, self.doc, self.view, part)

    def _kept_out(self, part: Part) -> list[Element]:
        return projection.hidden(self.view, part)

    def _unshown(self, part: Part) -> list[Element]:
        """Return the record's elements that find no seat in this item."""
        if part.seats is None:
            return []
        return self._others(projection.elements(self.doc, part), self._shown(part), part)

    def _foreign(self, part: Part) -> list[Element]:
        """Return the elements of the record's list that belong to other parts."""
        whole: list[Element] = self.doc.get(part.field) or []
        return [] if part.label is None else [e for e in whole if e["label"] != part.label]

    def _alignment(self, part: Part, view: LinkView) -> dict[Hashable, Element]:
        wording = self.shape.read(part, view.graph_had.get(part.name))
        return lists.aligned(LISTS[part.kind], wording, projection.meant(self.shape, view, part))

    def _others(self, elements: Iterable[Element], known: Iterable[Element], part: Part) -> list[Element]:
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


def _by_element(part: Part) -> bool:
    return part.kind in LISTS and not part.alone
