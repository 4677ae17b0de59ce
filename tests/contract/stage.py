"""Two organisations with everything that operations take ids of: one that asks, and a stranger."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from app import clock
from app.config import Settings
from app.graph.auth import Grant
from app.main import create_app
from app.models import Link
from app.openapi import operations
from app.security.seal import new_key
from app.sync.collections import Collections
from app.sync.conflict_rows import Conflicts
from app.sync.connections import Connections
from app.sync.match_rows import MatchRows, review_of
from app.sync.records import Records
from app.sync.resources import Resources
from app.sync.tokens import Tokens

Json = dict[str, Any]
OPERATOR_KEY = "op_only-for-tests"
TOKENS = ["the access token", "the refresh token"]
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

    @property
    def takes_a_key_of_the_workspace(self) -> bool:
        return {"workspaceKey": []} in self.about.get("security", [])

    def credential(self, us: "Organisation") -> str:
        """Return what opens it: the operator's key, our own, or where no key will do our user's session."""
        if self.takes_the_operators_key:
            return OPERATOR_KEY
        return us.key if self.takes_a_key_of_the_workspace else us.session

    def parameters(self, place: str) -> list[Json]:
        return [each for each in self.about.get("parameters", []) if each["in"] == place]


OPERATIONS = [Operation(*each) for each in operations(DOCUMENT)]


@dataclass
class Organisation:
    """One workspace, its key, an id for each path parameter, and everything nobody may ever be shown.

    The connection, its run and the contact are those of the user ``agent-7``, whose session it is.
    """

    key: str
    ids: dict[str, str]
    session: str = ""
    cursor: str = ""
    secrets: list[str] = field(default_factory=list)


@dataclass
class BackEnd:
    """Whoever holds a key."""

    http: httpx.AsyncClient
    key: str

    async def call(self, method: str, path: str, **body: Any) -> Json:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = await self.http.request(method, path, json=body or None, headers=headers)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json()


async def settled(app: FastAPI, name: str) -> Organisation:
    """Make an organisation that has one of everything."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://concord.example") as http:
        operator = BackEnd(http, OPERATOR_KEY)
        made = await operator.call("POST", "/v1/workspaces", name=name)
        spare = await operator.call("POST", f"/v1/workspaces/{made['id']}/keys", name="spare")
        us, key = BackEnd(http, made["key"]["secret"]), made["key"]["secret"]
        ids = {"workspace_id": made["id"], "key_id": spare["id"], "entity": "contacts", "slug": "not-found"}
        us_made = Organisation(key, ids, secrets=[key, spare["secret"], *TOKENS, OPERATOR_KEY])
        await configured(us, us_made, name)
        await synced(us, us_made, resources=app.state.provided["resources"])
        await recorded(us, us_made, name, resources=app.state.provided["resources"])
        us_made.session = await session_of(us, "agent-7", "user")
        us_made.secrets.append(us_made.session)
        return us_made


async def session_of(us: BackEnd, user: str, role: str) -> str:
    return str((await us.call("POST", "/v1/session-tokens", user=user, role=role))["token"])


async def configured(us: BackEnd, made: Organisation, name: str) -> None:
    secret = f"the client secret of {name}"
    await us.call("PUT", "/v1/workspace/microsoft-app", client_id=f"app-{name}", client_secret=secret)
    webhook = await us.call("POST", "/v1/webhooks", url="https://crm.example/concord")
    made.ids["webhook_id"] = webhook["id"]
    made.secrets += [secret, webhook["secret"]]


async def synced(us: BackEnd, made: Organisation, *, resources: Resources) -> None:
    """Make a connection that stands as if its user had been at Microsoft's, and a run that has ended."""
    async with resources.db.transaction(made.ids["workspace_id"]) as session:
        connection = Connections(session).add(
            now=clock.now(), user="agent-7", login_hint=None, requested=["contacts"], granted_scopes=GRANTED
        )
        connection.status = "active"
        await session.flush()
        grant = Grant(TOKENS[0], clock.now() + timedelta(hours=1), TOKENS[1], tuple(GRANTED))
        await Tokens(session, resources.key_ring).put(connection.id, grant, now=clock.now())
    chosen = f"/v1/connections/{connection.id}/settings/contacts"
    settings = await us.call("PATCH", chosen, direction="two_way")
    await us.call("POST", f"/v1/runs/{settings['run']}/cancel")
    made.ids |= {"connection_id": connection.id, "run_id": settings["run"]}
    async with resources.db.transaction(made.ids["workspace_id"]) as session:
        collection = await Collections(session).of(connection.id, "contacts")
        assert collection is not None
        now, made.ids["link_id"] = clock.now(), f"lnk_{made.ids['workspace_id']}"
        session.add(
            Link(
                workspace_id=made.ids["workspace_id"], id=made.ids["link_id"], connection_id=connection.id,
                entity="contacts", collection_id=collection.id, item_id="an item", born="microsoft",
                state="ignored", graph_means={}, created_at=now, updated_at=now,
            )
        )  # fmt: skip


async def recorded(us: BackEnd, made: Organisation, name: str, *, resources: Resources) -> None:
    owners = [{"user": "agent-7", "access": "primary"}]
    contact = await us.call("PUT", f"/v1/contacts/{name}-1", owners=owners, display_name="Ada")
    made.ids |= {"crm_id": contact["crm_id"], "record_id": contact["record_id"]}
    start = {"date_time": "2026-03-02T09:00:00", "time_zone": "Europe/Berlin"}
    await us.call("PUT", f"/v1/events/{name}-1", owners=owners, title="Inspection", start=start)
    await us.call("PUT", f"/v1/tasks/{name}-1", owners=owners, title="Call Ada", due_date="2026-03-02")
    async with resources.db.transaction(made.ids["workspace_id"]) as session:
        record = await Records(session).get(contact["record_id"])
        assert record is not None
        Conflicts(session).add_deleted_vs_edited(
            record, connection_id=made.ids["connection_id"], fields=["display_name"], now=clock.now()
        )
    (conflict,) = (await us.call("GET", "/v1/conflicts"))["data"]
    made.ids["conflict_id"] = conflict["id"]
    made.ids["match_id"] = await doubted(resources, made)
    made.cursor = (await us.call("GET", "/v1/changes"))["next_cursor"]


async def doubted(resources: Resources, made: Organisation) -> str:
    """Put an item into review that may be the contact."""
    now, connection = clock.now(), made.ids["connection_id"]
    async with resources.db.transaction(made.ids["workspace_id"]) as session:
        collection = await Collections(session).opened(connection, "contacts", now=now)
        item = Link(
            workspace_id=made.ids["workspace_id"], id="lnk_doubted", connection_id=connection,
            entity="contacts", collection_id=collection.id,
        )  # fmt: skip
        candidates = [{"record_id": made.ids["record_id"], "because": ["email"], "in_scope": True}]
        match = review_of(item, summary={"display_name": "Ada"}, candidates=candidates, now=now)
        await MatchRows(session).open([match])
    return match.id
