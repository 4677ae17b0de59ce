"""Whether an event, or any event of a series, lies in a window (``engine.md`` §14)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.graph.unsupported import Unsupported
from app.records import Fields
from app.records.rrule import Start, read
from app.records.simplest import last_day
from app.records.zones import instant, wall
from app.sync.recurrence import day_of, occurrences, on

ONE_DAY = timedelta(days=1)
APART = timedelta(days=2)
"""More than the clocks of two zones ever differ."""


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open stretch of time; ``zone`` says when the days of events without a time begin."""

    begin: datetime
    end: datetime
    zone: str

    def has(self, span: "Span") -> bool:
        """Return whether something happens in the window; what has no length is where it starts."""
        start, end = span.moments(self.zone)
        return start < self.end and (end > self.begin or start == end == self.begin)


@dataclass(frozen=True, slots=True)
class Span:
    """From when on and how long an event is, by the clocks of its zone; days have none."""

    start: Start
    length: timedelta
    zone: str | None

    def on(self, day: date) -> "Span":
        """Return the event of the series that this begins, on that day."""
        return Span(on(day, self.start), self.length, self.zone)

    def moments(self, floating: str) -> tuple[datetime, datetime]:
        """Return when it begins and ends, days at midnight in the zone ``floating``."""
        zone = self.zone or floating
        first = self.start if isinstance(self.start, datetime) else datetime.combine(self.start, time())
        start = instant(first, zone)
        return start, max(start, instant(first + self.length, zone))


def overlaps(event: Fields, window: Window, *, default: timedelta) -> bool:
    """Return whether an event, or any event of its series, lies in a window.

    What has a time and no end lasts for ``default``. Quirk: of a rule that Outlook can't hold only its first
    and last day are looked at; its link is parked anyhow.
    """
    first = _span(event["start"], event.get("end"), otherwise=default)
    recurrence = event.get("recurrence")
    if recurrence is None:
        return window.has(first)
    rrule, exceptions = recurrence["rrule"], {}
    for each in recurrence.get("exceptions") or ():
        exceptions[_key(each, first.zone)] = each
    changed = {
        day: _changed(first, day, each) for day, each in exceptions.items() if not each.get("cancelled")
    }
    if any(window.has(span) and _has_day(first, rrule, day) for day, span in changed.items()):
        return True
    regular = _regular(first, rrule, window)
    return any(window.has(span) for span in regular if day_of(span.start) not in exceptions)


def _has_day(first: Span, rrule: str, day: date) -> bool:
    """Say whether a series has this day.

    *A series is moved into the past, and what differed of it keeps it alive.*
    """
    try:
        found = occurrences(rrule, start=first.start, zone=first.zone, after=day, before=day + ONE_DAY)
    except Unsupported:
        return True
    return next(found, None) is not None


def _regular(first: Span, rrule: str, window: Window) -> Iterator[Span]:
    """Yield the events of a series that may lie in the window, as its rule has them."""
    after, before = (window.begin - first.length - APART).date(), (window.end + APART).date()
    try:
        found = occurrences(rrule, start=first.start, zone=first.zone, after=after, before=before)
    except Unsupported:
        return iter((_whole(first, rrule, window),))
    return (first.on(day_of(at)) for at in found)


def _whole(first: Span, rrule: str, window: Window) -> Span:
    """Return all of a series, from its first day to its last."""
    last = last_day(read(rrule), start=first.start, zone=first.zone) or (window.end + APART).date()
    days = max(last - day_of(first.start), timedelta(0))
    return Span(first.start, first.length + days, first.zone)


def _changed(first: Span, day: date, exception: Fields) -> Span:
    """Return an event of a series as an exception has it; what that doesn't say is as the rule has it."""
    regular = first.on(day)
    if exception.get("start") is None and exception.get("end") is None:
        return regular
    start, zone = _clock(exception["start"]) if exception.get("start") else (regular.start, regular.zone)
    if exception.get("end") is None:
        return Span(start, regular.length, zone)
    return Span(start, _length(start, zone, exception["end"]), zone)


def _span(start: Fields, end: Fields | None, *, otherwise: timedelta) -> Span:
    at, zone = _clock(start)
    if end is None:
        return Span(at, otherwise if zone else ONE_DAY, zone)
    return Span(at, _length(at, zone, end), zone)


def _length(start: Start, zone: str | None, end: Fields) -> timedelta:
    finish, its_zone = _clock(end)
    if isinstance(start, datetime) and isinstance(finish, datetime):
        return _shown_in(zone, finish, its_zone) - start
    return day_of(finish) - day_of(start)


def _key(exception: Fields, zone: str | None) -> date:
    """Return the day of the event that an exception stands for, in the series' own zone."""
    at, its_zone = _clock(exception["original_start"])
    return day_of(_shown_in(zone, at, its_zone) if isinstance(at, datetime) else at)


def _shown_in(zone: str | None, at: datetime, its_zone: str | None) -> datetime:
    """Return what the clocks of a zone show when those of another show that."""
    if zone is None or its_zone is None or zone == its_zone:
        return at
    return wall(instant(at, its_zone), zone)


def _clock(said: Fields) -> tuple[Start, str | None]:
    if "date" in said:
        return date.fromisoformat(said["date"]), None
    return datetime.fromisoformat(said["date_time"]), said["time_zone"]
