"""Two organisations with everything that operations take ids of: one that asks, and a stranger."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI

from app import clock
from app.config import Settings
from app.main import create_app
from app.openapi import operations
from app.security.seal import new_key
from app.sync.connections import Connections
from app.sync.resources import Resources

Json = dict[str, Any]
OPERATOR_KEY = "op_only-for-tests"
GRANTED = ["User.Read", "Contacts.ReadWrite", "offline_access"]


def printed() -> Json:
    """Return the document of the API as it is published, without anything running."""
    nowhere = "postgresql://localhost/concord"
    settings = Settings(
        database_url=nowhere,
        database_sweep_url=nowhere,
        redis_url="redis://localhost",
        keys=new_key(),
        operator_key=OPERATOR_KEY,
        public_url="http://localhost",
    )
    return create_app(settings).openapi()


DOCUMENT = printed()


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    path: str
    method: str
    about: Json

    @property
    def id(self) -> str:
        return str(self.about["operationId"])

    @property
    def takes_the_operators_key(self) -> bool:
        return [*self.about.get("security", [{}])[0]] == ["operatorKey"]

    def parameters(self, place: str) -> list[Json]:
        return [each for each in self.about.get("parameters", []) if each["in"] == place]


OPERATIONS = [Operation(*each) for each in operations(DOCUMENT)]


@dataclass
class Organisation:
    """One workspace, its key, and an id for each path parameter."""

    key: str
    ids: dict[str, str] = field(default_factory=dict)
    cursor: str = ""
    change: str = ""


async def settled(app: FastAPI, name: str) -> Organisation:
    """Make an organisation that has one of everything."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://concord.example") as http:

        async def call(method: str, path: str, body: Json | None = None, *, key: str) -> Json:
            headers = {"Authorization": f"Bearer {key}"}
            answer = await http.request(method, path, json=body, headers=headers)
            assert answer.is_success, f"{method} {path}: {answer.text}"
            return answer.json()

        made = await call("POST", "/v1/workspaces", {"name": name}, key=OPERATOR_KEY)
        of = Organisation(made["key"]["secret"])
        more = await call("POST", f"/v1/workspaces/{made['id']}/keys", {"name": "spare"}, key=OPERATOR_KEY)
        app_of_theirs = {"client_id": f"app-{made['id']}", "client_secret": f"secret of {name}"}
        await call("PUT", "/v1/workspace/microsoft-app", app_of_theirs, key=of.key)
        webhook = await call("POST", "/v1/webhooks", {"url": "https://crm.example/concord"}, key=of.key)
        connection = await connected(app.state.provided["resources"], made["id"])
        chosen = f"/v1/connections/{connection}/settings/contacts"
        settings = await call("PATCH", chosen, {"direction": "two_way"}, key=of.key)
        await call("POST", f"/v1/runs/{settings['run']}/cancel", key=of.key)
        owners = [{"user": "agent-7", "access": "primary"}]
        contact = await call("PUT", f"/v1/contacts/{name}-1", {"owners": owners, "display_name": "Ada"}, key=of.key)
        feed = await call("GET", "/v1/changes", key=of.key)
        of.cursor, of.change = feed["next_cursor"], feed["changes"][0]["id"] if feed["changes"] else ""
        of.ids = {
            "workspace_id": made["id"],
            "key_id": more["id"],
            "connection_id": connection,
            "webhook_id": webhook["id"],
            "run_id": settings["run"],
            "crm_id": contact["crm_id"],
            "record_id": contact["record_id"],
            "entity": "contacts",
            "slug": "record-not-found",
        }
        return of


async def connected(resources: Resources, workspace: str) -> str:
    """Make a connection that stands as if its user had been at Microsoft's."""
    async with resources.db.transaction(workspace) as session:
        connection = Connections(session).add(
            now=clock.now(), user="agent-7", login_hint=None, requested=["contacts"], granted_scopes=GRANTED
        )
        connection.status = "active"
    return connection.id
