"""Every operation beside every credential: who is let in, who is refused, and what others never learn of."""

from dataclasses import dataclass
from typing import Final

import httpx
import pytest

from app.main import create_app
from tests.contract.bodies import minimal
from tests.contract.stage import (
    DOCUMENT,
    OPERATIONS,
    OPERATOR_KEY,
    BackEnd,
    Json,
    Operation,
    Organisation,
    session_of,
    settled,
)

# Who asks. The user owns the connection, the run and the contact that the paths name; another user is of the
# same workspace. What the key of another workspace is told: test_bad_input.py.
WHO: Final = ("operator", "acting", "key", "administrator", "user", "another", "nobody")
OPERATORS = "yes 403 403 403 403 403 401"
KEYS = "403 yes yes 403 403 403 401"
MANAGERS = "403 yes yes yes 403 403 401"
OWN = "403 yes yes yes yes 404 401"
LISTS = "403 yes yes yes yes none 401"  # none: a list without anything of the user's
ROWS: Final = {
    "workspaces.create": OPERATORS,
    "workspaces.list": OPERATORS,
    "workspaces.get": OPERATORS,
    "workspaces.patch": OPERATORS,
    "keys.create": OPERATORS,
    "keys.list": OPERATORS,
    "keys.delete": OPERATORS,
    "workspace.get": "403 yes yes yes yes yes 401",
    "workspace.patch": MANAGERS,
    "session_tokens.create": KEYS,
    "microsoft_app.get": KEYS,
    "microsoft_app.put": KEYS,
    "microsoft_app.check": KEYS,
    "microsoft_app.delete": KEYS,
    "connections.create": "403 yes yes yes yes 403 401",
    "connections.list": LISTS,
    "connections.me": "403 403 403 none yes none 401",
    "connections.get": OWN,
    "connections.patch": MANAGERS,
    "connections.reconnect": OWN,
    "connections.confirm": OWN,
    "connections.delete": OWN,
    "connections.sync": OWN,
    "connections.sync_entity": OWN,
    "settings.list": OWN,
    "settings.get": OWN,
    "settings.patch": OWN,
    "settings.put": OWN,
    "settings.delete": OWN,
    "settings.preview": OWN,
    "contacts.list": KEYS,
    "events.list": KEYS,
    "tasks.list": KEYS,
    "contacts.batch": KEYS,
    "events.batch": KEYS,
    "tasks.batch": KEYS,
    "contacts.put": KEYS,
    "events.put": KEYS,
    "tasks.put": KEYS,
    "contacts.get": KEYS,
    "events.get": KEYS,
    "tasks.get": KEYS,
    "contacts.patch": KEYS,
    "events.patch": KEYS,
    "tasks.patch": KEYS,
    "contacts.delete": KEYS,
    "events.delete": KEYS,
    "tasks.delete": KEYS,
    "contacts.restore": KEYS,
    "events.restore": KEYS,
    "tasks.restore": KEYS,
    "contacts.sync_states": OWN,
    "events.sync_states": OWN,
    "tasks.sync_states": OWN,
    "contacts.explain": OWN,
    "events.explain": OWN,
    "tasks.explain": OWN,
    "records.explain": OWN,
    "connections.explain": OWN,
    "assignments.check": KEYS,
    "records.get": KEYS,
    "records.restore": KEYS,
    "changes.list": KEYS,
    "changes.ack": KEYS,
    "webhooks.create": KEYS,
    "webhooks.list": KEYS,
    "webhooks.get": KEYS,
    "webhooks.patch": KEYS,
    "webhooks.delete": KEYS,
    "webhooks.rotate_secret": KEYS,
    "webhooks.deliveries": KEYS.replace("yes", "none"),  # nothing has been delivered
    "webhooks.replay": KEYS,
    "webhooks.test": KEYS,
    "runs.list": LISTS,
    "runs.get": OWN,
    "runs.cancel": MANAGERS,
    "runs.approve": MANAGERS,
    "runs.restore": MANAGERS,
    "links.list": LISTS,
    "links.retry": MANAGERS,
    "links.unlink": MANAGERS,
    "contacts.sync": MANAGERS,
    "events.sync": MANAGERS,
    "tasks.sync": MANAGERS,
    "runs.events": OWN,
    "runs.plan": OWN.replace("yes", "none"),  # it was no preview
    "runs.events_token": OWN,
    "conflicts.list": LISTS,
    "conflicts.get": OWN,
    "conflicts.resolve": KEYS,
    "conflicts.resolve_many": KEYS,
    "contacts.merge": KEYS,
    "events.merge": KEYS,
    "tasks.merge": KEYS,
    "matches.list": LISTS,
    "matches.resolve": KEYS,
}
BODIES: Final[dict[str, Json]] = {
    "connections.create": {"user": "agent-7"},
    "contacts.merge": {"from": []},
    "events.merge": {"from": []},
    "tasks.merge": {"from": []},
    "session_tokens.create": {"user": "agent-7", "role": "user"},
    "settings.patch": {"import_new": False},
    "workspace.patch": {"sync_interval_minutes": 30},
}
SELF_MANAGED: Final = {"settings.patch", "settings.put", "settings.delete", "settings.preview"}
GONE: Final = (
    "conflicts.resolve",
    "connections.delete",
    "webhooks.delete",
    "keys.delete",
    "microsoft_app.delete",
)
SECURED: Final = sorted(
    (each for each in OPERATIONS if each.about.get("security")),
    key=lambda one: (one.method == "delete", one.id),
)
every_operation = pytest.mark.parametrize("operation", [pytest.param(each, id=each.id) for each in SECURED])


