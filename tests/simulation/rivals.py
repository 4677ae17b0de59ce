"""A CRM and three mailboxes that edit one and the same field, where somebody is to be asked.

Nobody decides, so no last edit of anybody may be gone: the title has been that, or a conflict shows it. And
nobody is overwritten who is in question.
"""

import random
from collections import Counter

from app.graph.contacts import PARTS, read
from app.sync.holding import branches, held_from
from tests.simulation.crm import Habit
from tests.simulation.hub import Hub
from tests.simulation.world import World

FIELD, PART = "job_title", "jobTitle"


class Remembering(Hub):
    """Remembers what any question has ever shown."""

    @property
    def held(self):
        return self._held

    @held.setter
    def held(self, held):
        self._held = held
        self.shown = getattr(self, "shown", set()) | {b.value for b in branches(held, FIELD).values()}


class Rivals(World):
    """The title is everybody's; every value is made once only."""

    def __post_init__(self):
        super().__post_init__()
        self.known, self.last = {self.hub.doc[FIELD]}, {}

    def rival_edits(self, number):
        link, mailbox = self.hub.links[number], self.mailboxes[number]
        if link.item_id is not None:
            self.edits += 1
            self.last[number] = f"rival {number} {self.edits}"
            mailbox.edits(link.item_id, PART, self.last[number], now=self.now)

    def crm_rivals(self):
        self.edits += 1
        self._arrived(FIELD)
        self.last["crm"] = f"crm {self.edits}"
        self.crm.edits(FIELD, self.last["crm"], now=self.now)

    def moves(self, _previous, doc, _origin):
        """Whatever the title was is known to have been."""
        self.known.add(doc.get(FIELD))

    def ends(self):
        super().ends()
        settled = {value for c in self.hub.conflicts for value in (c.ours, c.theirs)}
        kept = self.known | settled | self.hub.shown
        for side, value in self.last.items():
            self._check(value in kept, f"the last edit of {side} is lost: {value}")

    def _everybody_holds_the_last_edits(self):
        doc, store = self.hub.doc, self.crm.store
        self._check(store[FIELD] == doc[FIELD], f"the CRM has {store[FIELD]}, not {doc[FIELD]}")
        for link, mailbox in zip(self.hub.links, self.mailboxes, strict=True):
            says = read(PARTS[PART], mailbox.get(link.item_id)[PART])
            if FIELD in held_from(self.hub.held, link.listening.connection):
                branch = branches(self.hub.held, FIELD)[link.listening.connection]
                self._check(says == branch.value, f"mailbox {link.number} was overwritten: {says}")
            else:
                wanted = doc[FIELD]
                self._check(says.partition("~")[0] == wanted.partition("~")[0], f"{says}, not {wanted}")


class WithoutHolding(Remembering):
    """Forgets that something is in question: what the mailboxes have is overwritten."""

    @property
    def held(self):
        return {}

    @held.setter
    def held(self, held):
        self._held, self.shown = held, set()


def a_rivalry(seed, *, hub_kind=Remembering, steps=50):
    """Play one world of rivals to its end; return it."""
    dice = random.Random(seed)
    world = Rivals(
        habit=dice.choice(list(Habit)),
        stamps=False,
        honours_if_match=(True,) * 3,
        policies=("ask",) * 3,
        hub_kind=hub_kind,
    )
    for _ in range(dice.randrange(5, steps)):
        match dice.randrange(8):
            case 0:
                world.rival_edits(dice.randrange(3))
            case 1:
                world.crm_rivals()
            case _:
                _machines(world, dice)
    world.ends()
    return world


def _machines(world, dice):
    number = dice.randrange(3)
    dice.choice((
        lambda: world.arrives(dice.randrange(9)), world.crm_reads, world.crm_works, world.crm_saves,
        lambda: world.pulls(number), lambda: world.pushes(number), lambda: world.pushes(number),
        lambda: world.is_killed(number), lambda: world.ticks(dice.choice((1, 5, 30, 200))),
    ))()  # fmt: skip


def rivalries(cases, *, seed, hub_kind=Remembering):
    """Play many; return what happened and which failed."""
    totals, failures = Counter(), []
    for number in range(cases):
        try:
            world = a_rivalry(f"{seed}/{number}", hub_kind=hub_kind)
        except AssertionError as error:
            failures.append((f"{seed}/{number}", error))
        else:
            totals += Counter(edits=world.edits, asked=len(branches(world.hub.held, FIELD)))
    return totals, failures
