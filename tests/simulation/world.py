"""Three mailboxes, a CRM and Concord; every moment is chosen from outside, by hypothesis or by dice.

Each field is edited by one side only, so at the end everybody must hold the last edit of each, and then be
quiet. What no program can keep is left out: with a Microsoft that ignores If-Match, an edit made in the very
part that we are writing at that moment.
"""

from dataclasses import dataclass, field

from app.graph.contacts import PARTS, SHAPE, read
from app.records import contact
from app.records.contact import ADDRESS_LABELS
from app.records.link import UNSURE
from app.records.values import ADDRESS_LINES, LISTS
from app.sync.conflicts import Policy, Resolution
from app.sync.projection import Create, Nothing, owed, shown
from tests.simulation.crm import Crm, Habit
from tests.simulation.hub import LATE, Hub
from tests.simulation.microsoft import Mailbox

IN_FLIGHT = 100
AT_WORK = 1800
CRM_TEXTS = ("job_title", "notes", "birthday")
MAILBOX_TEXTS = (("companyName", "spouseName"), ("officeLocation", "manager"), ("nickName", "profession"))
OWN_LISTS = ("homePhones", "imAddresses", "children")
CRM_LISTS = ("emails", "phones", "categories", "addresses")
ROUNDS = 8


class EditLost(AssertionError):  # noqa: N818  named after what happened
    """Somebody's last edit isn't what everybody holds."""


class NoQuiet(AssertionError):  # noqa: N818  named after what happened
    """Writes go on although nobody edits."""


