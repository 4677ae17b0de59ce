"""What people do with their calendars: words for these stories."""

from datetime import datetime, timedelta
from typing import Any

from app import clock
from app.sync.rehearsal import rehearse
from tests.preview.preview_stage import PRIMARY, Json, Person

BERLIN = "Europe/Berlin"


def at(day: int, clock_time: str = "09:00", zone: str = "UTC") -> Json:
    """Return a moment some days from today, by the CRM's words."""
    date = (clock.now() + timedelta(days=day)).date()
    return {"date_time": f"{date.isoformat()}T{clock_time}:00", "time_zone": zone}


def whole(day: int) -> Json:
    return {"date": (clock.now() + timedelta(days=day)).date().isoformat()}


def graph(moment: Json) -> Json:
    """Return a moment in Graph's words."""
    if "date" in moment:
        return {"dateTime": f"{moment['date']}T00:00:00", "timeZone": "UTC"}
    return {"dateTime": moment["date_time"], "timeZone": moment["time_zone"]}


def guest(address: str) -> Json:
    return {"type": "required", "emailAddress": {"address": address, "name": address}}


class Diary:
    """Somebody with a calendar in Outlook, whose CRM is at hand."""

    entity, path = "calendar", "events"

    def __init__(self, person: Person) -> None:
        person.entity = self.entity
        self.person, self.stage = person, person.stage
        self.crm, self.outlook, self.rows, self.mail = person.crm, person.outlook, person.rows, person.mail
        self.syncs_itself = person.syncs
        self.cursor = ""

    @property
    def settings(self) -> str:
        return f"/v1/connections/{self.person.connection}/settings/{self.entity}"

    async def chooses(self, **settings: Any) -> Json:
        return await self.crm("PATCH", self.settings, settings)

    async def previews(self, **settings: Any) -> Json:
        """Preview a choice; return the run once it has ended."""
        run = await self.crm("POST", f"{self.settings}/preview", settings)
        await rehearse(self.stage.resources, self.person.workspace["id"], run["id"])
        return await self.crm("GET", f"/v1/runs/{run['id']}")

    async def puts(self, crm_id: str, *, owners: Any = PRIMARY, **fields: Any) -> Json:
        """Let the CRM put an event; it begins tomorrow at nine for an hour unless it says otherwise."""
        return await self.crm("PUT", f"/v1/{self.path}/{crm_id}", {"owners": owners, **fields})

    async def patches(self, crm_id: str, **fields: Any) -> Json:
        return await self.crm("PATCH", f"/v1/{self.path}/{crm_id}", fields)

    async def has(self, crm_id: str, **fields: Any) -> Json:
        """Let an event be on both sides; return Outlook's."""
        times = {} if "start" in fields else {"start": at(1), "end": at(1, "10:00")}
        await self.puts(crm_id, **{"title": crm_id, **times, **fields})
        await self.settles()
        return await self.event(crm_id)

    async def record(self, crm_id: str) -> Json:
        return await self.crm("GET", f"/v1/{self.path}/{crm_id}")

    async def explains(self, crm_id: str) -> Json:
        """Return how an event stands in this mailbox."""
        told = await self.crm("GET", f"/v1/{self.path}/{crm_id}/explain")
        (entry,) = [e for e in told["connections"] if e["connection"] == self.person.connection]
        return entry

    async def syncs(self, **body: Any) -> None:
        """Press "sync now", and let everything come to its end."""
        await self.crm("POST", f"/v1/connections/{self.person.connection}/sync/{self.entity}", body)
        await self.settles()

    async def settles(self) -> None:
        await self.syncs_itself()

    async def events(self) -> list[Json]:
        """Return single events and series, as Outlook has them."""
        return (await self.outlook("GET", "events?$top=500"))["value"]

    async def event(self, title: str) -> Json:
        (found,) = [event for event in await self.events() if event["subject"] == title]
        return found

    async def adds(self, title: str, *, start: Json, end: Json, **fields: Any) -> Json:
        body = {"subject": title, "start": graph(start), "end": graph(end), **fields}
        if "date" in start:
            body["isAllDay"] = True
        return await self.outlook("POST", "events", body)

    async def edits(self, item: Json, **fields: Any) -> Json:
        return await self.outlook("PATCH", f"events/{item['id']}", fields)

    async def deletes(self, item: Json) -> None:
        await self.outlook("DELETE", f"events/{item['id']}")

    async def occurrences(self, item: Json, *, days: int = 60) -> list[Json]:
        """Return the occurrences of a series in the days to come, in order."""
        begin, end = (at(day, "00:00")["date_time"] for day in (-1, days))
        asked = f"startDateTime={begin}Z&endDateTime={end}Z&$top=500"
        return (await self.outlook("GET", f"events/{item['id']}/instances?{asked}"))["value"]

    async def outbox(self) -> list[Json]:
        """Return what Exchange would have mailed for this person."""
        answer = await self.stage.sandbox.get("/_sandbox/outbox", params={"mail": self.mail})
        return answer.json()["messages"]

    async def news(self) -> list[Json]:
        """Return what the CRM hears of its events since the last time it asked."""
        page = await self.crm("GET", f"/v1/changes?types={self.path[:-1]}.*&limit=1000{self.cursor}")
        self.cursor = f"&after={page['next_cursor']}"
        return page["changes"]

    async def told(self) -> Json:
        """Return the one thing that the CRM hears."""
        (change,) = await self.news()
        return change

    async def link(self, crm_id: str) -> Json:
        (found,) = await self.rows(
            "SELECT l.state, l.decision->>'code' AS code, l.problem->>'type' AS problem FROM links l"
            " JOIN records r ON r.workspace_id = l.workspace_id AND r.record_id = l.record_id"
            " WHERE r.crm_id = :crm_id AND l.connection_id = :connection",
            crm_id=crm_id, connection=self.person.connection,
        )  # fmt: skip
        return found

    async def writes(self, *, after: int) -> list[str]:
        """Return the writes that reached this mailbox since then."""
        entries = await self.person.journal(after=after)
        return [
            f"{e['method']} {e['path']}" for e in entries if e["method"] != "GET" and "batch" not in e["path"]
        ]


def clock_of(event: Json) -> str:
    """Return when an event of Outlook's begins, in UTC."""
    return datetime.fromisoformat(event["start"]["dateTime"][:19]).strftime("%Y-%m-%dT%H:%M")
