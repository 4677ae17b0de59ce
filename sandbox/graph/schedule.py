"""getSchedule: who is free when, of several people at once.

https://learn.microsoft.com/graph/api/calendar-getschedule
"""

from datetime import datetime, timedelta
from typing import Any

from sandbox.directory import Kind as Account
from sandbox.graph import sharing, zones
from sandbox.graph.calendar_places import Place, place_of
from sandbox.graph.errors import access_denied, bad_request
from sandbox.graph.store import CALENDAR
from sandbox.graph.targets import Target, planned
from sandbox.graph.values import a_list, a_whole_number, no_such_property, text
from sandbox.graph.wire import Call, Reply, json_reply

NAMES = {name.lower(): name for name in ("schedules", "startTime", "endTime", "availabilityViewInterval")}
MOST_SCHEDULES, MOST_DAYS = 20, 62
SHORTEST, LONGEST, USUAL = 5, 1440, 30
DIGITS = {"free": 0, "workingElsewhere": 0, "tentative": 1, "busy": 2, "oof": 3}
WORKING_HOURS = {
    "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "startTime": "08:00:00.0000000",
    "endTime": "17:00:00.0000000",
    "timeZone": {"name": "UTC"},
}


def get_schedule(call: Call) -> Reply:
    """Answer with everybody's schedule; who can't be looked at has an error of their own, and all is 200."""
    place, said = place_of(call), _said(call)
    if place.person.kind is Account.PERSONAL:
        raise access_denied()
    names = [text()("schedules[]", name) or "" for name in a_list("schedules", said.get("schedules"))]
    if not 1 <= len(names) <= MOST_SCHEDULES:
        raise bad_request(
            f"Between 1 and {MOST_SCHEDULES} schedules can be asked for.", code="ErrorInvalidRequest"
        )
    begin, end = _window(said)
    interval = _interval(said.get("availabilityViewInterval"))
    value = [_of(call, place, name, begin=begin, end=end, interval=interval) for name in names]
    context = f"{call.root}/$metadata#Collection(microsoft.graph.scheduleInformation)"
    return json_reply(
        {"@odata.context": context, "value": value}, headers=call.preferences.applied(event=True)
    )


def _said(call: Call) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for written, value in call.document().items():
        if written.lower() not in NAMES and "@" not in written:
            raise no_such_property(written, "parameters")
        said[NAMES.get(written.lower(), written)] = value
    return said


def _window(said: dict[str, Any]) -> tuple[datetime, datetime]:
    start, end = (zones.read(name, said.get(name)) for name in ("startTime", "endTime"))
    if start is None or end is None or zones.moment(end) <= zones.moment(start):
        raise bad_request("A schedule needs a startTime and a later endTime.", code="ErrorInvalidRequest")
    begin, finish = zones.moment(start), zones.moment(end)
    if finish - begin > timedelta(days=MOST_DAYS):
        raise bad_request(
            "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too long. The "
            f"allowed limit = {MOST_DAYS} days; the actual limit = {(finish - begin).days} days.",
            code="ErrorTimeIntervalTooBig",
        )
    return begin, finish


def _interval(said: Any) -> timedelta:
    """Read the length of a slot; Microsoft's own example has it in quotes."""
    given = int(said) if isinstance(said, str) and said.isascii() and said.isdigit() else said
    minutes = USUAL if given is None else a_whole_number("availabilityViewInterval", given)
    if not SHORTEST <= minutes <= LONGEST:
        raise bad_request(
            f"The interval must be between {SHORTEST} and {LONGEST} minutes.",
            code="ErrorInvalidMergedFreeBusyInterval",
        )
    return timedelta(minutes=minutes)


def _of(
    call: Call, place: Place, name: str, *, begin: datetime, end: datetime, interval: timedelta
) -> dict[str, Any]:
    person = place.exchange.world.person(name)
    if person is None or not person.mailbox or person.tenant_id != place.person.tenant_id:
        message = f"Unable to resolve e-mail address {name} to an Active Directory object."
        return {
            "scheduleId": name,
            "error": {"message": message, "responseCode": "ErrorMailRecipientNotFound"},
        }
    viewer = call.token.person
    mailbox = place.exchange.mailbox(person)
    busy = sorted(planned(mailbox, begin=begin, end=end), key=lambda one: one.start)
    rights = sharing.rights(mailbox.folders[CALENDAR], owner=person, viewer=viewer)
    return {
        "scheduleId": name,
        "availabilityView": _digits(busy, begin=begin, end=end, interval=interval),
        "scheduleItems": [_item(place, rights, one) for one in busy],
        "workingHours": WORKING_HOURS,
    }


def _digits(busy: list[Target], *, begin: datetime, end: datetime, interval: timedelta) -> str:
    digits, at = "", begin
    while at < end:
        here = [
            DIGITS.get(one.fields["showAs"], 0) for one in busy if one.start < at + interval and one.end > at
        ]
        digits += str(max(here, default=0))
        at += interval
    return digits


def _item(place: Place, rights: sharing.Rights, one: Target) -> dict[str, Any]:
    fields = one.fields
    private = fields["sensitivity"] in sharing.PRIVATE
    shown: dict[str, Any] = {
        "status": fields["showAs"],
        "start": zones.shown(one.start, place.view.zone),
        "end": zones.shown(one.end, place.view.zone),
        "isPrivate": private,
    }
    if rights.reads and (rights.sees_private or not private):
        shown |= {"subject": fields["subject"], "location": fields["location"]["displayName"]}
    return shown
