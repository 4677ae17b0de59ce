"""Rooms: mailboxes that answer whoever invites them at once, by whether they are free.

https://learn.microsoft.com/graph/api/user-post-events
"""

from collections.abc import Iterator
from datetime import date, timedelta

from sandbox.directory import Person
from sandbox.graph import series, zones
from sandbox.graph.answers import Answer, Answers
from sandbox.graph.exchange import Exchange
from sandbox.graph.meetings import Meetings
from sandbox.graph.store import Item
from sandbox.graph.targets import Target, in_window, planned

FREE = frozenset({"free", "workingElsewhere"})
AHEAD = timedelta(days=180)  # how far a room looks at the events of a series (doubtful)


class Rooms:
    def __init__(self, exchange: Exchange) -> None:
        self.exchange, self.meetings, self.answers = exchange, Meetings(exchange), Answers(exchange)

    def asked(self, organizer: Person, meeting: Item) -> None:
        """Let rooms answer that haven't. Of a series they take every event or none (doubtful)."""
        for room, held in self._copies(organizer, meeting):
            if held.fields["responseStatus"]["response"] == "notResponded":
                begin = zones.moment(held.fields["start"])
                wanted = in_window(held, begin=begin, end=begin + AHEAD)
                taken = any(self._taken(room, one) for one in wanted)
                self._answer(room, Target(held), "declined" if taken else "accepted")

    def moved(self, organizer: Person, meeting: Item, day: date) -> None:
        """Let rooms decline one event of a series that is now at a time when they are taken."""
        for room, held in self._copies(organizer, meeting):
            one = Target(held, series.on(held.fields, held.properties, day))
            if self._taken(room, one):
                self._answer(room, one, "declined")

    def _copies(self, organizer: Person, meeting: Item) -> Iterator[tuple[Person, Item]]:
        for person in self.meetings.people(organizer, meeting.fields):
            held = self.meetings.copy_of(person, meeting) if person.room else None
            if held is not None:
                yield person, held

    def _taken(self, room: Person, wanted: Target) -> bool:
        there = planned(self.exchange.mailbox(room), begin=wanted.start, end=wanted.end)
        return any(other.item is not wanted.item and other.fields["showAs"] not in FREE for other in there)

    def _answer(self, room: Person, target: Target, answer: Answer) -> None:
        self.answers.give(room, target.item, target.occurrence, answer, send=True, proposed=None)
