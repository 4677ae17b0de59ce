"""Worlds to preview a choice in: records, items and everything people do to them, by the dice."""

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

from preview_stage import FOLDER, Person

Json = dict[str, Any]
ACCESSES = ("primary", "full", "view_only")
ON = ("crm_to_microsoft", "microsoft_to_crm", "two_way")
LIVE_THERE = {"suspended", "moved_out", "removed_there", "severed", "gone"}


@dataclass
class World:
    """One person's contacts on both sides. ``dice`` decide everything."""

    person: Person
    dice: Random
    size: int
    made: int = 0

    def choice(self, *, off: bool = False) -> Json:
        """Return settings somebody could choose."""
        return {
            "direction": self.dice.choice([*ON, "two_way", *(["disabled"] if off else [])]),
            "import_new": self.dice.random() < 0.8,
            "removed_from_crm": self.dice.choice(["keep", "delete"]),
            "deleted_in_microsoft": self.dice.choice(["keep", "delete", "recreate"]),
            "conflict_resolution": self.dice.choice(["crm_wins", "microsoft_wins", "newest_wins"]),
            "ownership": self.dice.choice(["all_assigned", "all_assigned", "primary_only"]),
            "left_scope": self.dice.choice(["keep", "delete"]),
            "classes": self.dice.choice([[], [], ["buyer"], ["buyer", "seller"]]),
            "folder_name": FOLDER,
        }

    async def begins(self) -> None:
        """Fill both sides: who is on one, on both, or on one side more than once."""
        for _ in range(self.size):
            kind = self.dice.choice(["record", "item", "both", "both", "twins", "theirs"])
            mail = f"m{self.made}@example.org"
            if kind in {"item", "both", "twins"}:
                await self._item(mail)
            for _ in range({"item": 0, "twins": 2}.get(kind, 1)):
                await self._record(mail, user="agent-2" if kind == "theirs" else "agent-1")

    async def goes_on(self) -> None:
        """Let people do things to what is there."""
        items = await self.person.contacts()
        records = await self.person.rows("SELECT crm_id, extra FROM records WHERE crm_id IS NOT NULL "
                                         "AND deleted_at IS NULL ORDER BY crm_id")  # fmt: skip
        for record in records:
            crm_id, word = record["crm_id"], f"w{self.made}"
            match self.dice.randrange(6):
                case 0:
                    await self.person.crm("PATCH", f"/v1/contacts/{crm_id}", {"job_title": word})
                case 1:
                    await self.person.crm("DELETE", f"/v1/contacts/{crm_id}")
                case 2:
                    owners = [{"user": self.dice.choice(["agent-1", "agent-2"]), "access": "full"}]
                    await self.person.crm("PATCH", f"/v1/contacts/{crm_id}", {"owners": owners})
            self.made += 1
        for item in items:
            match self.dice.randrange(6):
                case 0:
                    await self.person.edits(item, jobTitle=f"w{self.made}")
                case 1:
                    await self.person.edits(item, companyName=f"w{self.made}")
                case 2 if self.dice.random() < 0.5:
                    await self.person.deletes(item)
            self.made += 1
        for _ in range(2):
            await (self._item if self.dice.random() < 0.5 else self._record)(f"m{self.made}@example.org")

    async def _item(self, mail: str) -> None:
        self.made += 1
        job = {"jobTitle": f"job {self.made}"} if self.dice.random() < 0.5 else {}
        await self.person.adds(
            displayName=f"Item {self.made}", emailAddresses=[{"address": mail, "name": mail}], **job
        )

    async def _record(self, mail: str, *, user: str = "agent-1") -> None:
        self.made += 1
        owners = [{"user": user, "access": self.dice.choice(ACCESSES)}]
        fields: Json = {"company": f"Firm {self.made}"} if self.dice.random() < 0.5 else {}
        fields["classes"] = self.dice.choice([[], ["buyer"], ["seller"]])
        await self.person.puts(
            f"c-{self.made}", owners=owners, display_name=f"Record {self.made}",
            emails=[{"address": mail}], **fields,
        )  # fmt: skip


@dataclass
class Before:
    """What there was before the real run."""

    items: dict[str, str]
    links: dict[str, Json]
    records: set[str]
    seq: int
    place: int

    @classmethod
    async def of(cls, person: Person) -> "Before":
        entries = await person.journal()
        seqs = await person.rows("SELECT coalesce(max(seq), 0) AS seq FROM changes")
        return cls(
            await _items(person), await _links(person),
            {row["record_id"] for row in await person.rows("SELECT record_id FROM records")},
            seqs[0]["seq"], entries[-1]["seq"] if entries else 0,
        )  # fmt: skip


async def _items(person: Person) -> dict[str, str]:
    there = any(folder["displayName"] == FOLDER for folder in await person.folders())
    return {item["id"]: item["displayName"] for item in await person.contacts()} if there else {}


async def _links(person: Person) -> dict[str, Json]:
    rows = await person.rows("SELECT id, state, record_id, item_id FROM links")
    return {row["id"]: row for row in rows}


async def done(person: Person, before: Before) -> Counter:
    """Return what the real run did, told apart by looking at both sides: (step, side, whose)."""
    after, links = await _items(person), await _links(person)
    found: Counter = Counter()
    written = [e for e in await person.journal(after=before.place) if e["method"] in {"PATCH", "DELETE"}]
    names = {**before.items, **after}
    for entry in written:
        item = entry["path"].partition("/contacts/")[2]
        if item and entry["batch"] is not None and entry["status"] < 300:
            found["update" if entry["method"] == "PATCH" else "delete", "microsoft", names.get(item)] += 1
    for item in after.keys() - before.items.keys():
        found["create", "microsoft", after[item]] += 1
    for change in await person.rows("SELECT type, snapshot FROM changes WHERE seq > :seq", seq=before.seq):
        kind, _, verb = change["type"].partition(".")
        if kind == "contact":
            found[verb.removesuffix("d"), "crm", change["snapshot"]["display_name"]] += 1
    records = await person.rows("SELECT record_id, doc, deleted_because FROM records")
    docs = {row["record_id"]: row for row in records}
    for link_id, link in links.items():
        was = before.links.get(link_id, {"state": None})
        known = link["record_id"] in before.records
        whose = docs[link["record_id"]]["doc"]["display_name"] if link["record_id"] else None
        if (
            link["state"] == "linked"
            and was["state"] != "linked"
            and known
            and link["item_id"] in before.items
        ):
            found["link", "microsoft", whose] += 1
        ended = was["state"] == "linked" and link["state"] in LIVE_THERE
        if ended and docs[link["record_id"]]["deleted_because"] != "deleted_in_microsoft":
            found["unlink", "microsoft", whose] += 1
        if link["state"] == "in_review" and was["state"] != "in_review" and link["item_id"]:
            found["review", "crm", names[link["item_id"]]] += 1
    return found


def told(plan: list[Json]) -> Counter:
    """Return what a plan says, in the same words."""
    steps = Counter((step["step"], step["side"], step["title"]) for step in plan)
    return Counter({
        key: number for key, number in steps.items()
        if key[0] != "skip" and key[:2] != ("review", "microsoft")
    })  # fmt: skip
