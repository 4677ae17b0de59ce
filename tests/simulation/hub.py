"""Concord without its database: the pure engine, driven as pull, push and the records API drive it."""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta

from app.graph.contacts import SHAPE, had
from app.records.contact import FIELDS, canonical
from app.records.link import Attempt, LinkView
from app.records.patch import Revision
from app.sync.conflicts import Policy, Side, Stamp
from app.sync.holding import held_from
from app.sync.projection import Create, Nothing, attempted, owed
from app.sync.reconcile import Listening, needs_rereading, receive_item, wrote
from app.sync.stated import CrmView, Statement, applied, first_stated, is_older, receive_crm
from tests.simulation.microsoft import EPOCH, Moved

LATE = 120
PRESUMED = 3600


@dataclass(frozen=True)
class Change:
    revision: int
    fields: tuple
    record: dict


@dataclass
class Link:
    """A link's row, and the write that its worker is in the middle of."""

    number: int
    policy: Policy
    view: LinkView = field(default_factory=LinkView)
    item_id: str | None = None
    etag: str | None = None
    position: int = 0
    sending: object = None
    answered: dict | None = None

    @property
    def listening(self):
        return Listening(f"con_{self.number}", policy=self.policy)


class Hub:
    def __init__(self, stated, policies, *, moved):
        self.moved = moved
        self.doc = canonical(stated)
        self.crm_had = first_stated(self.doc, revision=1)
        self.revision, self.crm_revision, self.heard = 1, 1, 1
        self.revisions, self.feed, self.told, self.presumed = [], [], [], []
        self.field_at, self.conflicts, self.updated_at = {}, [], None
        self.held = {}
        self.links = [Link(number, policy) for number, policy in enumerate(policies)]

    # From Microsoft

    def pull(self, link, mailbox, *, until, now):
        """A delta round: echoes are dropped, suspiciously old rows read again, the rest received."""
        for item_id, version in mailbox.delta(link.position, until=until):
            if item_id != link.item_id and mailbox.marks[item_id] != "mark":
                continue
            if item_id != link.item_id:
                self.settle(link, mailbox, now=now)
            elif version.etag != link.etag:
                if needs_rereading(SHAPE, link.view, had(version.body)):
                    self.settle(link, mailbox, now=now)
                else:
                    self.receive(link, version.body, etag=version.etag, now=now, certain=False)
        link.position = until

    def settle(self, link, mailbox, *, now):
        """Find out what became of an attempt whose answer was lost."""
        if link.item_id is None:
            found = mailbox.marked("mark")
            assert len(found) <= 1, "two items with one mark"
            link.item_id = found[0] if found else None
        if link.item_id is None:
            link.view = replace(link.view, attempt=None)
        else:
            body, etag = mailbox.get(link.item_id), mailbox.etag(link.item_id)
            self.receive(link, body, etag=etag, now=now, certain=True)

    def receive(self, link, body, *, etag, now, certain):
        received = receive_item(
            SHAPE, self.doc, link.view, had(body),
            listening=link.listening, field_at=self.field_at, held=self.held, certain=certain,
        )  # fmt: skip
        self._take(link, received, etag=etag, now=now)

    def _take(self, link, received, *, etag, now):
        link.view, link.etag = received.link, etag
        self.conflicts, self.held = [*self.conflicts, *received.conflicts], received.held
        if received.previous:
            self._move(received, origin=f"microsoft {link.number}", now=now)
            self._offer(received.changed)

    # To Microsoft

    def plan(self, link, *, now):
        """Work out what is owed and commit the attempt."""
        write = owed(SHAPE, self.doc, link.view, held=held_from(self.held, link.listening.connection))
        if isinstance(write, Nothing):
            return
        at = EPOCH + timedelta(seconds=now)
        link.view = replace(link.view, attempt=self.attempt(write, link.view, at=at))
        link.sending = deepcopy(write, {id(SHAPE): SHAPE})  # the shape is nobody's to change

    def attempt(self, write, view, *, at):
        return Attempt.parse(attempted(write, view, at=at, generation=0).document())

    def send(self, link, mailbox, *, now):
        write = link.sending
        if isinstance(write, Create):
            link.answered = (mailbox.post(write.payload, mark="mark", now=now),)
        else:
            try:
                mailbox.patch(link.item_id, write.payload, etag=link.etag, now=now)
            except Moved:
                link.sending, link.view = None, replace(link.view, attempt=None)
                self.settle(link, mailbox, now=now)
                return
            link.answered = (link.item_id,)
        link.answered += (mailbox.get(link.answered[0]), mailbox.etag(link.answered[0]))

    def note(self, link, *, now):
        (link.item_id, body, etag), write = link.answered, link.sending
        link.answered = link.sending = None
        received = wrote(
            SHAPE, self.doc, link.view, had(body),
            write=write, listening=link.listening, field_at=self.field_at, held=self.held,
        )  # fmt: skip
        self._take(link, received, etag=etag, now=now)

    def killed(self, link):
        link.answered = link.sending = None

    # The CRM

    def view_of_crm(self):
        later = [step for step in self.revisions if step.number > self.crm_revision]
        return CrmView(
            self.crm_had, later, self.revision, self.heard, timedelta(seconds=LATE), self.updated_at
        )

    def put(self, fields, *, now, updated_at=None, decisive=False):
        self.pass_time(now=now)
        at = EPOCH + timedelta(seconds=now)
        edited_at = None if updated_at is None else EPOCH + timedelta(seconds=updated_at)
        if is_older(edited_at, stored=self.updated_at, now=at + timedelta(seconds=1)):
            return
        statement = Statement(canonical(fields), Stamp(edited_at, Side.CRM), at, decisive=decisive)
        stated = receive_crm(
            FIELDS, self.doc, self.view_of_crm(), statement, field_at=self.field_at,
            policy_of=lambda connection: self.links[int(connection[-1])].policy, held=self.held,
        )  # fmt: skip
        self.crm_had, self.updated_at = stated.crm_had, edited_at
        self.conflicts, self.held = [*self.conflicts, *stated.conflicts], stated.held
        if stated.previous:
            self._move(stated, origin="crm", now=now)
        self.told.append((stated.come_to, now + LATE))
        if stated.behind:
            # What was delivered isn't presumed applied while the CRM still shows what was before.
            self.presumed = [(number, at_) for number, at_ in self.presumed if number <= stated.come_to]
        if stated.offer:
            self.revisions[-1] = replace(self.revisions[-1], told=True)
            self._offer(stated.offer)
        if stated.behind:
            # An offer of what it should have known is a step of its own.
            self.revision += 1
            patch = {name: self.doc.get(name) for name in stated.behind}
            self.revisions.append(Revision(self.revision, "concord", patch, patch, at, told=True))
            self._offer(stated.behind)

    def delivered(self, changes, acknowledged, *, now):
        for change in changes:
            self.heard = max(self.heard, change.revision)
            self.presumed.append((change.revision, now + PRESUMED))
        self.told += [(change.revision, now + LATE) for change in acknowledged]

    def pass_time(self, *, now):
        """What an ack said, a PUT proved or silence lets presume counts once that is settled."""
        known = max((revision for revision, at in self.told + self.presumed if at <= now), default=0)
        if known > self.crm_revision:
            self.crm_had = applied(self.view_of_crm(), up_to=known)
            self.crm_revision = known

    def _move(self, moved, *, origin, now):
        self.moved(moved.previous, moved.doc, origin)
        self.revision += 1
        patch = {name: moved.doc.get(name) for name in moved.previous}
        at = EPOCH + timedelta(seconds=now)
        self.revisions.append(Revision(self.revision, origin.split()[0], patch, moved.previous, at))
        self.doc = moved.doc
        self.field_at = {**self.field_at, **moved.field_at}

    def _offer(self, fields):
        self.feed.append(Change(self.revision, tuple(fields), deepcopy(self.doc)))
