"""Tasks by the dice: what a CRM and two people do to them, and what must hold.

``python -m tests.tasks.play --worlds 100 --seed 7`` plays many; a world is told again by its seed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from app import clock
from app.graph import tasks
from app.records.types import TASK
from tests.preview.preview_stage import FOLDER, PRIMARY, Json, Stage
from tests.tasks.to_do import ToDo, day, due

STEPS = 16
ELSEWHERE = "Groceries"
STATUS = ("not_started", "in_progress", "completed", "waiting", "deferred")
SHOWN = ("notStarted", "inProgress", "completed", "waitingOnOthers", "deferred")


@dataclass
class TaskWorld:
    """One CRM, Ada and Bob, and what was made and taken away so far, by title."""

    stage: Stage
    seed: str
    dice: Random = field(init=False)
    made: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    faults: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)

    async def plays(self) -> None:
        """Let things happen, then be quiet, and see that all is well."""
        self.ada = ToDo(await self.stage.newcomer())
        self.bob = ToDo(await self.stage.newcomer(user="agent-2", workspace=self.ada.person.workspace))
        completed = self.dice.choice(["keep", "delete"])
        for person in (self.ada, self.bob):
            await person.chooses(direction="two_way", include="all", completed=completed)
            await person.syncs()
        for _ in range(STEPS):
            await self.dice.choice(DEEDS)(self)
            if self.dice.random() < 0.5:
                await self.syncs()
        for _ in range(4):
            await self.syncs()
        await self.is_at_rest()
        await self.agrees()

    async def syncs(self) -> None:
        """Sync both, some minutes later: whatever waits for a while has waited."""
        clock.follow(clock.now() + timedelta(minutes=2))
        for fault in self.faults:
            await self.stage.control("faults", **fault)
        for person in (self.ada, self.bob):
            await person.syncs(full=self.dice.random() < 0.2)
        self.faults = []
        await self.stage.sandbox.delete("/_sandbox/faults")

    async def is_at_rest(self) -> None:
        for person in (self.ada, self.bob):
            await person.syncs(full=True)
            await person.settles()
        seen = [await person.person.journal_end() for person in (self.ada, self.bob)]
        await self.ada.news()
        await self.syncs()
        for person, place in zip((self.ada, self.bob), seen, strict=True):
            assert await person.writes(after=place) == [], "writes without end"
        assert await self.ada.news() == [], "news without end"

    async def agrees(self) -> None:
        """See that each task is there once on each side and says the same, unless somebody is told why not."""
        records = {record["record_id"]: record for record in await self.records()}
        titles = [self.name(record["title"]) for record in records.values()]
        assert len(set(titles)) == len(titles), f"doubled in the CRM: {sorted(titles)}"
        for person in (self.ada, self.bob):
            items = {task["id"]: task for task in await person.tasks()}
            for row in await self.links(person):
                record, item = records.get(row["record_id"]), items.get(row["item_id"])
                if record is None or row["state"] != "linked" or row["problem"] is not None:
                    continue
                assert item is not None, f"{record['title']} is lost"
                if row["code"] == "in_scope":
                    self.says_the_same(record, item)
            known = {row["item_id"] for row in await self.links(person)}
            strangers = [item for item_id, item in items.items() if item_id not in known]
            assert all(item["status"] == "completed" for item in strangers), "made twice in To Do"
        elsewhere = {
            self.name(title) for person in (self.ada, self.bob) for title in await person.titles(ELSEWHERE)
        }  # also some that were moved there before anybody had read them
        lost = self.made - self.gone - set(titles)
        assert lost <= elsewhere, f"lost in the CRM: {lost - elsewhere}"

    def says_the_same(self, record: Json, item: Json) -> None:
        read = TASK.worded(tasks.parse(tasks.had(item)))
        for name in ("title", "due_date", "status", "importance", "notes", "start_date", "categories"):
            assert (read[name] or None) == (record[name] or None), (name, read[name], record[name])
        told = sorted((each["title"], each["done"]) for each in record["checklist"])
        assert sorted((each["title"], each["done"]) for each in read["checklist"]) == told, "checklists"

    async def records(self) -> list[Json]:
        return (await self.ada.crm("GET", "/v1/tasks?limit=200"))["data"]

    async def links(self, person: ToDo) -> list[Json]:
        return await person.rows(
            "SELECT record_id, item_id, state, decision->>'code' AS code, problem FROM links"
            " WHERE connection_id = :connection AND record_id IS NOT NULL",
            connection=person.person.connection,
        )  # fmt: skip

    # What happens

    def new(self) -> str:
        self.made.add(f"t{len(self.made)}")
        return f"t{len(self.made) - 1}"

    def name(self, title: str) -> str:
        return title.partition(" ")[0]

    def some_day(self) -> str:
        return day(self.dice.randrange(1, 30))

    async def named(self) -> Json | None:
        """Let the CRM name whatever is new to it; return one of its tasks."""
        records = await self.records()
        for record in records:
            if record["crm_id"] is None:
                name = self.name(record["title"])
                path = f"/v1/tasks/{name}?record_id={record['record_id']}"
                await self.ada.crm("PUT", path, {"title": record["title"]})
        known = [record for record in records if record["crm_id"] is not None]
        return self.dice.choice(known) if known else None

    def person(self) -> ToDo:
        return self.dice.choice([self.ada, self.bob])

    async def item(self, person: ToDo) -> Json | None:
        items = [item for item in await person.tasks() if item["status"] != "completed"]
        return self.dice.choice(items) if items else None

    def steps(self) -> list[Json]:
        titles = self.dice.sample(["Find", "Call", "Write", "Sign"], self.dice.randrange(4))
        return [{"title": title, "done": self.dice.random() < 0.3} for title in titles]

    async def the_crm_puts(self) -> None:
        name = self.new()
        both = [*PRIMARY, {"user": "agent-2", "access": "full"}]
        body: dict[str, Any] = {
            "owners": self.dice.choice([PRIMARY, both]), "title": name,
            "due_date": self.dice.choice([None, self.some_day()]), "checklist": self.steps(),
        }  # fmt: skip
        if body["due_date"] and self.dice.random() < 0.3:
            body["recurrence"] = {"rrule": self.dice.choice(["FREQ=DAILY", "FREQ=DAILY;INTERVAL=3"])}
        await self.ada.crm("PUT", f"/v1/tasks/{name}", body)

    async def the_crm_edits(self) -> None:
        record = await self.named()
        if record is None or record["deleted"]:
            return
        edits: list[Json] = [
            {"title": f"{self.name(record['title'])} {self.dice.randrange(99)}"},
            {"notes": self.dice.choice([None, "one\ntwo", f"{self.dice.randrange(9)} < 9"])},
            {"importance": self.dice.choice(["low", "normal", "high"])},
            {"status": self.dice.choice(STATUS)},
            {"checklist": self.steps()},
            {"start_date": self.dice.choice([None, self.some_day()])},
            {"due_date": self.some_day()} if record["recurrence"] else {"due_date": None},
        ]
        await self.ada.crm("PATCH", f"/v1/tasks/{record['crm_id']}", self.dice.choice(edits))

    async def somebody_adds(self) -> None:
        await self.person().adds(self.new(), dueDateTime=due(self.some_day()))

    async def somebody_edits(self) -> None:
        person = self.person()
        item = await self.item(person)
        if item is None:
            return
        edits: list[Json] = [
            {"title": f"{self.name(item['title'])} {self.dice.randrange(99)}"},
            {"dueDateTime": due(self.some_day(), self.dice.choice(["UTC", "Europe/Berlin"]))},
            {"importance": "high"},
            {"status": self.dice.choice(SHOWN)},
            {"body": {"contentType": "html", "content": f"<p>said {self.dice.randrange(9)}</p>"}},
        ]
        await person.edits(item, **self.dice.choice(edits))

    async def somebody_checks(self) -> None:
        person = self.person()
        items = [item for item in await person.tasks() if item["checklistItems"]]
        if items:
            item = self.dice.choice(items)
            await person.checks(item, self.dice.choice(item["checklistItems"])["displayName"])

    async def somebody_deletes(self) -> None:
        person = self.person()
        item = await self.item(person)
        if item is not None and self.dice.random() < 0.4:
            self.gone.add(self.name(item["title"]))
            await person.deletes(item)

    async def the_crm_deletes(self) -> None:
        record = await self.named()
        if record is not None and self.dice.random() < 0.4:
            self.gone.add(self.name(record["title"]))
            await self.ada.crm("DELETE", f"/v1/tasks/{record['crm_id']}")

    async def somebody_moves(self) -> None:
        person = self.person()
        items = await person.tasks(ELSEWHERE)
        if items and self.dice.random() < 0.6:
            await person.moves(self.dice.choice(items), name=FOLDER)
        elif item := await self.item(person):
            await person.moves(item, name=ELSEWHERE)

    async def an_answer_is_lost(self) -> None:
        match = {"method": self.dice.choice(["POST", "PATCH", "DELETE"]), "path": "/v1.0/me/todo/*"}
        drop = self.dice.choice(["before_commit", "after_commit"])
        self.faults.append({"match": match, "fault": {"drop": drop}, "times": 1})


Deed = Callable[[TaskWorld], Awaitable[None]]
DEEDS: tuple[Deed, ...] = (
    TaskWorld.the_crm_puts, TaskWorld.the_crm_puts, TaskWorld.the_crm_edits, TaskWorld.the_crm_edits,
    TaskWorld.the_crm_edits, TaskWorld.somebody_adds, TaskWorld.somebody_adds, TaskWorld.somebody_edits,
    TaskWorld.somebody_edits, TaskWorld.somebody_checks, TaskWorld.somebody_deletes,
    TaskWorld.the_crm_deletes, TaskWorld.somebody_moves, TaskWorld.an_answer_is_lost,
)  # fmt: skip
