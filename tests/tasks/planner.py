"""Somebody whose tasks are shown in their calendar: words for these stories."""

from typing import Any

from app import clock
from app.graph.account import Account
from app.graph.auth import Grant, SignedIn
from app.sync.connections import Connections
from app.sync.disconnect import disconnect
from app.sync.identity import Arrival, settle_identity
from tests.calendar.diary import Diary
from tests.preview.preview_stage import PRIMARY, Json
from tests.tasks.to_do import ToDo, day


class Planner(Diary):
    """Somebody whose calendar shows the CRM's tasks."""

    async def tasked(self, crm_id: str, *, owners: Any = PRIMARY, **fields: Any) -> None:
        """Let the CRM put a task that is due in three days, unless it says otherwise."""
        body = {"title": crm_id, "due_date": day(3), "owners": owners, **fields}
        await self.crm("PUT", f"/v1/tasks/{crm_id}", body)
        await self.settles()

    async def changes(self, crm_id: str, **fields: Any) -> None:
        await self.crm("PATCH", f"/v1/tasks/{crm_id}", fields)
        await self.settles()

    async def drops(self, crm_id: str) -> None:
        await self.crm("DELETE", f"/v1/tasks/{crm_id}")
        await self.settles()

    async def subjects(self) -> list[str]:
        return sorted(event["subject"] for event in await self.events())

    async def task(self, crm_id: str) -> Json:
        return await self.crm("GET", f"/v1/tasks/{crm_id}")

    async def quiet(self) -> bool:
        """Say whether the CRM heard of nothing, and no event was made of anything."""
        heard = (await self.crm("GET", "/v1/changes?types=task.*,event.*&limit=1000"))["changes"]
        return heard == [] and (await self.crm("GET", "/v1/events"))["data"] == []

    async def to_do(self) -> ToDo:
        """Let the tasks sync with To Do as well. From then on ``turns_to`` says what settles."""
        to_do = ToDo(self.person)
        await to_do.chooses(direction="two_way", include="all")
        await to_do.syncs()
        return to_do

    async def turns_to(self, entity: str) -> None:
        """Let this entity of the two sync."""
        self.person.entity = entity
        await self.settles()

    async def signs_out(self) -> None:
        """Disconnect, and let that come to its end."""
        await self.crm("DELETE", f"/v1/connections/{self.person.connection}")
        await disconnect(self.stage.resources, self.person.workspace["id"], self.person.connection)

    async def signs_in(self, oid: str = "ada") -> None:
        """Sign in again; another ``oid`` is another account, with a mailbox of its own."""
        stage, person, now = self.stage, self.person, clock.now()
        scopes = ("User.Read", "Calendars.ReadWrite", "Tasks.ReadWrite", "offline_access")
        grant = Grant("token", now, "token", scopes)
        account = Account(self.mail, "Ada", "contoso", "work", frozenset({self.mail}))
        arrival = Arrival(SignedIn(grant, "contoso", oid, "Ada", self.mail), account, has_mailbox=True)
        async with stage.resources.db.transaction(person.workspace["id"]) as session:
            connection = await Connections(session).locked(person.connection)
            assert connection is not None
            await settle_identity(session, stage.resources, connection, arrival, now=now)


async def planner(stage: Any, *, direction: str = "two_way", **person: Any) -> Planner:
    """Return somebody whose calendar syncs and shows tasks; their tasks sync nowhere else."""
    ada = Planner(await stage.newcomer(**person))
    await ada.chooses(direction=direction, include_tasks=True)
    await ada.syncs()
    return ada
