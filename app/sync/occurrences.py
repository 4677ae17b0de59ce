"""Occurrences that differ from their series, written one by one (``engine.md`` §14).

Their ids aren't kept: they are looked up when written, by the day on which each would have begun.
"""

from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from app.graph.batch import Answer, Call
from app.graph.event_calls import delete_event, instances_of, update_event
from app.graph.protocol import Document, NotFound
from app.models import Link
from app.records import Fields, event, values, when
from app.records.link import LinkView
from app.records.reasons import Reason
from app.records.shape import Shape
from app.records.unsupported import Unsupported
from app.records.values import LISTS, Kind
from app.sync.conflicts import UNSTAMPED, Conflict, Kept, Stamp
from app.sync.masks import without
from app.sync.one_occurrence import Change, Element, Series, says
from app.sync.projection import (
    Create,
    Nothing,
    Update,
    Write,
    meant,
    owed,
    says_what_was_sent,
    unagreed,
)
from app.sync.work import Work

_KEY: Final = LISTS[Kind.EXCEPTIONS].key
AROUND: Final = timedelta(hours=36)
EXCEPTIONS: Final = "exceptions"
WHEN: Final = "when"
NAMED: Final = 3
CANCELLED: Final = (
    "Outlook can't bring back what was cancelled of a series: {days}. Send that as cancelled again, and make"
    " an event of its own where it is to take place after all."
)


def changes(was: Sequence[Element], becomes: Sequence[Element]) -> list[Change]:
    """Return what is to be written of the occurrences of a series, day by day."""
    before, after = ({each["on"]: each for each in side} for side in (was, becomes))
    same = {_KEY(each) for each in was} & {_KEY(each) for each in becomes}
    return [
        Change(on, before.get(on), after.get(on))
        for on in sorted(before.keys() | after.keys())
        if _KEY(before.get(on) or after[on]) not in same
    ]


def brought_back(was: Sequence[Element], becomes: Sequence[Element]) -> list[Element]:
    """Return the cancelled occurrences that are to take place after all, as they are.

    Quirk: nothing in Graph undoes a cancellation. Exchange keeps it over another pattern, too, unless that
    has no such day: https://github.com/OfficeDev/ews-managed-api/issues/235
    """
    cancelled = {each["on"] for each in becomes if each["cancelled"]}
    return [each for each in was if each["cancelled"] and each["on"] not in cancelled]


def in_steps(shape: Shape, doc: Fields, view: LinkView, *, held: Container[str]) -> Write:
    """Return the next write an item is owed: the item itself first, then what is written apart from it.

    Quirk: a new time of a series drops its exceptions; those that still fit are owed again. Raises
    Unsupported where nothing is left to write but an occurrence that can't be brought back.
    """
    write = owed(shape, doc, view, held=held)
    apart = frozenset(name for name, part in shape.parts.items() if part.apart)
    if isinstance(write, Create):
        fields = {name: value for name, value in write.fields.items() if name not in apart}
        return replace(write, fields=fields)
    if not isinstance(write, Update) or apart.isdisjoint(write.owed):
        return write
    item = owed(without(shape, unwritten=apart), doc, view, held=held)
    if not isinstance(item, Nothing):
        return item
    return _possible(shape, view, write) if EXCEPTIONS in write.owed else write


def _possible(shape: Shape, view: LinkView, write: Update) -> Update:
    """Return a write of occurrences without those that can't be brought back."""
    was, becomes = meant(shape, view, shape.parts[EXCEPTIONS]), write.fields[EXCEPTIONS]
    stay = brought_back(was, becomes)
    if not stay:
        return write
    days = {each["on"] for each in stay}
    possible = [*(each for each in becomes if each["on"] not in days), *stay]
    if values.same(Kind.EXCEPTIONS, was, possible):
        raise Unsupported(Reason.UNSUPPORTED_VALUE, CANCELLED.format(days=_told(sorted(days))))
    return replace(write, fields={**write.fields, EXCEPTIONS: possible})


def _told(days: Sequence[str]) -> str:
    """Return days as a person says them; of many the first few."""
    named = [f"{day.day} {day:%B %Y}" for day in map(date.fromisoformat, days[:NAMED])]
    more = len(days) - len(named)
    return ", ".join([*named, f"and {more} more"] if more else named)


