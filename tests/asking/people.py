"""What a person does, what becomes of each contact, and what somebody answers: words for these stories."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from app import clock
from tests.preview.preview_stage import FOLDER, PRIMARY, Json, Person

FIELDS = {"job_title": "jobTitle", "company": "companyName"}


class Syncing:
    """Somebody with Outlook whose CRM is at hand."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.crm, self.puts, self.chooses = person.crm, person.puts, person.chooses
        self.adds, self.edits, self.deletes = person.adds, person.edits, person.deletes
        self.contacts, self.rows, self.previews = person.contacts, person.rows, person.previews

        self.ids: dict[str, str] = {}
        self.cursor = ""

    async def has(self, *names: str, **fields: Any) -> dict[str, Json]:
        """Let these people be on both sides; return their items by name."""
        fields = {"job_title": "Agent", "company": "Navy", **fields}
        self.ids = {name: name.replace(" ", "-") for name in names}
        upserts = [
            {"crm_id": crm_id, "owners": PRIMARY, "display_name": name, **fields}
            for name, crm_id in self.ids.items()
        ]
        await self.crm("POST", "/v1/contacts/batch", {"upserts": upserts})
        await self.person.syncs()
        return await self.items()

    async def items(self) -> dict[str, Json]:
        return {item["displayName"]: item for item in await self.contacts()}

    async def syncs(self, **body: Any) -> None:
        """Press "sync now", and let everything come to its end."""
        await self.crm("POST", f"/v1/connections/{self.person.connection}/sync/contacts", body)
        await self.person.syncs()

    async def loses_its_folder(self) -> None:
        await self.person.outlook("DELETE", f"contactFolders/{await self.person.folder()}")

    async def is_edited(self, *, in_outlook: str, by_the_crm: str) -> None:
        """Let the one be an Admiral and the other a Captain, each where there is somebody to be edited."""
        folders = {folder["displayName"] for folder in await self.person.folders()}
        item = (await self.items()).get(in_outlook) if FOLDER in folders else None
        if item is not None:
            await self.edits(item, jobTitle="Admiral")
        if crm_id := self.ids.get(by_the_crm):
            fields = {"display_name": by_the_crm, "job_title": "Captain"}
            if (await self.crm("GET", f"/v1/contacts/{crm_id}"))["deleted"]:
                fields["company"] = "Navy"
            await self.puts(crm_id, **fields)
        await self.syncs()

    async def questions(self) -> list[Json]:
        return await self.person.runs(status="awaiting_approval")

    async def asked(self) -> Json:
        """Return the one question that is open."""
        (run,) = await self.questions()
        return run

    async def answers(self, run: Json, decision: str) -> None:
        """Answer a question, or let it be: cancelled, or not answered for a week."""
        if decision == "cancel":
            await self.crm("POST", f"/v1/runs/{run['id']}/cancel")
        elif decision == "expire":
            clock.follow(clock.now() + timedelta(days=7))
        else:
            await self.crm("POST", f"/v1/runs/{run['id']}/approve", {"decision": decision})
        await self.person.syncs()

    async def news(self) -> list[Json]:
        """Return what the CRM hears of its contacts since the last time it asked."""
        page = await self.crm("GET", f"/v1/changes?types=contact.*&limit=1000{self.cursor}")
        self.cursor = f"&after={page['next_cursor']}"
        return page["changes"]

    async def ends_of(self, run: Json) -> list[str]:
        """Return how a run ended, as often as the CRM is told that it did."""
        page = await self.crm("GET", "/v1/changes?types=run.finished&limit=1000")
        told = [change["record"] for change in page["changes"] if change["record"]["id"] == run["id"]]
        assert all(each["finished_at"] and each["problem"] is None for each in told)
        return [each["status"] for each in told]

    async def tells(self, names: Iterable[str]) -> dict[str, str]:
        """Say of each what the CRM has, what Outlook has, and how their link stands and why."""
        items = await self.items()
        return {name: await self._told(name, items.get(name)) for name in names}

    async def _told(self, name: str, item: Json | None) -> str:
        record = await self._record(name)
        crm = "-" if record is None or record["deleted"] else _worded(record[each] for each in FIELDS)
        outlook = _worded(item[each] for each in FIELDS.values()) if item else "-"
        link = await self._link(name, item)
        return f"{crm} · {outlook} · {link['state']} · {link['code']}"

    async def _record(self, name: str) -> Json | None:
        listed = (await self.crm("GET", "/v1/contacts?limit=200&deleted=true"))["data"]
        return next((record for record in listed if record["display_name"] == name), None)

    async def _link(self, name: str, item: Json | None) -> Json:
        found = await self.rows(
            "SELECT l.state, l.decision->>'code' AS code FROM links l LEFT JOIN records r"
            " ON r.workspace_id = l.workspace_id AND r.record_id = l.record_id"
            " WHERE r.doc->>'display_name' = :name OR l.item_id = :item",
            name=name, item=item["id"] if item else None,
        )  # fmt: skip
        (link,) = found or [{"state": "-", "code": "-"}]
        return link


def _worded(values: Iterable[str | None]) -> str:
    return "/".join(value or "_" for value in values)
