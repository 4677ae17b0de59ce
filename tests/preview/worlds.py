"""Worlds to preview a choice in: people, records, items and whatever happens to them, by the dice."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.preview.preview_stage import FOLDER, Person, Stage

Json = dict[str, Any]
ACCESSES = ("primary", "full", "view_only")
ON = ("crm_to_microsoft", "microsoft_to_crm", "two_way", "two_way")
RESOLUTIONS = ("crm_wins", "microsoft_wins", "newest_wins", "ask")
CLASSES = ([], ["buyer"], ["seller"])
UNTIL_ASKED_AGAIN = 700
BORN = (None, None, "2024-05-01T00:00:00Z", "2026-06-01T00:00:00Z")


def a_choice(dice: Random, *, running: bool) -> Json:
    """Return settings somebody could choose: all of them, or a few while a sync is running."""
    whole = {
        "direction": dice.choice([*ON, *(["disabled"] if running else [])]),
        "import_new": dice.random() < 0.8,
        "removed_from_crm": dice.choice(["keep", "delete"]),
        "deleted_in_microsoft": dice.choice(["keep", "delete", "recreate"]),
        "conflict_resolution": dice.choice(RESOLUTIONS),
        "field_overrides": dice.choice([{}, {}, {"job_title": dice.choice(RESOLUTIONS)}]),
        "ownership": dice.choice(["all_assigned", "all_assigned", "primary_only"]),
        "left_scope": dice.choice(["keep", "delete"]),
        "classes": dice.choice([[], [], ["buyer"], ["buyer", "seller"]]),
        "existing_records": dice.choice(["all", "all", "all", "from_date", "only_new"]),
        "existing_since": "2025-01-01",
    }
    if not running or dice.random() < 0.5:
        return whole | {"folder_name": FOLDER}
    return {name: whole[name] for name in dice.sample(sorted(whole), dice.randrange(1, 4))}


@dataclass
class World:
    """The contacts of a workspace, in the CRM and in Outlook. What is previewed is the first person's choice."""

    stage: Stage
    dice: Random
    people: list[Person] = field(default_factory=list)
    running: bool = False
    made: int = 0

    @property
    def chooser(self) -> Person:
        return self.people[0]

    async def begins(self) -> None:
        """Fill both sides, and let a sync be under way or not: who is on one side, on both, or twice."""
        dice = self.dice
        first = await self.stage.newcomer()
        self.people = [first]
        user = dice.choice([None, "agent-1", "agent-2", "agent-2"])
        if user is not None:
            self.people.append(await self.stage.newcomer(user=user, workspace=first.workspace))
        breaker = {"min_deletes": dice.choice([1, 2, 1000]), "max_creates": dice.choice([3, 5000, 5000])}
        await first.crm("PATCH", "/v1/workspace", {"breaker": breaker})
        for _ in range(dice.randrange(2, 9)):
            await self._somebody()
        self.running = dice.random() < 0.75
        for person in self.people[0 if self.running else 1 :]:
            await person.chooses(**a_choice(dice, running=False))
            await self._settles(person)
        for _ in range(dice.randrange(3) if self.running or self.people[1:] else 0):
            await self.goes_on()
            await self._settles(dice.choice(self.people))
        await self.goes_on()

    async def _settles(self, person: Person) -> None:
        """Let a sync come to its end, somebody answering whatever it asks."""
        await person.syncs()
        while waiting := await person.runs(status="awaiting_approval", connection=person.connection):
            for run in waiting:
                answer = self.dice.choice(["apply", "apply", "put_back", None])
                path = f"/v1/runs/{run['id']}"
                if answer is None:
                    await person.crm("POST", f"{path}/cancel")
                else:
                    await person.crm("POST", f"{path}/approve", {"decision": answer})
            await person.syncs(patience=UNTIL_ASKED_AGAIN)

    async def _somebody(self) -> None:
        kind, mail = (
            self.dice.choice(["record", "item", "both", "both", "twins"]),
            f"m{self.made}@example.org",
        )
        if kind in {"item", "both", "twins"}:
            await self._item(mail)
        for _ in range({"item": 0, "twins": 2}.get(kind, 1)):
            await self._record(mail)

    async def goes_on(self) -> None:
        """Let people do things to what is there."""
        records = await self.chooser.rows(
            "SELECT record_id, crm_id FROM records WHERE workspace_id = :workspace AND deleted_at IS NULL "
            "ORDER BY record_id",
            workspace=self.chooser.workspace["id"],
        )
        for record in records:
            await self._record_changes(record["record_id"], record["crm_id"])
            self.made += 1
        for person in self.people:
            emptied = self.dice.random() < 0.1
            for item in await person.contacts() if await _has_folder(person) else []:
                await self._item_changes(person, item, emptied=emptied)
                self.made += 1
        for _ in range(self.dice.randrange(2)):
            await self._somebody()

    async def _record_changes(self, record_id: str, crm_id: str | None) -> None:
        crm, word, dice = self.chooser.crm, f"w{self.made}", self.dice
        if crm_id is None:
            if dice.random() < 0.5:
                await crm("PUT", f"/v1/contacts/c-{word}?record_id={record_id}", {"job_title": word})
            return
        path = f"/v1/contacts/{crm_id}"
        match dice.randrange(9):
            case 0:
                await crm("PATCH", path, {"job_title": word})
            case 1:
                await crm("DELETE", path)
            case 2:
                await crm("PATCH", path, {"owners": self._owners()})
            case 3:
                await crm("PATCH", path, {"classes": dice.choice(CLASSES)})
            case 4:
                await crm("PATCH", path, {"job_title": None, "phones": [{"number": word, "label": "home"}]})

    async def _item_changes(self, person: Person, item: Json, *, emptied: bool) -> None:
        word = f"w{self.made}"
        if emptied:
            await person.deletes(item)
            return
        match self.dice.randrange(10):
            case 0 | 1:
                await person.edits(item, jobTitle=word)
            case 2:
                await person.edits(item, companyName=word, homePhones=[word])
            case 3:
                await person.edits(item, jobTitle=None)
            case 4:
                await person.deletes(item)
            case 5 if self.dice.random() < 0.5:
                await person.moves(item)

    async def _item(self, mail: str) -> None:
        self.made += 1
        job = {"jobTitle": f"job {self.made}"} if self.dice.random() < 0.5 else {}
        address = [{"address": mail, "name": mail}]
        await self.dice.choice(self.people).adds(
            displayName=f"Item {self.made}", emailAddresses=address, **job
        )

    async def _record(self, mail: str) -> None:
        self.made += 1
        fields: Json = {"company": f"Firm {self.made}"} if self.dice.random() < 0.5 else {}
        await self.chooser.puts(
            f"c-{self.made}", owners=self._owners(), display_name=f"Record {self.made}",
            emails=[{"address": mail}], classes=self.dice.choice(CLASSES),
            created_at=self.dice.choice(BORN), **fields,
        )  # fmt: skip

    def _owners(self) -> list[Json]:
        users = self.dice.choice([["agent-1"], ["agent-1"], ["agent-2"], ["agent-1", "agent-2"], []])
        return [{"user": user, "access": self.dice.choice(ACCESSES)} for user in users]


async def _has_folder(person: Person) -> bool:
    return any(folder["displayName"] == FOLDER for folder in await person.folders())
