"""What people do with meetings they are invited to or have called: accept, decline, cancel, forward.

https://learn.microsoft.com/graph/api/event-accept
"""

from datetime import date
from typing import Any, Literal

from sandbox.directory import Person
from sandbox.errors import GraphError
from sandbox.graph import event_parts, series, zones
from sandbox.graph.errors import bad_request
from sandbox.graph.exchange import Draft, Exchange
from sandbox.graph.meetings import Meetings
from sandbox.graph.series import MASTER_ALONE, Occurrence
from sandbox.graph.store import Fields, Item

Answer = Literal["accepted", "tentativelyAccepted", "declined"]

PREFIX = {"accepted": "Accepted", "tentativelyAccepted": "Tentative", "declined": "Declined"}


class Answers:
    def __init__(self, exchange: Exchange) -> None:
        self.exchange, self.meetings = exchange, Meetings(exchange)

    def give(
        self,
        person: Person,
        item: Item,
        found: Occurrence | None,
        answer: Answer,
        *,
        send: bool,
        proposed: Fields | None,
    ) -> None:
        """Answer an invitation; a declined event leaves the calendar. Nobody hears of what is not sent."""
        fields = item.fields if found is None else found.fields
        if fields["isOrganizer"]:
            raise invalid("You can't respond to this meeting because you're the meeting organizer.")
        if proposed is not None and not (send and fields["allowNewTimeProposals"] and answer != "accepted"):
            raise invalid("A new time can't be proposed for this meeting, or not without a response.")
        status = {"response": answer, "time": self.exchange.at()}
        self._keep(person, item, found, answer, status)
        if send:
            self.meetings.tell_organizer(person, fields, subject=f"{PREFIX[answer]}: {fields['subject']}")
            self._tell(person, fields, found, status, proposed)

    def _keep(
        self, person: Person, item: Item, found: Occurrence | None, answer: Answer, status: Fields
    ) -> None:
        """Note an answer in the attendee's own calendar."""
        if answer == "declined":
            self._take_away(person, item, found)
            return
        said: Fields = {"responseStatus": status, "showAs": "busy" if answer == "accepted" else "tentative"}
        fields = item.fields if found is None else found.fields
        said |= {"attendees": _answered(fields["attendees"], person, status, None)}
        self._write(person, item, None if found is None else found.day, said)

    def _take_away(self, person: Person, item: Item, found: Occurrence | None) -> None:
        if found is None:
            self.exchange.delete_item(person, item)
        else:
            after = Draft(series.without(item.fields, found.day), item.properties)
            self.exchange.change_item(person, item, after, part=MASTER_ALONE)

    def _tell(
        self,
        person: Person,
        fields: Fields,
        found: Occurrence | None,
        status: Fields,
        proposed: Fields | None,
    ) -> None:
        """Note an answer in the organizer's event. Quirk: that is a new version of it."""
        held = self.meetings.organizers(fields)
        if held is None:
            return
        organizer, meeting = held
        day = None if found is None else found.day
        own = meeting.fields if day is None else series.on(meeting.fields, meeting.properties, day).fields
        attendees = _answered(own["attendees"], person, status, proposed)
        self._write(organizer, meeting, day, {"attendees": attendees})

    def _write(self, person: Person, item: Item, day: date | None, said: Fields) -> None:
        if day is None:
            self.exchange.change_item(person, item, Draft(item.fields | said, item.properties))
            return
        own, properties = series.own_of(item.fields, day)
        kept = item.properties if properties is None else properties
        fields = series.changed(item.fields, day, own=own | said, properties=kept)
        part = day.toordinal()
        self.exchange.change_item(person, item, Draft(fields, item.properties), part=part, day=part)


def invalid(message: str) -> GraphError:
    return bad_request(f"Your request can't be completed. {message}", code="ErrorInvalidRequest")


def _answered(
    attendees: list[Fields], person: Person, status: Fields, proposed: Fields | None
) -> list[Fields]:
    more: dict[str, Any] = {"status": status}
    if proposed is not None:
        more["proposedNewTime"] = {
            name: zones.shown(zones.moment(at), "UTC") for name, at in proposed.items()
        }
    return [one | more if event_parts.address_of(one) in person.addresses else one for one in attendees]
