"""How one occurrence is to differ from its series, in Graph's words (``engine.md`` §14). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.graph.calendar import PARTS, read
from app.graph.moments import moment, original_day, worded
from app.records import Fields, event, when, zones

Element = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One occurrence that is to say something else; None: what its series says."""

    on: str
    was: Element | None
    becomes: Element | None


def says(row: Fields, body: Fields | None) -> bool:
    """Say whether an occurrence, as Graph lists it, is what a PATCH is to make of it. None: a DELETE."""
    if body is None:
        return False
    texts = (name for name in ("subject", "location", "body") if name in body)
    if any(read(PARTS[name], row.get(name)) != read(PARTS[name], body[name]) for name in texts):
        return False
    return "start" not in body or all(_at(row, side) == _at(body, side) for side in ("start", "end"))


def _at(said: Fields, side: str) -> Fields | datetime:
    """Return a moment so that it can be compared: a day, or the time in UTC."""
    whole_day = bool(said["isAllDay"])
    found = moment(said[side], None, whole_day=whole_day)
    return found if whole_day else when.instant(found)


@dataclass(frozen=True, slots=True)
class Series:
    """A series as the record has it, and what its item was worded like. ``hidden``: all but its times."""

    doc: Fields
    had: Fields
    hidden: bool = False

    @property
    def when(self) -> Fields:
        value: Fields = self.doc["when"]
        return value

    def day_of(self, original: str) -> str:
        """Return the day of an occurrence, by the original start that Graph tells."""
        made_in = (self.had.get("when") or {}).get("originalStartTimeZone")
        zone = when.zone_of(self.when) or zones.iana_of(made_in or "") or "UTC"
        whole_day = when.zone_of(self.when) is None
        return original_day(original, zone, whole_day=whole_day).isoformat()

    def body(self, change: Change) -> Fields:
        """Return what an occurrence is to say: what differs, and what is to be again as in its series."""
        was, becomes = change.was or {}, change.becomes or {}
        body: Fields = {}
        if any(each.get(side) for each in (was, becomes) for side in ("start", "end")):
            start, end = self._slot(change.on, becomes)
            body |= {"start": worded(start), "end": worded(end), "isAllDay": "date" in start}
        said = {
            name: becomes.get(name) or self.doc.get(name) or ""
            for name in ("title", "location", "description")
        }
        touched = {name for name in said if not self.hidden and (becomes.get(name) or was.get(name))}
        if "title" in touched:
            body["subject"] = said["title"]
        if "location" in touched:
            body["location"] = {"displayName": said["location"]}
        if "description" in touched:
            body["body"] = {"contentType": "text", "content": said["description"]}
        return body

    def _slot(self, on: str, becomes: Element) -> tuple[Fields, Fields]:
        """Return when an occurrence begins and ends; what it doesn't say itself its series says."""
        regular = event.original_start(self.when, on)
        start = becomes.get("start") or regular
        end = becomes.get("end")
        if end is not None and ("date" in end) is ("date" in start):
            return start, end
        if "date" in start:
            days = self._length() if "date" in regular else when.DAY
            return start, {"date": (date.fromisoformat(start["date"]) + days).isoformat()}
        length = self._length() if "date_time" in regular else timedelta()
        clock = datetime.fromisoformat(start["date_time"]) + length
        return start, {"date_time": clock.isoformat(), "time_zone": start["time_zone"]}

    def _length(self) -> timedelta:
        """Return how long the series' occurrences are; where the record doesn't say, its item does."""
        value = self.when if self.when["end"] else read(PARTS["when"], self.had["when"])
        start, end = value["start"], value["end"]
        if "date" in start:
            return date.fromisoformat(end["date"]) - date.fromisoformat(start["date"])
        finish = zones.wall(when.instant(end), start["time_zone"])
        return finish - datetime.fromisoformat(start["date_time"])
