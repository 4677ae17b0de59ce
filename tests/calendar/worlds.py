"""Calendars by the dice: what a CRM and two people do to events, series and meetings, and what must hold.

``python -m tests.calendar.play --worlds 100 --seed 7`` plays many; a world is told again by its seed.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.calendar.diary import Diary, at, graph, guest
from tests.preview.preview_stage import PRIMARY, Json, Stage

STEPS = 14
RULES = ("FREQ=DAILY;COUNT=8", "FREQ=WEEKLY;COUNT=5", "FREQ=DAILY;INTERVAL=2;COUNT=6")
WAITING = {"parked", "conflict", "awaiting_approval", "in_review", "unnamed"}


@dataclass
class CalendarWorld:
    """One CRM, Ada and Bob, and what was made and taken away so far, by title."""

    stage: Stage
    seed: str
    dice: Random = field(init=False)
    made: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)

    async def plays(self) -> None:
        """Let things happen, then be quiet, and see that all is well."""
        self.ada = Diary(await self.stage.newcomer())
        self.bob = Diary(await self.stage.newcomer(user="agent-2", workspace=self.ada.person.workspace))
        self.policy = self.dice.choice(["never", "never", "when_asked"])
        for person in (self.ada, self.bob):
            await person.chooses(direction="two_way", invitations=self.policy)
            await person.syncs()
        for _ in range(STEPS):
            await self.dice.choice(DEEDS)(self)
            if self.dice.random() < 0.5:
                await self.syncs_quietly()
        for _ in range(3):
            await self.syncs_quietly()
        await self.is_at_rest()
        await self.agrees()

    async def syncs_quietly(self) -> None:
        """Sync both; nobody may be mailed by that, whatever there is to write."""
        before = [len(await person.outbox()) for person in (self.ada, self.bob)]
        for person in (self.ada, self.bob):
            await person.syncs()
        assert [len(await person.outbox()) for person in (self.ada, self.bob)] == before, "mailed"

    async def is_at_rest(self) -> None:
        seen = [await person.person.journal_end() for person in (self.ada, self.bob)]
        await self.ada.news()
        await self.syncs_quietly()
        for person, place in zip((self.ada, self.bob), seen, strict=True):
            assert await person.writes(after=place) == [], "writes without end"
        assert await self.ada.news() == [], "news without end"

    async def agrees(self) -> None:
        """See that each event is there once on each side and says the same, unless somebody is told why not."""
        records = {record["record_id"]: record for record in await self.records()}
        titles = [record["title"] for record in records.values()]
        assert len(set(titles)) == len(titles), "doubled in the CRM"
        links = {person.mail: await self.links(person) for person in (self.ada, self.bob)}
        waiting = {row["record_id"] for rows in links.values() for row in rows if row["problem"] is not None}
        for person in (self.ada, self.bob):
            items = {event["id"]: event for event in await person.events()}
            subjects = [event["subject"] for event in items.values()]
            assert len(set(subjects)) == len(subjects), "doubled in Outlook"
            for row in links[person.mail]:
                record, item = records.get(row["record_id"]), items.get(row["item_id"])
                if record is None or row["state"] != "linked":
                    continue
                assert item is not None, f"{record['title']} is lost"
                if item["isCancelled"] or (not item["isOrganizer"] and row["record_id"] in waiting):
                    continue  # a guest's copy says what its organizer's does, or did when that was deleted
                if row["problem"] is None and row["code"] in {"in_scope", "exception_lost"}:
                    self.says_the_same(record, item)
        present = {record["title"].partition(" ")[0] for record in records.values()}
        assert self.made.keys() - self.gone <= present, "lost in the CRM"

    def says_the_same(self, record: Json, item: Json) -> None:
        assert record["title"] == item["subject"], "titles"
        assert (record["location"] or "") == item["location"]["displayName"], "locations"
        start, told = record["start"], item["start"]["dateTime"][:19]
        assert start.get("date_time", f"{start.get('date')}T00:00:00") == told, "starts"
        assert bool(record["recurrence"]) is (item["type"] == "seriesMaster"), "series"

    async def records(self) -> list[Json]:
        return (await self.ada.crm("GET", "/v1/events?limit=200"))["data"]

    async def links(self, person: Diary) -> list[Json]:
        return await person.rows(
            "SELECT record_id, item_id, state, decision->>'code' AS code, problem FROM links"
            " WHERE connection_id = :connection AND record_id IS NOT NULL",
            connection=person.person.connection,
        )  # fmt: skip

    # What happens

    def title(self, by: str) -> str:
        name = f"e{len(self.made)}"
        self.made[name] = by
        return name

    async def named(self) -> Json | None:
        """Let the CRM name whatever is new to it; return one of its events."""
        records = await self.records()
        for record in records:
            if record["crm_id"] is None:
                name = record["title"].partition(" ")[0]
                path = f"/v1/events/{name}?record_id={record['record_id']}"
                await self.ada.crm("PUT", path, {"title": record["title"]})
        known = [record for record in records if record["crm_id"] is not None]
        return self.dice.choice(known) if known else None

    def person(self) -> Diary:
        return self.dice.choice([self.ada, self.bob])

    async def item(self, person: Diary) -> Json | None:
        items = await person.events()
        return self.dice.choice(items) if items else None

    async def the_crm_puts(self) -> None:
        title, day = self.title("crm"), self.dice.randrange(1, 30)
        both = [*PRIMARY, {"user": "agent-2", "access": "full"}]
        people = [{"address": self.dice.choice([self.bob.mail, "eve@example.org"])}]
        body: dict[str, Any] = {
            "owners": self.dice.choice([PRIMARY, both]), "title": title, "start": at(day),
            "end": self.dice.choice([None, at(day, "10:00")]),
            "attendees": self.dice.choice([[], people]),
        }  # fmt: skip
        if self.dice.random() < 0.4:
            body["recurrence"] = {"rrule": self.dice.choice(RULES), "exceptions": []}
        await self.ada.crm("PUT", f"/v1/events/{title}", body)

    async def the_crm_edits(self) -> None:
        record = await self.named()
        if record is None or record["deleted"]:
            return
        day = self.dice.randrange(1, 30)
        edits: list[Json] = [
            {"title": f"{record['title'].partition(' ')[0]} {self.dice.randrange(99)}"},
            {"location": f"Room {self.dice.randrange(9)}"},
            {"start": at(day, "11:00"), "end": at(day, "11:30")},
        ]
        await self.ada.crm("PATCH", f"/v1/events/{record['crm_id']}", self.dice.choice(edits))

    async def the_crm_changes_an_occurrence(self) -> None:
        record = await self.named()
        if record is None or not record["recurrence"]:
            return
        first = record["start"]
        change: Json = {"original_start": first, "title": f"other {self.dice.randrange(99)}"}
        rule = {"rrule": record["recurrence"]["rrule"], "exceptions": [change]}
        kept = [e for e in record["recurrence"]["exceptions"] if e["original_start"] != first]
        rule["exceptions"] += kept
        await self.ada.crm("PATCH", f"/v1/events/{record['crm_id']}", {"recurrence": rule})

    async def somebody_adds(self) -> None:
        person, day = self.person(), self.dice.randrange(1, 30)
        other = self.bob if person is self.ada else self.ada
        guests = self.dice.choice([[], [], [guest(other.mail)], [guest("eve@example.org")]])
        await person.adds(self.title("outlook"), start=at(day), end=at(day, "09:30"), attendees=guests)

    async def somebody_edits(self) -> None:
        person = self.person()
        item = await self.item(person)
        if item is None or not item["isOrganizer"]:
            return
        day, name = self.dice.randrange(1, 30), item["subject"].partition(" ")[0]
        edits: list[Json] = [
            {"subject": f"{name} {self.dice.randrange(99)}"},
            {"location": {"displayName": f"Hall {self.dice.randrange(9)}"}},
            {"start": graph(at(day, "15:00")), "end": graph(at(day, "15:30"))},
            {"reminderMinutesBeforeStart": self.dice.randrange(60)},
        ]
        edit = self.dice.choice(edits)
        if item["type"] != "seriesMaster" or "start" not in edit:
            await person.edits(item, **edit)

    async def somebody_changes_an_occurrence(self) -> None:
        person = self.person()
        series = [e for e in await person.events() if e["type"] == "seriesMaster" and e["isOrganizer"]]
        if not series:
            return
        rows = await person.occurrences(self.dice.choice(series))
        if len(rows) > 1:
            row = self.dice.choice(rows[1:])
            await (person.deletes(row) if self.dice.random() < 0.5 else person.edits(row, subject="mine"))

    async def somebody_deletes(self) -> None:
        person = self.person()
        item = await self.item(person)
        if item is not None and self.dice.random() < 0.4:
            self.gone.add(item["subject"].partition(" ")[0])
            await person.deletes(item)

    async def the_crm_deletes(self) -> None:
        record = await self.named()
        if record is not None and self.dice.random() < 0.4:
            self.gone.add(record["title"].partition(" ")[0])
            await self.ada.crm("DELETE", f"/v1/events/{record['crm_id']}")


Deed = Callable[[CalendarWorld], Awaitable[None]]
DEEDS: tuple[Deed, ...] = (
    CalendarWorld.the_crm_puts, CalendarWorld.the_crm_puts, CalendarWorld.the_crm_edits,
    CalendarWorld.the_crm_edits, CalendarWorld.the_crm_changes_an_occurrence, CalendarWorld.somebody_adds,
    CalendarWorld.somebody_adds, CalendarWorld.somebody_edits, CalendarWorld.somebody_edits,
    CalendarWorld.somebody_changes_an_occurrence, CalendarWorld.somebody_deletes,
    CalendarWorld.the_crm_deletes,
)  # fmt: skip