@dataclass
class World:
    habit: Habit
    stamps: bool
    honours_if_match: tuple
    policies: tuple
    hub_kind: type = Hub
    now: int = 0
    edits: int = 0
    kills: int = 0
    meant: dict = field(default_factory=dict)

    def __post_init__(self):
        first = {"display_name": "Ada Lovelace", "job_title": "job 0", "emails": [email("crm", 0)]}
        whole = {name: contact.empty(name) for name in contact.FIELDS} | first
        self.crm = Crm(self.habit, whole, self.stamps)
        self.mailboxes = [Mailbox(number, honours) for number, honours in enumerate(self.honours_if_match)]
        self.hub = self.hub_kind(first, [Policy(Resolution(p)) for p in self.policies], moved=self.moves)
        self.meant = {name: value for name, value in first.items() if name != "emails"}
        self.own = {"emails": [email("crm", 0)]}

    # What people do

    def crm_edits(self, name):
        self.edits += 1
        self._arrived(name)
        value = f"1815-12-{self.edits % 28 + 1:02}" if name == "birthday" else f"crm {self.edits}"
        self.meant[name] = value
        self.crm.edits(name, value, now=self.now)

    def crm_edits_list(self, name, how, index):
        """Add, replace or take out an element of the CRM's own."""
        self.edits += 1
        self._arrived(name)
        new = ELEMENTS[name]("crm", self.edits)
        held = list(self.crm.store.get(name) or [])
        here = {self._same(name, h) for h in held}
        own = self.own.get(name, [])
        if any(self._same(name, e) not in here for e in own):
            return  # an older change was applied over its own edit; Concord will offer it again
        changed = changed_list(held, own, new, how=how, index=index)
        if changed is not None:
            after = {self._same(name, e) for e in changed}
            self.own[name] = [e for e in [*own, new] if self._same(name, e) in after]
            if how == "add" or self.stamps:
                self.crm.edits(name, changed, now=self.now)
            else:
                # Without a time in it, a PUT of what was there before looks like an old copy.
                self.hub.put(self.crm.patches(name, changed), now=self.now, decisive=True)

    def _arrived(self, name):
        """Without a time in it, a PUT overtaken by a newer edit of the same field looks like the newest."""
        for put in [put for put in self.crm.puts if put.edited == name and put.updated_at is None]:
            self.arrives(self.crm.puts.index(put))

    @staticmethod
    def _same(name, element):
        return LISTS[contact.FIELDS[name]].key(element)

    def outlook_edits(self, number, which):
        name = MAILBOX_TEXTS[number][which]
        link, mailbox = self.hub.links[number], self.mailboxes[number]
        if link.item_id is None or self._being_written(number, name):
            return
        self.edits += 1
        value = f"outlook {number} {self.edits}"
        self.meant[PARTS[name].field] = value
        mailbox.edits(link.item_id, name, value, now=self.now)

    def outlook_edits_list(self, number, how, index):
        """Add, replace or take out an element of a list that only this mailbox's user edits."""
        name = OWN_LISTS[number]
        link, mailbox = self.hub.links[number], self.mailboxes[number]
        if link.item_id is None or self._being_written(number, name):
            return
        self.edits += 1
        held = list(mailbox.get(link.item_id)[name])
        full = len(held) >= (PARTS[name].seats or 5)
        how = "replace" if full and how == "add" else how
        changed = changed_list(held, held, f"{number}-{self.edits}", how=how, index=index)
        if changed is not None:
            self.own[name] = read(PARTS[name], changed)
            mailbox.edits(link.item_id, name, changed, now=self.now)

    def _being_written(self, number, name):
        link, mailbox = self.hub.links[number], self.mailboxes[number]
        if mailbox.honours_if_match:
            return False
        sending = link.sending is not None and link.answered is None and not isinstance(link.sending, Create)
        return (sending and name in link.sending.fields) or name in link.view.graph_means.get(UNSURE, {})

    # What machines do

    def ticks(self, seconds):
        """Let time pass; nothing stays under way for longer than Concord is told to expect."""
        until = self.now + seconds
        for put in [put for put in self.crm.puts if put.sent_at + IN_FLIGHT < until]:
            self.arrives(self.crm.puts.index(put))
        self.now = until

    def arrives(self, index):
        """One PUT arrives, not necessarily the first that was sent."""
        if self.crm.puts:
            put = self.crm.puts.pop(index % len(self.crm.puts))
            self.hub.put(put.fields, now=self.now, updated_at=put.updated_at)

    def crm_reads(self):
        changes, acknowledged = self.crm.reads(self.hub.feed)
        self.hub.delivered(changes, acknowledged, now=self.now)

    def crm_works(self):
        self.crm.works()

    def crm_saves(self):
        self.crm.saves(now=self.now)

    def pulls(self, number, lag=0):
        link, mailbox = self.hub.links[number], self.mailboxes[number]
        if link.sending is None:
            until = max(link.position, len(mailbox.log) - lag)
            self.hub.pull(link, mailbox, until=until, now=self.now)

    def pushes(self, number):
        """Take the next step of a push: the attempt, the write, the note."""
        link, mailbox = self.hub.links[number], self.mailboxes[number]
        if link.answered is not None:
            self.hub.note(link, now=self.now)
        elif link.sending is not None:
            self.hub.send(link, mailbox, now=self.now)
        elif link.view.attempt is not None:
            self.hub.settle(link, mailbox, now=self.now)
        else:
            self.hub.plan(link, now=self.now)

    def dies_before_the_note(self, number):
        """A worker is killed between a write and its note."""
        for _ in range(3):
            if self.hub.links[number].answered is None:
                self.pushes(number)
        self.is_killed(number)

    def is_killed(self, number):
        if self.hub.links[number].sending is not None:
            self.kills += 1
            self.hub.killed(self.hub.links[number])

    # What must hold

    def moves(self, previous, doc, origin):
        """Whatever moves a record, it moves nothing that somebody else edits."""
        allowed = {"crm": {*CRM_TEXTS, *CRM_LISTS}}
        for number in range(3):
            names = (*MAILBOX_TEXTS[number], OWN_LISTS[number])
            allowed[f"microsoft {number}"] = {PARTS[name].field for name in names}
        strange = {name: (was, doc[name]) for name, was in previous.items() if name not in allowed[origin]}
        self._check(not strange, f"{origin} changed {strange}")

    def ends(self):
        """Let everything arrive, and demand that all agree on everybody's last edit and fall silent."""
        for _ in range(ROUNDS):
            before = self._activity()
            self._settles()
            if self._activity() == before:
                break
        else:
            raise NoQuiet(f"still writing after {ROUNDS} rounds: {self._activity()}")
        self._everybody_holds_the_last_edits()

    def _settles(self):
        while self.crm.puts:
            self.arrives(0)
        self.now += 1
        for number in range(len(self.mailboxes)):
            for _ in range(4):
                self.pushes(number)
            self.pulls(number)
        self.crm_reads()
        self.crm_works()
        self.now += LATE + 1

    def _activity(self):
        return (sum(mailbox.writes for mailbox in self.mailboxes), len(self.hub.feed), self.hub.revision)

    def _everybody_holds_the_last_edits(self):
        doc, store = self.hub.doc, self.crm.store
        for name, value in self.meant.items():
            self._check(doc.get(name) == value, f"{name}: {doc.get(name)!r} isn't {value!r}")
        for name in (*CRM_LISTS, "im_addresses", "children"):
            parts = [part.name for part in PARTS.values() if part.field == name]
            expected = {self._same(name, e) for known in (name, *parts) for e in self.own.get(known, [])}
            held = {self._same(name, e) for e in doc.get(name) or []}
            self._check(held == expected, f"{name} lacks {expected - held}, has {held - expected} too many")
        for name in contact.FIELDS:
            same = contact.same(name, store.get(name), doc.get(name))
            self._check(same, f"the CRM's {name}: {store.get(name)!r}, not {doc.get(name)!r}")
        for link, mailbox in zip(self.hub.links, self.mailboxes, strict=True):
            self._holds(link, mailbox)

    def _holds(self, link, mailbox):
        """The item words what the record says: everything was heard, and nothing is owed."""
        nothing = isinstance(owed(SHAPE, self.hub.doc, link.view), Nothing)
        self._check(nothing, f"mailbox {link.number} is owed something")
        body = mailbox.get(link.item_id)
        for name, part in PARTS.items():
            heard = link.view.graph_had.get(name) == body.get(name)
            self._check(heard, f"mailbox {link.number}: {name} wasn't heard")
            value, says = shown(SHAPE, self.hub.doc, link.view, part), read(part, body.get(name))
            if name != "displayName":
                self._check(bool(value) == bool(says), f"{name}: {value!r}, worded {says!r}")

    def _check(self, holds, message):
        if not holds:
            raise EditLost(message)


def changed_list(held, own, new, *, how, index):
    """Return a list after one element was added, replaced or taken out; None where that can't be."""
    if how == "add":
        place = index % (len(held) + 1)
        return [*held[:place], new, *held[place:]]
    if not own:
        return None
    place = held.index(own[index % len(own)])
    return [*held[:place], *([new] if how == "replace" else []), *held[place + 1 :]]


def email(side, number):
    return {"address": f"{side}{number}@example.org", "name": f"{side} {number}"}


def phone(side, number):
    return {"number": f"+44 {number} {side}", "label": ("business", "mobile", "fax")[number % 3]}


def tag(side, number):
    return f"{side} {number}"


def address(side, number):
    street = f"{number} {side} street"
    return {"label": ADDRESS_LABELS[number % 3], **dict.fromkeys(ADDRESS_LINES), "street": street}


ELEMENTS = {"emails": email, "phones": phone, "categories": tag, "addresses": address}
