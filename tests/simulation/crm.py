"""A CRM that saves whole records, each PUT under way for a while, and has one of four habits with the feed."""

from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum, auto


class Habit(Enum):
    """What it does with a change: when it applies it, and what it tells Concord."""

    NEVER_ACKS = auto()
    WORKS_ITS_QUEUE_LATE = auto()
    ACKS_BEFORE_ITS_PUTS_ARRIVE = auto()
    IMMEDIATE = auto()


@dataclass
class Put:
    """A whole record on its way to Concord."""

    fields: dict
    sent_at: int
    edited: str | None = None
    updated_at: float | None = None


@dataclass
class Crm:
    habit: Habit
    store: dict
    stamps: bool = False
    puts: list = field(default_factory=list)
    queue: list = field(default_factory=list)
    position: int = 0
    saved: int = 0

    def edits(self, name, value, *, now):
        self.store[name] = value
        self.saves(now=now, edited=name)

    def patches(self, name, value):
        """Say one field by PATCH; return what is said."""
        self.store[name] = value
        self.saved += 1
        return {name: deepcopy(value)}

    def saves(self, *, now, edited=None):
        self.saved += 1
        updated_at = now + self.saved / 1_000_000 if self.stamps else None
        self.puts.append(Put(deepcopy(self.store), now, edited, updated_at))

    def reads(self, feed):
        """Return the changes it takes in now, and those of them that it acknowledges."""
        changes = feed[self.position :]
        self.position = len(feed)
        self.queue += changes
        if self.habit is Habit.WORKS_ITS_QUEUE_LATE or self.waits:
            return changes, []
        self.works()
        return changes, [] if self.habit is Habit.NEVER_ACKS else changes

    @property
    def waits(self):
        """One that says when a record was edited applies nothing over an edit that is under way.

        It would call an older state the newest.
        """
        return self.stamps and any(put.edited for put in self.puts)

    def works(self):
        """Apply what it was told, in order; without times over whatever its own user has done since."""
        if self.waits:
            return
        for change in self.queue:
            for name in change.fields:
                self.store[name] = deepcopy(change.record.get(name))
        self.queue = []
