"""One mailbox whose seats are too few, and two people who edit the same lists, one after the other."""

import random
from collections import Counter

from app.graph.contacts import PARTS, SHAPE, had, read
from app.records.contact import FIELDS
from app.records.link import LinkView
from app.records.values import LISTS
from app.sync.projection import Create, Nothing, Update, elements, owed, shown
from app.sync.reconcile import Listening, receive_item, wrote
from tests.simulation.microsoft import Mailbox
from tests.simulation.world import EditLost, NoQuiet

SEATED = ("emailAddresses", "businessPhones", "homePhones", "mobilePhone", "businessAddress", "imAddresses")
LISTENING = Listening("con_0")


class TwoPeople:
    """Edits one list at a time; after each edit all is checked."""

    def __init__(self, dice):
        self.dice, self.made, self.writes = dice, 0, 0
        self.doc, self.link = {"display_name": "Ada"}, LinkView()
        self.mailbox = Mailbox(0, honours_if_match=False)
        self._push()

    def step(self):
        name = self.dice.choice(SEATED)
        if self.dice.random() < 0.5:
            self._outlook_edits(PARTS[name])
        else:
            self._crm_edits(PARTS[name])

    def _outlook_edits(self, part):
        held = self._typed(part)
        how = self.dice.choice(("add", "replace", "remove", "swap"))
        if (how == "add" and len(held) >= (part.seats or 6)) or (how != "add" and not held):
            return
        place = self.dice.randrange(len(held) + (how == "add"))
        raw = self._edited(held, self._raw(part), how=how, place=place)
        before = self._keys(part)
        self.mailbox.edits(self.item_id, part.name, self._as_typed(part, raw), now=self.made)
        received = receive_item(
            SHAPE, self.doc, self.link, had(self._body()), listening=LISTENING, field_at={}, certain=True
        )
        self.doc, self.link = received.doc, received.link
        self._nothing_is_lost(part, before, gone=1 if how in {"remove", "replace"} else 0)
        if not isinstance(owed(SHAPE, self.doc, self.link), Nothing):
            raise NoQuiet(f"an edit in Outlook bounced: {owed(SHAPE, self.doc, self.link)}")

    def _crm_edits(self, part):
        held = elements(self.doc, part)
        how = self.dice.choice(("add", "add", "replace", "remove"))
        if (how != "add" and not held) or (how == "add" and len(held) > 7):
            return
        place = self.dice.randrange(len(held) + (how == "add"))
        new = read(part, self._as_typed(part, [self._raw(part)]))[0]
        others = [e for e in self.doc.get(part.field) or [] if e not in held]
        self.doc = self.doc | {part.field: [*others, *self._edited(held, new, how=how, place=place)]}
        self._push()
        if not isinstance(owed(SHAPE, self.doc, self.link), Nothing):
            raise NoQuiet("one write didn't bring quiet")

    def _push(self):
        write = owed(SHAPE, self.doc, self.link)
        if isinstance(write, Nothing):
            return
        before = self.doc
        if isinstance(write, Create):
            self.item_id = self.mailbox.post(write.payload, mark="mark", now=self.made)
        elif isinstance(write, Update):
            self.mailbox.patch(self.item_id, write.payload, etag=None, now=self.made)
        self.writes += 1
        received = wrote(
            SHAPE, self.doc, self.link, had(self._body()), write=write, listening=LISTENING, field_at={}
        )
        self.doc, self.link = received.doc, received.link
        if self.doc != before:
            raise EditLost(f"our own write changed the record: {received.previous}")

    def _nothing_is_lost(self, part, before, *, gone):
        lost = [key for key in before if key not in self._keys(part)]
        if len(lost) > gone:
            raise EditLost(f"{part.name} lost {lost}")
        says = [LISTS[part.kind].key(e) for e in read(part, self._body()[part.name])]
        if len(shown(SHAPE, self.doc, self.link, part)) != len(says):
            raise EditLost(f"{part.name} shows another number of elements than it is to")

    def _keys(self, part):
        return [LISTS[FIELDS[part.field]].key(e) for e in self.doc.get(part.field) or []]

    def _body(self):
        return self.mailbox.get(self.item_id)

    def _typed(self, part):
        raw = self._body()[part.name]
        return list(raw) if isinstance(raw, list) else [raw] if raw else []

    @staticmethod
    def _as_typed(part, raw):
        return (raw or [None])[0] if part.seats == 1 else raw

    def _raw(self, part):
        self.made += 1
        if part.name == "emailAddresses":
            return {"address": f"a{self.made}@example.org", "name": f"name {self.made}"}
        return {"street": f"street {self.made}"} if part.alone else f"{self.made}"

    def _edited(self, held, new, *, how, place):
        if how == "swap":
            other = self.dice.randrange(len(held))
            held[place], held[other] = held[other], held[place]
            return held
        return [*held[:place], *([] if how == "remove" else [new]), *held[place + (how != "add") :]]


def edit_lists(count, *, seed, each=200):
    """Make that many edits, in worlds of a few hundred; return what happened and what failed."""
    totals, failures = Counter(), []
    for number in range(0, count, each):
        people = TwoPeople(random.Random(f"{seed}/{number}"))
        try:
            for _ in range(min(each, count - number)):
                people.step()
                totals["edits"] += 1
        except AssertionError as error:
            failures.append((f"{seed}/{number}", error))
        totals["writes"] += people.writes
    return totals, failures
