"""Our own writes that arrive late: told from edits, however Microsoft words them (``engine.md`` §§2, 4)."""

from collections.abc import Sequence

from app.records import Value, values
from app.records.shape import Part
from app.records.values import LISTS
from app.sync import projection
from app.sync.merging import Merging, by_element


def recognise(merging: Merging, part: Part, raw: Value, value: Value) -> None:
    """Tell our own write, arriving late, from an edit; where we can't, it is written once more."""
    name = part.name
    known: Sequence[Value] = merging.unsure.get(name) or ()
    if known and known[0] == raw:
        return
    sent = merging.sent.pop(name) if name in merging.sent else known[1]
    if not merging.takes or projection.says_what_was_sent(merging.shape, part, value, sent=sent):
        merging.agree(part, raw, sent=sent if merging.takes else value)
        if known:
            del merging.unsure[name]
            resolve(merging, part, known, sent=sent)
    elif not sent and name not in merging.shape.carried:
        # Microsoft makes nothing up where we sent nothing: somebody typed it.
        merging.unsure.pop(name, None)
        merging.agree(part, raw, sent=value)
        merging.edit(part, value, base=sent)
    else:
        merging.unsure[name] = [raw, sent]


def resolve(merging: Merging, part: Part, unsure: Sequence[Value], *, sent: Value) -> None:
    """Settle what an unsure part was, now that ``had`` shows how Microsoft words what was ``sent``.

    The same wording again: it was our own write. Another one for the same value: it was an edit of the
    mailbox's user, which our repetition covered. Whether they had seen our value nobody can tell (*a worker
    dies before it sends; what was typed long before looks like an edit of what it was to send*), so it is a
    conflict for the policy to settle. Where the record moved on in between the newer value stands: our own
    late write must never beat an edit. What may have been one is kept in a conflict.
    """
    raw, sent_before = unsure
    if not merging.takes or raw == merging.had.get(part.name):
        return
    value = merging.shape.read(part, raw)
    if by_element(part):
        _resolve_elements(merging, part, value, sent_before=sent_before, sent=sent)
    elif values.same(part.kind, sent, sent_before):
        base = projection.meant(merging.shape, merging.before, part)
        ours = merging.shown(part)
        if not values.same(part.kind, value, ours) and merging.theirs_win(
            part, base=base, ours=ours, theirs=value
        ):
            merging.take(part, value)
    elif not values.same(part.kind, value, sent):
        merging.keep_both(part, base=sent_before, theirs=value)


def _resolve_elements(merging: Merging, part: Part, value: Value, *, sent_before: Value, sent: Value) -> None:
    """Take up what the user did to a list: removals of what both hypotheses held, and elements nobody sent.

    Of strange elements as many may be Microsoft's wording of ours as we sent and don't show any more.
    """
    key = LISTS[part.kind].key
    worded = merging.alignment(part, merging.view) | merging.alignment(part, merging.before)
    seen = [worded.get(key(e), e) for e in value]
    old = projection.meant(merging.shape, merging.before, part)
    known = {key(e) for e in [*old, *sent_before, *sent]}
    lost = len({key(e) for e in sent_before} - {key(e) for e in [*old, *sent]})
    strange = [key(e) for e in seen if key(e) not in known][lost:]
    base = [e for e in old if key(e) in {key(one) for one in sent_before}]
    expected = {key(e) for e in base} | set(strange)
    merging.edit_elements(part, [e for e in seen if key(e) in expected], base=base)
