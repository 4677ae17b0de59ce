"""Meetings: the organizer's event, the copies in the attendees' calendars, and who is mailed about what.

Exchange mails at once and by itself: nothing in a call can keep it from doing so.
https://learn.microsoft.com/graph/api/user-post-events and event-update
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from sandbox.directory import Person
from sandbox.graph import event, event_parts, series
from sandbox.graph.exchange import Draft, Exchange
from sandbox.graph.store import CALENDAR, DELETED, Fields, Item, Kind

Mail = Literal["invitation", "update", "cancellation", "mail"]

# What an attendee's copy has from the organizer's event; the rest is the attendee's own.
COMMON = (
    "subject", "body", "start", "end", "isAllDay", "location", "locations", "recurrence", "sensitivity",
    "importance", "responseRequested", "hideAttendees", "allowNewTimeProposals", "isOnlineMeeting",
    "onlineMeetingProvider", "onlineMeeting", "organizer", "iCalUId",
)  # fmt: skip
UNANSWERED: Fields = {
    "responseStatus": {"response": "notResponded", "time": event_parts.NEVER},
    "showAs": "tentative",
}
OWN = event.PERSONAL | {"responseStatus"}


class Meetings:
    def __init__(self, exchange: Exchange) -> None:
        self.exchange, self.world = exchange, exchange.world

    def made(self, organizer: Person, item: Item) -> None:
        """Invite everybody."""
        self._mail(organizer, addresses(item.fields), "invitation", item.fields["subject"])
        for person in self.people(organizer, item.fields):
            self._copy(person, item)

    def changed(
        self, organizer: Person, before: Item, item: Item, said: Fields, *, times: bool = False
    ) -> None:
        """Tell the attendees of an update; new ones are invited, those left out are told it is cancelled.

        Quirk: what only changes who comes is told to the new ones alone; each exception is told of by itself.
        """
        old, new = addresses(before.fields), addresses(item.fields)
        subject = item.fields["subject"]
        self._mail(organizer, [one for one in new if one not in old], "invitation", subject)
        self._mail(organizer, [one for one in old if one not in new], "cancellation", subject)
        if said.keys() - event.PERSONAL - {"attendees"}:
            staying = [one for one in new if one in old]
            for _ in range(1 + len(series.state(item.fields)["exceptions"])):
                self._mail(organizer, staying, "update", subject)
        for person in self.people(organizer, item.fields):
            self._copy(person, item, again=times)
        for person in self.people(organizer, before.fields, but=new):
            self._cancel_copy(person, item)

    def occurrence_changed(self, organizer: Person, item: Item, *, subject: str) -> None:
        self._mail(organizer, addresses(item.fields), "update", subject)
        for person in self.people(organizer, item.fields):
            self._copy(person, item)

    def cancelled(self, organizer: Person, item: Item) -> None:
        self._mail(organizer, addresses(item.fields), "cancellation", item.fields["subject"])
        for person in self.people(organizer, item.fields):
            self._cancel_copy(person, item)

    def occurrence_cancelled(self, organizer: Person, item: Item, *, subject: str) -> None:
        self._mail(organizer, addresses(item.fields), "cancellation", subject)
        for person in self.people(organizer, item.fields):
            self._copy(person, item)

    def organizers(self, fields: Fields) -> tuple[Person, Item] | None:
        """Return a meeting's organizer and the event itself, if their mailbox is here and still has it."""
        person = self.world.person(fields["organizer"]["emailAddress"]["address"])
        found = self._of(person, fields["iCalUId"], organized=True) if person else None
        return (person, found) if person and found else None

    def tell_organizer(self, attendee: Person, fields: Fields, *, subject: str) -> None:
        self._mail(attendee, [fields["organizer"]["emailAddress"]["address"]], "mail", subject)

    def forward(self, person: Person, item: Item, recipients: list[Fields]) -> None:
        """Invite more people, whoever asks; the organizer's event has them among its attendees."""
        self._mail(
            person,
            [one["emailAddress"]["address"] for one in recipients],
            "invitation",
            f"FW: {item.fields['subject']}",
        )
        if held := self.organizers(item.fields):
            organizer, meeting = held
            known = addresses(meeting.fields)
            more = [
                {"type": "required", "status": event_parts.NO_ANSWER, **one}
                for one in recipients
                if event_parts.address_of(one) not in known
            ]
            fields = meeting.fields | {"attendees": meeting.fields["attendees"] + more}
            after = self.exchange.change_item(organizer, meeting, Draft(fields, meeting.properties))
            for invited in self.people(organizer, after.fields):
                self._copy(invited, after)

    def copy_of(self, person: Person, meeting: Item) -> Item | None:
        """Return an attendee's copy of a meeting, unless they took it away."""
        return self._of(person, meeting.fields["iCalUId"], organized=False)

    def _copy(self, person: Person, meeting: Item, *, again: bool = False) -> None:
        """Bring an attendee's copy up to date, or make it; with another time it has to be answered again."""
        held = self.copy_of(person, meeting)
        common = {name: meeting.fields[name] for name in COMMON} | self._attendees(person, meeting.fields)
        if held is None:
            own = {"isOrganizer": False, "isCancelled": False, **UNANSWERED}
            fields = event.DEFAULTS | common | own | {"series": _series(None, meeting)}
            self.exchange.make_items(person, CALENDAR, [Draft(fields, {})], kind=Kind.EVENT)
            return
        fields = held.fields | common | (UNANSWERED if again else {}) | {"series": _series(held, meeting)}
        self.exchange.change_item(person, held, Draft(fields, held.properties))

    def _cancel_copy(self, person: Person, meeting: Item) -> None:
        """Mark an attendee's copy as cancelled; it stays until they take it away."""
        held = self.copy_of(person, meeting)
        if held is not None:
            subject = f"Canceled: {meeting.fields['subject']}"
            fields = held.fields | {"isCancelled": True, "subject": subject, "showAs": "free"}
            self.exchange.change_item(person, held, Draft(fields, held.properties))

    def _of(self, person: Person, uid: str, *, organized: bool) -> Item | None:
        """Return a person's own event of a meeting, unless they deleted it."""
        if not person.mailbox:
            return None
        mailbox = self.exchange.mailbox(person)
        for item in mailbox.items.values():
            if (
                item.kind is Kind.EVENT
                and item.fields["iCalUId"] == uid
                and item.fields["isOrganizer"] is organized
                and not mailbox.within(item.folder, DELETED)
            ):
                return item
        return None

    def people(self, organizer: Person, fields: Fields, *, but: Iterable[str] = ()) -> Iterator[Person]:
        """Yield the attendees who have a mailbox here."""
        for address in addresses(fields):
            person = self.world.person(address)
            if person and person.mailbox and person.oid != organizer.oid and address not in but:
                yield person

    @staticmethod
    def _attendees(person: Person, fields: Fields) -> Fields:
        """Return who an attendee sees: everybody, or themselves where the others are hidden."""
        everybody = fields["attendees"]
        if fields["hideAttendees"]:
            everybody = [one for one in everybody if event_parts.address_of(one) in person.addresses]
        return {"attendees": everybody}

    def _mail(self, sender: Person, to: list[str], kind: Mail, subject: str) -> None:
        others = [address for address in to if address not in sender.addresses]
        if others:
            message: dict[str, Any] = {"kind": kind, "from": sender.mail, "to": others, "subject": subject}
            self.world.commit("outbox.sent", message | {"at": self.exchange.at()})


def addresses(fields: Fields) -> list[str]:
    """Return who is invited, in small letters."""
    return [event_parts.address_of(one) for one in fields["attendees"]]


def _common(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name not in OWN}


def _series(held: Item | None, meeting: Item) -> Fields:
    """Return the organizer's exceptions, each with what is the attendee's own of it."""
    known = series.state(meeting.fields)
    mine = series.state(held.fields if held else {})
    if mine["epoch"] != known["epoch"]:
        mine = series.NEVER
    exceptions = {day: one | {"fields": _common(one["fields"])} for day, one in known["exceptions"].items()}
    for day, exception in mine["exceptions"].items():
        own = {name: value for name, value in exception["fields"].items() if name in OWN}
        theirs = exceptions.get(day, {"fields": {}, "properties": exception["properties"]})
        if own and day not in known["cancelled"]:
            exceptions[day] = theirs | {"fields": theirs["fields"] | own}
    return known | {"exceptions": dict(sorted(exceptions.items()))}
