"""A series of events: one item that stands for its occurrences, with what was changed or cancelled of them.

Its master keeps ``series``: the epoch (a new one with each change of time or pattern, which makes new ids of
occurrences), the exceptions by original day, and the days that were cancelled. All of it is pure.
https://learn.microsoft.com/graph/outlook-schedule-recurring-events
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.graph import recurrence, zones
from sandbox.graph.errors import bad_request, item_not_found
from sandbox.graph.extended import Properties

Fields = dict[str, Any]

NEVER: Fields = {"epoch": 0, "exceptions": {}, "cancelled": []}
MASTER_ALONE = 0  # the part of a series that stands for its master and no occurrence
OVERLAP = timedelta(days=2)  # more than zones can differ


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event of a series: by its original day, with the fields that are its own laid over the master's."""

    day: date
    start: datetime
    end: datetime
    fields: Fields
    properties: Properties
    changed: bool
    original: datetime


def is_master(fields: Fields) -> bool:
    return fields.get("recurrence") is not None


def state(fields: Fields) -> Fields:
    return fields.get("series") or NEVER


def within(fields: Fields, properties: Properties, *, begin: datetime, end: datetime) -> Iterator[Occurrence]:
    """Yield the occurrences that overlap a window, in the order of their original days."""
    known = state(fields)
    length = zones.moment(fields["end"]) - zones.moment(fields["start"])
    earliest, latest = (begin - length - OVERLAP).date(), (end + OVERLAP).date()
    for day in recurrence.days(fields["recurrence"], until=max([latest, *_days(known["exceptions"])])):
        named = day.isoformat()
        if named in known["cancelled"] or not (earliest <= day <= latest or named in known["exceptions"]):
            continue
        found = _occurrence(fields, properties, day)
        if overlaps(found.start, found.end, begin=begin, end=end):
            yield found


def overlaps(start: datetime, finish: datetime, *, begin: datetime, end: datetime) -> bool:
    """Say whether something happens in a half-open window; what has no length is where it starts."""
    return start < end and (finish > begin or start == finish == begin)


def on(fields: Fields, properties: Properties, day: date) -> Occurrence:
    """Return the occurrence of a day, or raise Graph's 404 where the series has none or it was cancelled."""
    if day.isoformat() in state(fields)["cancelled"] or not occurs(fields, day):
        raise item_not_found()
    return _occurrence(fields, properties, day)


def changed(fields: Fields, day: date, *, own: Fields, properties: Properties) -> Fields:
    """Return the master after an occurrence was changed; ``own`` is all that is its own from now on."""
    known = state(fields)
    exception = {"fields": own, "properties": properties}
    exceptions = dict(sorted((known["exceptions"] | {day.isoformat(): exception}).items()))
    return fields | {"series": known | {"exceptions": exceptions}}


def own_of(fields: Fields, day: date) -> tuple[Fields, Properties | None]:
    """Return what an occurrence has of its own, and its extended properties where they are its own."""
    exception = state(fields)["exceptions"].get(day.isoformat())
    return (exception["fields"], exception["properties"]) if exception else ({}, None)


def without(fields: Fields, day: date) -> Fields:
    """Return the master after one of its occurrences was cancelled."""
    known, named = state(fields), day.isoformat()
    exceptions = {at: one for at, one in known["exceptions"].items() if at != named}
    return fields | {
        "series": known | {"exceptions": exceptions, "cancelled": sorted([*known["cancelled"], named])}
    }


def again(before: Fields, after: Fields) -> Fields:
    """Return a master whose time or pattern changed: it begins anew, and its occurrences are others."""
    return after | {"series": NEVER | {"epoch": state(before)["epoch"] + 1}}


def refuse_crossing(fields: Fields, day: date, *, start: Fields) -> None:
    """Refuse to move an occurrence to or past the day of the one before or after it.

    https://learn.microsoft.com/graph/api/event-update
    """
    where = zones.zone(fields["start"]["timeZone"])
    to = zones.moment(start).astimezone(where).date()
    before, after = (
        None if beside is None else _occurrence(fields, {}, beside).start.astimezone(where).date()
        for beside in _neighbours(fields, day)
    )
    if (before is not None and to <= before) or (after is not None and to >= after):
        raise bad_request(
            "Modified occurrence is crossing or overlapping adjacent occurrence.",
            code="ErrorOccurrenceCrossingBoundary",
        )


def _neighbours(fields: Fields, day: date) -> tuple[date | None, date | None]:
    """Return the days of the occurrences before and after one, cancelled ones left out."""
    cancelled, before = state(fields)["cancelled"], None
    for at in recurrence.days(fields["recurrence"]):
        if at.isoformat() in cancelled:
            continue
        if at > day:
            return before, at
        before = at if at < day else before
    return before, None


def occurs(fields: Fields, day: date) -> bool:
    """Say whether the pattern of a series has that day, cancelled or not."""
    return any(at == day for at in recurrence.days(fields["recurrence"], until=day))


def _days(named: Fields) -> list[date]:
    return [date.fromisoformat(day) for day in named]


def _occurrence(fields: Fields, properties: Properties, day: date) -> Occurrence:
    own, own_properties = own_of(fields, day)
    shifted = day - date.fromisoformat(fields["recurrence"]["range"]["startDate"])
    regular = {name: _shifted(fields, name, shifted) for name in ("start", "end")}
    laid = {name: value for name, value in fields.items() if name not in {"series", "recurrence"}}
    laid |= regular | own
    return Occurrence(
        day=day,
        start=zones.moment(laid["start"]),
        end=zones.moment(laid["end"]),
        fields=laid,
        properties=properties if own_properties is None else own_properties,
        changed=day.isoformat() in state(fields)["exceptions"],
        original=zones.moment(regular["start"]),
    )


def _shifted(fields: Fields, name: str, days: timedelta) -> Fields:
    """Return the first occurrence's start or end some days later, by the clock of the series' zone."""
    at = fields[name]
    where = fields["recurrence"]["range"]["recurrenceTimeZone"]
    if where == at["timeZone"]:
        return {"dateTime": (zones.wall(at) + days).isoformat(), "timeZone": where}
    local = zones.moment(at).astimezone(zones.zone(where)).replace(tzinfo=None) + days
    return zones.written(zones.fixed(local, zones.zone(where)), at["timeZone"])
