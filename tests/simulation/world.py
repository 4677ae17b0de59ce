"""Three mailboxes, a CRM and Concord; every moment is chosen from outside, by hypothesis or by dice.

Each field is edited by one side only, so at the end everybody must hold the last edit of each, and then be
quiet. What no program can keep is left out: with a Microsoft that ignores If-Match, an edit made in the very
part that we are writing at that moment.
"""

from dataclasses import dataclass, field

from app.graph.contacts import PARTS, SHAPE, read
from app.records import contact
from app.records.link import UNSURE
from app.sync.conflicts import Policy, Resolution
from app.sync.projection import Create, Nothing, meant, owed, shown
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


class EditLost(AssertionError):
    """Somebody's last edit isn't what everybody holds."""


class NoQuiet(AssertionError):
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
        self.crm = Crm(self.habit, {name: contact.empty(name) for name in contact.FIELDS} | first, self.stamps)
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
        new = {"emails": email, "phones": phone, "categories": tag, "addresses": address}[name]("crm", self.edits)
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
        """Without a time in it, a PUT that was overtaken by a newer edit of the same field looks like the newest."""
        for put in [put for put in self.crm.puts if put.edited == name and put.updated_at is None]:
            self.arrives(self.crm.puts.index(put))

    @staticmethod
    def _same(name, element):
        from app.records.values import LISTS

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
        changed = changed_list(held, held, f"{number}-{self.edits}", how="replace" if full and how == "add" else how, index=index)
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
        for name, value in self.meant.items():
            self._check(self.hub.doc.get(name) == value, f"{name}: {self.hub.doc.get(name)!r} isn't {value!r}")
        for name, elements in self.own.items():
            fieldname = PARTS[name].field if name in PARTS else name
            held = {self._same(fieldname, e) for e in self.hub.doc.get(fieldname) or []}
            missing = [e for e in elements if self._same(fieldname, e) not in held]
            self._check(not missing, f"{fieldname} lacks {missing}: {self.hub.doc.get(fieldname)}")
        for name in ("emails", "phones", "categories", "addresses", "im_addresses", "children"):
            names = [n for n, part in PARTS.items() if part.field == name] + [name]
            expected = {self._same(name, e) for n in names for e in self.own.get(n, [])}
            held = {self._same(name, e) for e in self.hub.doc.get(name) or []}
            self._check(held == expected, f"{name} has {held - expected} too many")
        for name in contact.FIELDS:
            same = contact.same(name, self.crm.store.get(name), self.hub.doc.get(name))
            self._check(same, f"the CRM's {name}: {self.crm.store.get(name)!r}, not {self.hub.doc.get(name)!r}")
        for link, mailbox in zip(self.hub.links, self.mailboxes, strict=True):
            self._holds(link, mailbox)

    def _holds(self, link, mailbox):
        self._check(isinstance(owed(SHAPE, self.hub.doc, link.view), Nothing), f"mailbox {link.number} is owed something")
        body = mailbox.get(link.item_id)
        for name, part in PARTS.items():
            self._check(link.view.graph_had.get(name) == body.get(name), f"mailbox {link.number}: {name} wasn't heard")
            value, says = shown(SHAPE, self.hub.doc, link.view, part), read(part, body.get(name))
            words = name if part.seats is None or not value else None
            self._check(bool(value) == bool(says) or name == "displayName", f"{name}: {value!r}, worded {says!r} {words}")
            self._check(meant(SHAPE, link.view, part) == value or part.name == "categories", f"{name} means something else")

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
    lines = {"street": f"{number} {side} street", "city": None, "region": None, "postal_code": None, "country": None}
    return {"label": ("business", "home", "other")[number % 3], **lines}
