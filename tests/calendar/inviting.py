"""Calendars by the dice whose guests are mailed: each guest, of each change of the CRM's, once and for a reason.

``python -m tests.calendar.play --inviting --worlds 60 --seed 7`` plays many.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from app import clock
from app.sync.rounds import sync_collection
from tests.calendar.causes import Known, asks, differing, has_cause, is_ahead, of_item, of_record
from tests.calendar.diary import Diary
from tests.calendar.guests import DEEDS, ROOM, GuestWorld
from tests.calendar.outbox import ABOUT, Shown, mailed, mails_between, name_of, shown
from tests.preview.preview_stage import Json
from tests.simulation.whole.stage import Killed

STEPS = 20
ANSWERING = 0.6  # of the worlds in which the room answers by itself
MANY = {"max_invitations": 100_000, "min_deletes": 1000}
FEW = {"max_invitations": 3, "min_deletes": 1000}
FAULTS: tuple[Json, ...] = (
    {"drop": "after_commit"}, {"drop": "after_commit"}, {"drop": "before_commit"}, {"status": 412},
    {"status": 503}, {"status": 504}, {"status": 429, "retry_after": 2},
)  # fmt: skip
WRITES = ("POST", "PATCH", "DELETE")
OK = range(200, 300)
SOON, LATER = timedelta(seconds=130), timedelta(seconds=700)


@dataclass
class InvitingWorld(GuestWorld):
    """A world whose outbox is explained to the last mail, whatever goes wrong while they are sent."""

    known: dict[tuple[str, str], Known] = field(default_factory=dict)
    troubled: bool = True

    async def plays(self) -> None:
        self.ada = Diary(await self.stage.newcomer())
        self.bob = Diary(await self.stage.newcomer(user="agent-2", workspace=self.ada.person.workspace))
        if Random(f"{self.seed}/room").random() < ANSWERING:
            await self.stage.control("users", mail=ROOM, room=True)
        await self.ada.crm("PATCH", "/v1/workspace", {"breaker": self.dice.choice([MANY, MANY, FEW])})
        for person in (self.ada, self.bob):
            await self.chooses(
                person, direction="two_way", invitations=self.dice.choice(self.policies),
                activity_types=["viewing"], removed_from_crm=self.dice.choice(["keep", "delete"]),
                left_scope=self.dice.choice(["keep", "delete"]),
                conflict_resolution=self.dice.choice(["crm_wins", "microsoft_wins", "newest_wins"]),
            )  # fmt: skip
            await person.syncs()
        for _ in range(STEPS):
            await self.dice.choice(DEEDS)(self)
            if self.dice.random() < 0.5:
                await self.syncs_quietly()
        await self.counts_troubles()
        self.troubled = False
        for _ in range(4):
            await self.syncs_quietly()
        await self.is_at_rest()
        await self.agrees()

    # What must hold of the outbox

    async def syncs_quietly(self) -> None:
        """Sync both; what is mailed by that is what the guests are told of the CRM's changes, each once."""
        for person in (self.ada, self.bob):
            before, sent = await shown(person), len(await person.outbox())
            await self.turns(person)
            after, told = await shown(person), await mailed(person, after=sent)
            expected = mails_between(before, after, organizer=person.mail)
            assert told == expected, f"mailed too much: {told - expected}, not mailed: {expected - told}"
            self.seen["mails"] += told.total()
            records = {name_of(record["title"]): record for record in await self.everything()}
            for name in {name for name, _, _ in told}:
                self.had_reason(person, records[name], before.get(name), after.get(name))
            links = {row["record_id"]: row for row in await self.links(person)}
            for name, record in records.items():
                self.notes(person, record, after.get(name), links.get(record["record_id"]))

    def had_reason(self, person: Diary, record: Json, was: Shown | None, now: Shown | None) -> None:
        """See that the policy let guests be mailed, and that the CRM said what they were told."""
        name = name_of(record["title"])
        assert self.covers(person, record), f"{name}: its guests may not be mailed"
        assert is_ahead(record), f"{name}: it is over"
        if now is None:
            assert self.is_to_go(person, record), f"{name}: nobody wanted it cancelled"
            return
        known = self.known.get((person.mail, name))
        for part in differing(was, now):
            assert of_record(record, part) == of_item(now, part), f"{name}: nobody said such a {part}"
            assert was is None or has_cause(known, record, part, was=was), f"{name}: nobody changed {part}"

    def notes(self, person: Diary, record: Json, item: Shown | None, link: Json | None) -> None:
        """Remember how an event stands now that this calendar is at rest."""
        key = (person.mail, name_of(record["title"]))
        known = self.known.get(key)
        plain = link is not None and link["code"] == "in_scope" and link["problem"] is None
        kept_out = known is not None and known.kept_out
        if item is not None and of_record(record, "guests") == item.guests:
            kept_out = False
        elif not self.covers(person, record) or not self.invites(person, record, item):
            kept_out = True
        elif asks(known, record):
            kept_out = False
        guests = item.guests if item is not None else frozenset()
        self.known[key] = Known(record, item is None or not plain, kept_out, guests)

    def covers(self, person: Diary, record: Json) -> bool:
        policy = self.choices[person.mail]["invitations"]
        return policy == "always" or (policy == "when_asked" and record["invite"])

    def invites(self, person: Diary, record: Json, item: Shown | None) -> bool:
        """Say whether it is from this mailbox that guests are invited."""
        primary = {"user": person.person.user, "access": "primary"} in record["owners"]
        return primary or (item is not None and bool(item.guests))

    def is_to_go(self, person: Diary, record: Json) -> bool:
        choice = self.choices[person.mail]
        if record["deleted"]:
            return choice["removed_from_crm"] == "delete"
        return record["activity_type"] == "call" and choice["left_scope"] == "delete"

    async def agrees(self) -> None:
        await super().agrees()
        records = {record["record_id"]: record for record in await self.records()}
        everybody = {person.mail: await shown(person) for person in (self.ada, self.bob)}
        for person, other in ((self.ada, self.bob), (self.bob, self.ada)):
            items, theirs = everybody[person.mail], everybody[other.mail]
            for row in await self.links(person):
                record = records.get(row["record_id"])
                item = items.get(name_of(record["title"])) if record is not None else None
                plain = (row["state"], row["code"], row["problem"]) == ("linked", "in_scope", None)
                if record is not None and item is not None and plain:
                    self.is_told(person, record, item, theirs.get(name_of(record["title"])))

    def is_told(self, person: Diary, record: Json, item: Shown, others: Shown | None) -> None:
        """See that nothing is left of which guests are to be told, but by a colleague who invites them."""
        name = name_of(record["title"])
        for part in (*ABOUT, "occurrences"):
            assert of_record(record, part) == of_item(item, part), f"{name}: {part} was never told"
        may = self.covers(person, record) and self.invites(person, record, item) and is_ahead(record)
        if others is not None and others.guests:
            return
        if may and not self.known[person.mail, name].kept_out:
            assert of_record(record, "guests") == item.guests, f"{name}: not everybody was invited"

    async def everything(self) -> list[Json]:
        """Return all events, those that were deleted, too."""
        return (await self.ada.crm("GET", "/v1/events?limit=200&deleted=true"))["data"]

    # What goes wrong

    async def turns(self, person: Diary) -> None:
        """Let a calendar come to rest, whatever happens to the worker and on its way to Microsoft."""
        if not self.troubled or self.dice.random() < 0.7:
            await person.crm("POST", f"/v1/connections/{person.person.connection}/sync/calendar", {})
        trouble = self.dice.choice(["none", "fault", "fault", "death"]) if self.troubled else "none"
        if trouble == "fault":
            await self.spoils(person)
        await self.works(person, dies_in=self.dice.randrange(60) if trouble == "death" else None)
        await self.stage.sandbox.delete("/_sandbox/faults")
        await self.works(person)
        while asked := await person.person.runs(
            status="awaiting_approval", connection=person.person.connection
        ):
            for run in asked:
                await self.answers(person, run)
            await self.works(person, patience=LATER)

    async def counts_troubles(self) -> None:
        for person in (self.ada, self.bob):
            entries = [each for each in await person.person.journal() if each["method"] != "GET"]
            self.seen += Counter(
                f"{each['method']} {each['status'] or 'dropped'}"
                for each in entries if each["status"] not in OK
            )  # fmt: skip

    async def answers(self, person: Diary, run: Json) -> None:
        self.seen[f"asked about {run['approval']['reason']}"] += 1
        if self.dice.random() < 0.8:
            await person.crm("POST", f"/v1/runs/{run['id']}/approve", {"decision": "apply"})
        else:
            await person.crm("POST", f"/v1/runs/{run['id']}/cancel")

    async def spoils(self, person: Diary) -> None:
        """Let one of the next writes go wrong in one of the ways there are."""
        fault, skip = self.dice.choice(FAULTS), self.dice.choice([0, 0, 0, 1])
        for method in WRITES:
            match = {"mail": person.mail, "path": "/v1.0/me/*events*", "method": method}
            await self.stage.control("faults", match=match, fault=fault, skip=skip)

    async def works(self, person: Diary, *, patience: timedelta = SOON, dies_in: int | None = None) -> None:
        """Let a worker do what is due until nothing is due soon; who dies is followed by another."""
        moments = self.stage.moments
        for _ in range(60):
            collection = await person.person.collection()
            if collection is None or collection.due_at is None or collection.due_at - clock.now() > patience:
                return
            if collection.due_at > clock.now():
                clock.follow(collection.due_at + timedelta(milliseconds=5))
            moments.left, dies_in = dies_in, None
            try:
                await sync_collection(self.stage.resources, person.person.workspace["id"], collection.id)
            except Killed:
                self.seen["deaths"] += 1
                clock.follow(clock.now() + timedelta(seconds=11))
            finally:
                moments.left = None
        raise AssertionError("There is no end of it.")
