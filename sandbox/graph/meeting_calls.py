"""The actions on events: answers, cancellations, forwards and reminders.

Quirk: parameters are taken in camelCase, as documentation has them, and in PascalCase, as the SDKs do.
https://learn.microsoft.com/graph/api/event-accept
"""

from collections.abc import Callable
from typing import Any

from sandbox.graph import event_parts, zones
from sandbox.graph.answers import Answer, Answers, invalid
from sandbox.graph.calendar_places import place_of, target_of
from sandbox.graph.values import a_boolean, no_such_property, text
from sandbox.graph.wire import Call, Reply

ACCEPTED, OK = 202, 200


def answer_with(answer: Answer) -> Callable[[Call], Reply]:
    names = ("comment", "sendResponse", *(() if answer == "accepted" else ("proposedNewTime",)))

    def act(call: Call) -> Reply:
        place = place_of(call)
        target, said = target_of(call, place), _said(call, names)
        text()("comment", said.get("comment"))
        send = (
            a_boolean("sendResponse", said["sendResponse"]) if said.get("sendResponse") is not None else True
        )
        wish = said.get("proposedNewTime")
        proposed = None if wish is None else event_parts.time_slot("proposedNewTime", wish)
        answers = Answers(place.exchange)
        answers.give(place.person, target.item, target.occurrence, answer, send=send, proposed=proposed)
        return Reply(ACCEPTED)

    return act


def cancel(call: Call) -> Reply:
    place = place_of(call)
    target, said = target_of(call, place), _said(call, ("comment",))
    text()("comment", said.get("comment"))
    if not target.item.fields["isOrganizer"]:
        raise invalid("You need to be an organizer to cancel a meeting.")
    if target.occurrence is None:
        place.calendars.delete(place.person, target.item)
    else:
        place.calendars.delete_occurrence(place.person, target.item, target.occurrence)
    return Reply(ACCEPTED)


def forward(call: Call) -> Reply:
    place = place_of(call)
    target, said = target_of(call, place), _said(call, ("comment", "toRecipients"))
    recipients = event_parts.recipients("toRecipients", said.get("toRecipients") or [])
    if not recipients:
        raise invalid("A forwarded meeting needs recipients.")
    place.calendars.forward(place.person, target.item, recipients)
    return Reply(ACCEPTED)


def snooze_reminder(call: Call) -> Reply:
    """Put off a reminder. Quirk: nothing of the event changes."""
    target_of(call, place_of(call))
    if zones.read("newReminderTime", _said(call, ("newReminderTime",)).get("newReminderTime")) is None:
        raise invalid("A reminder is put off to a time.")
    return Reply(OK)


def dismiss_reminder(call: Call) -> Reply:
    target_of(call, place_of(call))
    return Reply(OK)


def _said(call: Call, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters of an action by their names in camelCase; a missing body says nothing."""
    if not call.body:
        return {}
    known = {name.lower(): name for name in names}
    said: dict[str, Any] = {}
    for written, value in call.document().items():
        name = known.get(written.lower())
        if name is None and "@" not in written:
            raise no_such_property(written, "parameters")
        said[name or written] = value
    return said
