"""What people and apps do to calendars: every act checks what Exchange checks, then commits."""

import uuid

from sandbox.directory import Person
from sandbox.errors import GraphError
from sandbox.graph import event, event_parts, series, teams
from sandbox.graph.exchange import Draft, Exchange
from sandbox.graph.extended import Properties
from sandbox.graph.meetings import Meetings
from sandbox.graph.rooms import Rooms
from sandbox.graph.series import MASTER_ALONE, Occurrence
from sandbox.graph.store import Fields, Item, Kind

UID = "040000008200E00074C5B7101A82E008"


class Calendars:
    def __init__(self, exchange: Exchange) -> None:
        self.exchange, self.meetings, self.rooms = exchange, Meetings(exchange), Rooms(exchange)

    def make(
        self, person: Person, folder: int, said: Fields, *, properties: Properties, immutable: bool
    ) -> Item:
        """Put an event into a calendar, or refuse one whose transaction was used before."""
        self._refuse_repetition(person, said.get("transactionId"), immutable=immutable)
        fields = event.created(said) | organized(person)
        if fields["isOnlineMeeting"]:
            fields = teams.opened(fields, person)
        (made,) = self.exchange.make_items(person, folder, [Draft(fields, properties)], kind=Kind.EVENT)
        self.meetings.made(person, made)
        self.rooms.asked(person, made)
        return made

    def change(self, person: Person, item: Item, said: Fields, *, properties: Properties) -> Item:
        """Change an event; what an attendee changes of a copy stays until the organizer changes it too."""
        held = item.fields
        fields = teams.after(held, event.updated(held, said), said, person)
        times = any(fields[name] != held[name] for name in event.TIMES)
        if times and held["isOrganizer"]:
            fields |= {"attendees": event_parts.unanswered(fields["attendees"])}
        after = self.exchange.change_item(person, item, Draft(fields, properties))
        if held["isOrganizer"] and said.keys() - event.PERSONAL:
            self.meetings.changed(person, item, after, said, times=times)
            self.rooms.asked(person, after)
        return after

    def change_occurrence(
        self, person: Person, item: Item, found: Occurrence, said: Fields, *, properties: Properties
    ) -> Item:
        """Make an exception of an occurrence. Quirk: a delta need not say that its master changed too."""
        own = event.of_occurrence(found, item.fields, said)
        if "body" in said and teams.lost(found.fields, said["body"]):
            own |= teams.CLOSED
        fields = series.changed(item.fields, found.day, own=own, properties=properties)
        day = found.day.toordinal()
        after = self.exchange.change_item(person, item, Draft(fields, item.properties), part=day, day=day)
        if item.fields["isOrganizer"] and said.keys() - event.PERSONAL:
            subject: str = own.get("subject") or item.fields["subject"]
            self.meetings.occurrence_changed(person, after, subject=subject)
            self.rooms.moved(person, after, found.day)
        return after

    def delete(self, person: Person, item: Item, *, for_good: bool = False) -> None:
        """Take an event away: an organizer's cancels the meeting, an attendee's copy goes unheard of."""
        self.exchange.delete_item(person, item, for_good=for_good)
        if item.fields["isOrganizer"]:
            self.meetings.cancelled(person, item)

    def delete_occurrence(self, person: Person, item: Item, found: Occurrence) -> Item:
        """Cancel one event of a series. Quirk: all that is heard of it is an update of the master.

        https://github.com/microsoftgraph/microsoft-graph-docs/issues/5520
        """
        after = Draft(series.without(item.fields, found.day), item.properties)
        changed = self.exchange.change_item(person, item, after, part=MASTER_ALONE)
        if item.fields["isOrganizer"]:
            self.meetings.occurrence_cancelled(person, changed, subject=found.fields["subject"])
        return changed

    def forward(self, person: Person, item: Item, recipients: list[Fields]) -> None:
        """Invite more people to somebody's meeting, or one's own."""
        self.meetings.forward(person, item, recipients)
        if held := self.meetings.organizers(item.fields):
            self.rooms.asked(*held)

    def _refuse_repetition(self, person: Person, transaction: str | None, *, immutable: bool) -> None:
        """Quirk: the same transaction is refused, never answered with the event that it made.

        https://github.com/alcionai/corso/issues/2490
        """
        if not transaction:
            return
        mailbox = self.exchange.mailbox(person)
        for item in mailbox.items.values():
            if item.kind is Kind.EVENT and item.fields["transactionId"] == transaction:
                raise GraphError(
                    400,
                    "ErrorDuplicateTransactionId",
                    "Your request can't be completed. The TransactionId specified in the request has "
                    "already been used to create a different event.",
                    annotations={"@event.existingEventId": mailbox.item_id(item, immutable=immutable)},
                )


def organized(person: Person) -> Fields:
    """Return what an event is by being somebody's own."""
    address = {"name": person.display_name, "address": person.mail}
    return {
        "iCalUId": f"{UID}{'0' * 40}10000000{uuid.uuid4().hex.upper()}",
        "organizer": {"emailAddress": address},
        "isOrganizer": True,
        "isCancelled": False,
        "responseStatus": {"response": "organizer", "time": event_parts.NEVER},
        "onlineMeeting": None,
    }
