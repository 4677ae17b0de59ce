"""Every short history of one record, one mailbox and the CRM, one after another and none left out.

A shape of three parts keeps a case cheap: a text, a list with fewer seats than it may hold, and the name that
every update carries. All histories with the same beginning share its work.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.graph.contacts import SHAPE as CONTACTS
from app.graph.contacts import had
from app.records.contact import canonical, empty
from app.records.link import LinkView
from app.records.patch import Revision
from app.sync.conflicts import Policy, Resolution, Side, Stamp
from app.sync.projection import NOTHING, attempted, owed
from app.sync.reconcile import Listening, needs_rereading, receive_item, wrote
from app.sync.stated import CrmView, Statement, first_stated, receive_crm

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PARTS = ("displayName", "jobTitle", "homePhones")
SHAPE = replace(
    CONTACTS,
    parts={name: CONTACTS.parts[name] for name in PARTS},
    kinds={name: CONTACTS.kinds[name] for name in ("display_name", "job_title", "phones")},
)
ADA = {"display_name": "Ada", "job_title": "zero", "phones": []}
ITEM = {"displayName": "Ada", "jobTitle": "zero", "homePhones": []}
SEATS = 2
DECIDES = tuple(each for each in Resolution if each is not Resolution.ASK)
MOST_ROUNDS = 12


class EditLost(AssertionError):  # noqa: N818  named after what happened
    """An edit is neither on both sides nor in a conflict."""


class NoQuiet(AssertionError):  # noqa: N818  named after what happened
    """Writes go on although nobody edits."""


class Case:
    """One record, one item and the CRM's copy. ``copied`` shares what never changes in place."""

    def __init__(self, policy: Policy) -> None:
        self.listening = Listening("con_1", policy=policy)
        self.doc, self.item, self.store = dict(ADA), dict(ITEM), dict(ADA)
        self.view, self.etag, self.known = LinkView(had(self._body(0))), 0, 0
        self.crm_had, self.revision, self.heard = first_stated(self.doc, revision=1), 1, 1
        self.revisions, self.feed, self.field_at = (), (), {}
        self.sending = self.answered = None
        self.kept, self.replaced, self.added = frozenset(), {}, ()
        self.number, self.writes, self.now = 0, 0, NOON

    def copied(self) -> "Case":
        other = object.__new__(Case)
        other.__dict__.update(self.__dict__)
        return other

    def _body(self, etag):
        at = (NOON + timedelta(seconds=etag)).isoformat().replace("+00:00", "Z")
        return {**self.item, "lastModifiedDateTime": at}

    # What people do

    def outlook_types(self):
        self._replaces(self.item["jobTitle"], now := self._new("outlook"))
        self._changes(jobTitle=now)

    def outlook_adds(self):
        if len(self.item["homePhones"]) < SEATS:
            now = self._new("+2")
            self.added += (now,)
            self._changes(homePhones=[*self.item["homePhones"], now])

    def crm_types(self):
        self._replaces(self.store["job_title"], now := self._new("crm"))
        self.store = {**self.store, "job_title": now}
        self._put({"job_title": now})

    def crm_adds(self):
        now = self._new("+1")
        self.added += (now,)
        phones = [*self.store["phones"], {"number": now, "label": "home"}]
        self.store = {**self.store, "phones": phones}
        self._put({"phones": phones})

    def crm_reads(self):
        """Read what there is, apply it, in order."""
        for revision, fields in self.feed:
            self.store = {**self.store, **fields}
            self.heard = max(self.heard, revision)
        self.feed = ()

    def _new(self, who):
        self.number += 1
        return f"{who} {self.number}"

    def _replaces(self, was, now):
        self.replaced = {**self.replaced, now: _plain(was)}

    def _changes(self, **fields):
        self.item, self.etag = {**self.item, **fields}, self.etag + 1

    # What machines do

    def pulls(self):
        if self.sending is not None or self.known == self.etag:
            return
        body = had(self._body(self.etag))
        self._receive(body, certain=needs_rereading(SHAPE, self.view, body))

    def pushes(self):
        """Take the next step of a push: settle, attempt, write, note."""
        if self.answered is not None:
            self._note()
        elif self.sending is not None:
            self._send()
        elif self.view.attempt is not None:
            self._receive(had(self._body(self.etag)), certain=True)
        else:
            write = owed(SHAPE, self.doc, self.view)
            if write is not NOTHING:
                attempt = attempted(write, self.view, at=self.now, generation=1)
                self.view, self.sending = replace(self.view, attempt=attempt), write

    def dies(self):
        self.sending = self.answered = None

    def _send(self):
        if self.etag != self.known:
            self.sending, self.view = None, replace(self.view, attempt=None)
            self._receive(had(self._body(self.etag)), certain=True)
            return
        self.writes += 1
        self._changes(**{name: reworded(value) for name, value in self.sending.payload.items()})
        self.answered = had(self._body(self.etag)), self.etag

    def _note(self):
        (body, etag), write = self.answered, self.sending
        self.answered = self.sending = None
        noted = wrote(
            SHAPE, self.doc, self.view, body, write=write, listening=self.listening, field_at=self.field_at
        )
        self._take(noted, etag)

    def _receive(self, body, *, certain):
        received = receive_item(
            SHAPE, self.doc, self.view, body,
            listening=self.listening, field_at=self.field_at, certain=certain,
        )  # fmt: skip
        self._take(received, self.etag)

    def _take(self, received, etag):
        self.view, self.known = received.link, etag
        self._keep(received)
        if received.previous:
            self._moves(received, origin="microsoft")
            self._tell(received.previous)

    def _put(self, fields):
        crm = CrmView(self.crm_had, self.revisions, self.revision, self.heard)
        stated = receive_crm(
            SHAPE.kinds, self.doc, crm, Statement(canonical(fields), Stamp(None, Side.CRM), self.now),
            field_at=self.field_at, policy_of=lambda _: self.listening.policy,
        )  # fmt: skip
        self.crm_had = stated.crm_had
        self._keep(stated)
        if stated.previous:
            self._moves(stated, origin="crm", told=bool(stated.offer))
        if stated.offer:
            self._tell(stated.offer)
        elif stated.behind:
            self._tell(stated.behind)

    def _keep(self, outcome):
        values = {each for c in outcome.conflicts for each in (c.ours, c.theirs) if isinstance(each, str)}
        self.kept |= {_plain(each) for each in values}

    def _moves(self, moved, *, origin, told=False):
        self.revision += 1
        patch = {name: moved.doc.get(name) for name in moved.previous}
        step = Revision(self.revision, origin, patch, moved.previous, self.now, told=told)
        self.revisions += (step,)
        self.doc, self.field_at = moved.doc, {**self.field_at, **moved.field_at}

    def _tell(self, names):
        fields = {name: self.doc.get(name, empty(name)) for name in names}
        self.feed += ((self.revision, fields),)

    # What must hold

    def ends(self):
        """Let all arrive; demand silence, agreement, and that every edit is somewhere."""
        quiet = 0
        for _ in range(MOST_ROUNDS):
            before = (self.writes, self.revision, self.etag, len(self.feed))
            self.now += timedelta(hours=2)
            self.pushes()
            self.pulls()
            self.crm_reads()
            still = before == (self.writes, self.revision, self.etag, len(self.feed))
            idle = self.sending is None and self.view.attempt is None
            quiet = quiet + 1 if still and idle else 0
            if quiet > 1:
                break
        else:
            raise NoQuiet
        self._agree()

    def _agree(self):
        title, phones = self.doc["job_title"], [phone["number"] for phone in self.doc["phones"]]
        if self.store["job_title"] != title or _plain(self.item["jobTitle"]) != _plain(title):
            raise EditLost(
                f"{title!r}, the CRM {self.store['job_title']!r}, Outlook {self.item['jobTitle']!r}"
            )
        if self.store["phones"] != self.doc["phones"]:
            raise EditLost(f"phones {phones}, the CRM {self.store['phones']}")
        shown = {_plain(number) for number in self.item["homePhones"]}
        held = {_plain(number) for number in phones}
        if held != set(self.added) or not shown <= held or len(shown) != min(SEATS, len(held)):
            raise EditLost(f"added {self.added}, held {held}, shown {shown}")
        somewhere, open_ = set(), [_plain(title), *self.kept]
        while open_:
            value = open_.pop()
            if value in self.replaced and value not in somewhere:
                somewhere.add(value)
                open_.append(self.replaced[value])
        if lost := self.replaced.keys() - somewhere:
            raise EditLost(f"{lost} lost; there are {title!r} and {self.kept}")


