"""Calendar views: what happens in a window, once and as a delta.

https://learn.microsoft.com/graph/api/calendar-list-calendarview
"""

from datetime import date, datetime
from typing import Any

from sandbox.graph import delta, event, ids, odata, series, zones
from sandbox.graph.calendar_places import Place, place_of, target_of
from sandbox.graph.changes import Slot
from sandbox.graph.errors import bad_request
from sandbox.graph.event_calls import answer_list
from sandbox.graph.event_shown import EVENT
from sandbox.graph.series import MASTER_ALONE
from sandbox.graph.store import Item
from sandbox.graph.targets import Target, in_window
from sandbox.graph.wire import Call, Reply, json_reply

MOST_DAYS = 1825
BOUNDS = ("startdatetime", "enddatetime")
Window = tuple[datetime, datetime]


def view_calendar(call: Call) -> Reply:
    """Answer with single events, occurrences and exceptions in a window, never with masters."""
    place = place_of(call)
    (begin, end), call.pairs, window = _window(call)
    query = odata.query(call.pairs, EVENT)
    targets = [
        target
        for number in sorted(place.folder.items)
        for target in in_window(place.mailbox.items[number], begin=begin, end=end)
    ]
    return answer_list(call, place, _by_start(targets), query=query, kind="calendarView", window=window)


def instances(call: Call) -> Reply:
    """Answer with the occurrences and exceptions of one series in a window."""
    place = place_of(call)
    (begin, end), call.pairs, window = _window(call)
    query = odata.query(call.pairs, EVENT)
    target = target_of(call, place)
    master = target.occurrence is None and series.is_master(target.item.fields)
    targets = in_window(target.item, begin=begin, end=end) if master else []
    kind = f"events('{call.item}')/instances"
    return answer_list(call, place, _by_start(targets), query=query, kind=kind, window=window)


def delta_of_view(call: Call) -> Reply:
    """Answer with one page of a round. Quirk: the window stands in the token and can't be moved."""
    place = place_of(call)
    changes = place.folder.changes
    rules = odata.only(EVENT, set())
    tokens = any(
        name.lstrip("$").lower() in {"skiptoken", "deltatoken"} and value for name, value in call.pairs
    )
    window: tuple[str, ...] = ()
    if not tokens:
        bounds, call.pairs, _ = _window(call)
        window = tuple(bound.isoformat() for bound in bounds)
    start = delta.Place(place.mailbox.owner, place.folder.number, floor=changes.head, window=window)
    at = delta.place_of(call, start=start, rules=rules)
    if not at.window:
        raise bad_request("The sync state data is of another resource.", code="ErrorInvalidSyncStateData")
    rows = _Rows(place, at)
    size = call.preferences.page_size or place.page_size
    page = {"@odata.context": f"{call.root}/$metadata#Collection(event)"}
    page |= delta.page(call, changes, at, size=size, rows=rows.of)
    return json_reply(page, headers=call.preferences.applied(event=True))


class _Rows:
    """What a delta of a calendar view tells of each change.

    Quirk: of a series come the master and each exception whole and the occurrences bare; what happens outside
    the window looks deleted; of a cancelled occurrence only the master comes.
    https://github.com/microsoftgraph/microsoft-graph-docs/issues/7632
    """

    def __init__(self, place: Place, at: delta.Place) -> None:
        self.place = place
        self.begin, self.end = (datetime.fromisoformat(bound) for bound in at.window)

    def of(self, told: delta.Told, at: delta.Place) -> list[dict[str, Any]]:
        position, slot, removed = told
        initial = position <= at.floor
        number, generation, *part = slot
        item = self.place.mailbox.items.get(number)
        if removed or item is None or item.generation != generation:
            return [] if part or not removed else [self._gone(slot)]
        inside = in_window(item, begin=self.begin, end=self.end)
        if part:
            return [] if initial else self._part(item, part[0], inside)
        if not inside:
            return [] if initial else [self._gone(slot)]
        master = [self._row(self.place.view.event(item))] if series.is_master(item.fields) else []
        return master + [self._of_one(target) for target in inside]

    def _part(self, item: Item, part: int, inside: list[Target]) -> list[dict[str, Any]]:
        """Tell of one row of a series: its master alone, or an occurrence that was changed."""
        if part == MASTER_ALONE:
            return [self._row(self.place.view.event(item))] if inside else [self._gone(item.slot)]
        day = date.fromordinal(part)
        for target in inside:
            if target.occurrence is not None and target.occurrence.day == day:
                return [self._of_one(target)]
        if (
            not series.is_master(item.fields)
            or day.isoformat() not in series.state(item.fields)["exceptions"]
        ):
            return []
        return [delta.gone(self.place.view.id(item, series.on(item.fields, item.properties, day)))]

    def _of_one(self, target: Target) -> dict[str, Any]:
        view, found = self.place.view, target.occurrence
        if found is not None and not found.changed:
            return self._row(view.skeleton(target.item, found))
        return self._row(view.event(target.item, found))

    def _gone(self, slot: Slot) -> dict[str, Any]:
        number, generation, *_ = slot
        mailbox = self.place.mailbox
        immutable = self.place.view.immutable
        known = (
            ids.immutable_id(mailbox.owner, number)
            if immutable
            else ids.default_id(mailbox.owner, number, generation)
        )
        return self._row(delta.gone(self.place.view.named(known)))

    @staticmethod
    def _row(shown: dict[str, Any]) -> dict[str, Any]:
        return {"@odata.type": event.TYPE} | shown


def _by_start(targets: list[Target]) -> list[Target]:
    return sorted(targets, key=lambda target: target.start)


def _window(call: Call) -> tuple[Window, list[tuple[str, str]], str]:
    """Return the window of a call, its other options, and the window for a nextLink; or raise Graph's 400."""
    said = {name.lower(): value for name, value in call.pairs if name.lower() in BOUNDS}
    rest = [(name, value) for name, value in call.pairs if name.lower() not in BOUNDS]
    begin = zones.window_bound("startDateTime", said.get("startdatetime"))
    end = zones.window_bound("endDateTime", said.get("enddatetime"))
    if end < begin:
        raise bad_request("The end of the window is before its start.", code="ErrorInvalidParameter")
    if end - begin > zones.days(MOST_DAYS):
        raise bad_request(
            "The requested time range exceeds the allowed range. Maximum number of days: 1825",
            code="ErrorInvalidRequest",
        )
    return (begin, end), rest, delta.shown_window((said["startdatetime"], said["enddatetime"]))