@dataclass
class Stage:
    """The application, one organisation that is asked about, and what each of its people comes with."""

    http: httpx.AsyncClient
    ours: Organisation
    tokens: dict[str, str]

    async def ask(self, operation: Operation, who: str) -> httpx.Response:
        headers = {} if who == "nobody" else {"Authorization": f"Bearer {self.tokens[who]}"}
        if who == "acting":
            headers["Concord-Workspace"] = self.ours.ids["workspace_id"]
        path = operation.path.format(**self.ours.ids)
        return await self.http.request(operation.method, path, headers=headers, json=body_of(operation))


def body_of(operation: Operation) -> Json | None:
    content = operation.about.get("requestBody", {}).get("content", {})
    return BODIES.get(operation.id, minimal(content["application/json"]["schema"])) if content else None


@pytest.fixture(scope="module")
async def app(module_settings):
    app = create_app(module_settings)
    app.openapi_schema = DOCUMENT
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="module")
async def set_up(app):
    """How to get a stage of one's own."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://concord.example") as http:

        async def make(name: str) -> Stage:
            ours = await settled(app, name)
            back_end = BackEnd(http, ours.key)
            return Stage(http, ours, {
                "operator": OPERATOR_KEY, "acting": OPERATOR_KEY, "key": ours.key, "user": ours.session,
                "another": await session_of(back_end, "agent-8", "user"),
                "administrator": await session_of(back_end, "boss", "administrator"),
            })  # fmt: skip

        yield make


@pytest.fixture(scope="module")
async def stage(set_up):
    return await set_up("shared")


@every_operation
async def test_who_may_do_it(stage, set_up, operation):
    row = ROWS.get(operation.id)
    assert row, (
        f"{operation.id} has no row in ROWS: say who may use it; if a session may, list it in"
        " app/routers/permissions.py, else a key alone opens it"
    )
    wanted = dict(zip(WHO, row.split(), strict=True))
    found = {}
    for who in sorted(WHO, key=lambda one: wanted[one] in {"yes", "none"}):
        fresh = wanted[who] == "yes" and operation.id in GONE
        place = await set_up(f"{operation.id}-{who}".replace(".", "-")) if fresh else stage
        found[who] = told(await place.ask(operation, who))
    assert found == wanted


def told(answer: httpx.Response) -> str:
    """Return what an answer says of the right to ask: whatever else is wrong with the question."""
    if answer.status_code in {401, 403, 404}:
        return str(answer.status_code)
    assert answer.status_code in {200, 201, 202, 204, 409, 410, 422, 503}, answer.text
    return "none" if answer.content.startswith(b'{"data":[]') else "yes"


def test_every_row_is_of_an_operation():
    assert ROWS.keys() - {each.id for each in SECURED} == set()


def test_the_document_says_of_each_operation_which_sessions_may_use_it():
    documented = {
        each.id: {role for one in each.about["security"] for role in one.get("sessionToken", [])}
        for each in SECURED
    }
    wanted = {
        name: {
            role
            for role, word in zip(WHO, row.split(), strict=True)
            if role in {"user", "administrator"} and word in {"yes", "none"}
        }
        for name, row in ROWS.items()
    }
    assert documented == wanted


@pytest.fixture(scope="module")
async def managed_by_others(set_up):
    stage = await set_up("managed")
    await BackEnd(stage.http, stage.ours.key).call("PATCH", "/v1/workspace", self_management=False)
    return stage


@pytest.mark.feature("B2")
@pytest.mark.parametrize("operation", [pytest.param(one, id=one.id) for one in SECURED if one.id not in GONE])
async def test_without_self_management_a_user_loses_the_settings_and_nothing_else(
    managed_by_others, operation
):
    answer = await managed_by_others.ask(operation, "user")

    if operation.id in SELF_MANAGED:
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/self-management-off")
        assert told(await managed_by_others.ask(operation, "administrator")) == "yes"
    else:
        assert told(answer) == dict(zip(WHO, ROWS[operation.id].split(), strict=True))["user"]