def _plain(text):
    return text.rstrip("~") if isinstance(text, str) else text


def reworded(value):
    """Return how this mailbox words what it is told."""
    if isinstance(value, list):
        return [reworded(each) for each in value]
    return value if value is None or value.endswith("~") else f"{value}~"


HAPPENINGS: tuple[Callable[[Case], None], ...] = (
    Case.outlook_types, Case.outlook_adds, Case.crm_types, Case.crm_adds, Case.crm_reads, Case.pulls,
    Case.pushes, Case.dies,
)  # fmt: skip


def histories(
    case: Case, *, steps: int, told: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Case]]:
    """Yield every history of so many steps and fewer, with where it leads."""
    yield told, case
    if steps:
        for happening in HAPPENINGS:
            further = case.copied()
            happening(further)
            if further.__dict__ != case.__dict__:
                yield from histories(further, steps=steps - 1, told=(*told, happening.__name__))


def play_all(
    *, steps: int, enough: int = 1_000
) -> tuple[Counter[str], list[tuple[tuple[str, ...], AssertionError]]]:
    """Play every history under each policy; return how many there were, and those that went wrong.

    So many that went wrong are enough.
    """
    totals: Counter[str] = Counter()
    failures = []
    for resolution in DECIDES:
        for told, case in histories(Case(Policy(resolution)), steps=steps):
            totals["histories"] += 1
            try:
                ending = case.copied()
                ending.ends()
            except AssertionError as error:
                failures.append(((resolution.value, *told), error))
                if len(failures) >= enough:
                    return totals, failures
            else:
                totals["writes"] += ending.writes
    return totals, failures