def begun_anew(shape: Shape, view: LinkView, wording: Fields, *, sent: Fields | None = None) -> LinkView:
    """Return the view of a link by which an item is to be received, where we set the time of a series.

    Quirk: that drops what differs of it in Outlook. Nobody took it back: it is owed again, as if it had never
    been agreed. ``sent``: what a write has set that this wording answers; else, what an attempt may have.
    """
    if WHEN not in shape.parts:
        return view
    if sent is not None:
        return unagreed(shape, view, {EXCEPTIONS}) if WHEN in sent else view
    time = view.attempt.fields.get(WHEN) if view.attempt is not None else None
    part = shape.parts[WHEN]
    is_set = time and says_what_was_sent(shape, part, shape.read(part, wording.get(WHEN)), sent=time)
    return unagreed(shape, view, {EXCEPTIONS}) if is_set else view


def of_occurrences(
    work: Work, link: Link, doc: Fields, write: Update, view: LinkView
) -> Callable[[Work], Awaitable[Answer]] | None:
    """Return what writes the occurrences that a series is owed; None where the write is of something else."""
    if EXCEPTIONS not in write.owed or not work.asks:
        return None
    wanted = changes(meant(work.shape, view, work.shape.parts[EXCEPTIONS]), write.fields[EXCEPTIONS])
    series = Series(doc, view.graph_had, hidden=not write.shape.parts["subject"].writes)
    item = str(link.item_id)
    return partial(write_occurrences, item_id=item, etag=link.etag, series=series, wanted=wanted)


def answered(item: Document, write: Create | Update, *, fresh: Mapping[str, Any]) -> Document:
    """Return a write's answer with what is ``fresh`` of a new item; or of a series that got another time."""
    if isinstance(write, Update) and WHEN not in write.fields:
        return item
    return {**fresh, **item}


async def write_occurrences(
    work: Work, item_id: str, *, etag: str | None, series: Series, wanted: Sequence[Change]
) -> Answer:
    """Let the occurrences of a series differ as they should; answer with the series as it is then.

    Nothing is written to a series that isn't as we knew it. *Its user changes a Tuesday while the CRM changes
    a Monday: the answer would take the Tuesday for agreed.* The first call that is refused decides. What is
    there no more is passed over, as is what says already what it is to say. *Of two the second is refused,
    both are tried again, and guests hear twice of the first.*
    """
    rows, known = await _rows(work, item_id, series, wanted)
    if known.error() is not None or etag not in {None, known.result().get("@odata.etag")}:
        return known if known.error() is not None else Answer(HTTPStatus.PRECONDITION_FAILED)
    calls = [(rows[each.on], _call(rows[each.on]["id"], series, each)) for each in wanted if each.on in rows]
    for answer in await work.mailbox.batch([call for row, call in calls if not says(row, call.body)]):
        failure = answer.error()
        if failure is not None and not isinstance(failure, NotFound):
            return answer
    (master,) = await work.mailbox.batch([work.words.read(item_id)])
    if master.error() is None:
        await work.words.complete(work.mailbox, [master.result()])
    return master


def _call(occurrence_id: str, series: Series, change: Change) -> Call:
    if change.becomes is not None and change.becomes["cancelled"]:
        return delete_event(occurrence_id, etag=None)
    return update_event(occurrence_id, series.body(change), etag=None)


async def _rows(
    work: Work, item_id: str, series: Series, wanted: Sequence[Change]
) -> tuple[dict[str, Document], Answer]:
    """Look up the series, and occurrences by the day of their original start; around where they were, too."""
    moments = [event.original_start(series.when, each.on) for each in wanted]
    moments += [each.was["start"] for each in wanted if each.was is not None and each.was.get("start")]
    calls = [_look(item_id, moment) for moment in moments]
    found: dict[str, Document] = {}
    whole, *answers = await work.mailbox.batch([work.words.read(item_id), *calls])
    for answer in answers:
        if answer.error() is None:
            for row in answer.result()["value"]:
                found[series.day_of(row["originalStart"])] = row
    return {each.on: found[each.on] for each in wanted if each.on in found}, whole


def _look(item_id: str, moment: Fields) -> Call:
    at = when.instant(moment)
    begin, end = ((at + side).strftime("%Y-%m-%dT%H:%M:%SZ") for side in (-AROUND, AROUND))
    return instances_of(item_id, begin=begin, end=end)


def lost_exceptions(previous: Fields, doc: Fields, *, theirs: Stamp) -> Conflict | None:
    """Return the exceptions that Exchange dropped as its user gave a series another time; both are kept."""
    was, left = previous.get(EXCEPTIONS) or [], doc.get(EXCEPTIONS, [])
    if WHEN not in previous or all(each in left for each in was):
        return None
    return Conflict(EXCEPTIONS, was, was, left, Kept.THEIRS, UNSTAMPED, theirs)
