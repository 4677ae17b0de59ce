"""The door for Microsoft on a real port, with a connection and a collection behind it."""
# ruff: noqa: ASYNC110

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import uvicorn
from microsoft_stage import Microsoft, Tokens
from starlette.responses import PlainTextResponse

from app import clock
from app.config import Settings
from app.db import Database, Ring
from app.dev.services import free_port
from app.graph.folders import Folder, find_or_make_folder
from app.models import Collection, Connection, Subscription, Timer, Workspace
from app.routers.graph import GraphDoor
from app.sync.mailboxes import open_mailbox
from app.sync.notifications import Notifications
from app.sync.renew import renew
from app.sync.resources import Resources, opened

WORKSPACE, CONNECTION, COLLECTION = "ws_1", "con_1", "col_1"


@dataclass
class Service:
    """An API process as far as Microsoft sees it, and the jobs it rings for."""

    resources: Resources
    notifications: Notifications
    rings: list[Ring] = field(default_factory=list)

    async def get(self, model: type, *key: str) -> Any:
        async with self.resources.db.transaction(WORKSPACE) as session:
            return await session.get(model, (WORKSPACE, *key))

    async def collection(self) -> Collection:
        return await self.get(Collection, COLLECTION)

    async def connection(self) -> Connection:
        return await self.get(Connection, CONNECTION)

    async def subscription(self) -> Subscription | None:
        return await self.get(Subscription, COLLECTION)

    async def timer(self) -> Timer | None:
        return await self.get(Timer, "subscription", COLLECTION)

    async def change(self, row: Any, **values: Any) -> None:
        async with self.resources.db.transaction(WORKSPACE) as session:
            row = await session.merge(row)
            for name, value in values.items():
                setattr(row, name, value)

    async def renew(self) -> None:
        """Do what the sweep would: ring for the timer when it is due."""
        timer = await self.timer()
        if timer is not None and timer.due_at <= clock.now():
            await renew(self.resources, WORKSPACE, COLLECTION)

    async def renew_now(self) -> None:
        row = Timer(workspace_id=WORKSPACE, kind="subscription", target=COLLECTION, due_at=clock.now())
        await self.change(row)
        await renew(self.resources, WORKSPACE, COLLECTION)

    async def folder(self, name: str = "Acme") -> Folder:
        """Make the collection's folder, as its first turn does."""
        async with self.resources.db.transaction(WORKSPACE) as session:
            mailbox = await open_mailbox(self.resources, session, CONNECTION)
        made = await find_or_make_folder(mailbox, name)
        await self.change(await self.collection(), container_id=made.id)
        return made


@asynccontextmanager
async def served(settings: Settings, microsoft: Microsoft) -> AsyncIterator[Service]:
    """Serve the door on a port of its own; the settings name it."""
    settings = settings.model_copy(
        update={"microsoft_graph_url": microsoft.url, "public_url": f"http://127.0.0.1:{free_port()}"}
    )
    rings: list[Ring] = []

    async def doorbell(rung):
        rings.extend(rung)

    sweeper = Database(settings.database_sweep_url, pool_size=2)
    async with opened(settings, doorbell=doorbell) as handles:
        resources = replace(handles, tokens=Tokens(microsoft))
        notifications = Notifications(sweeper, doorbell=doorbell, redis=resources.redis)
        await _found(resources)
        async with _listening(settings.public_url, resources=resources, notifications=notifications):
            yield Service(resources, notifications, rings)
        await notifications.close()
    await sweeper.close()


async def _found(resources: Resources) -> None:
    now = clock.now()
    async with resources.db.transaction(WORKSPACE) as session:
        session.add_all(
            [
                Workspace(
                    id=WORKSPACE, name="Acme", entities=["contacts"], origins=[], return_urls=[], vocabulary={},
                    rules={}, breaker={}, defaults={}, created_at=now, updated_at=now,
                ),
                Connection(
                    workspace_id=WORKSPACE, id=CONNECTION, user="agent-1", status="active",
                    requested=["contacts"], granted_scopes=["Contacts.ReadWrite", "User.Read"], created_at=now,
                    updated_at=now,
                ),
                Collection(
                    workspace_id=WORKSPACE, id=COLLECTION, connection_id=CONNECTION, entity="contacts",
                    hears=True, sends=True, created_at=now,
                ),
            ]
        )  # fmt: skip


@asynccontextmanager
async def _listening(url: str, **state: Any) -> AsyncIterator[None]:
    door = GraphDoor(PlainTextResponse("no such page", status_code=404))

    async def app(scope, receive, send):
        await door({**scope, "state": state}, receive, send)

    port = int(url.rpartition(":")[2])
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_level="error", lifespan="off", timeout_keep_alive=60)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await serving
