"""Records over the API: problems in one shape, and a clock that can be moved on."""

from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from app import clock
from app.db import Database
from app.ids import new_id
from app.models import Record
from app.records.contact import FIELDS, canonical
from app.records.link import LinkView
from app.records.patch import difference
from app.sync.conflicts import Side, Stamp
from app.sync.deliver import deliver
from app.sync.due import due_record
from app.sync.hub import delete_record, move_record
from app.sync.news import announce_record
from app.sync.reconcile import Received
from app.sync.records import Records, Step
from app.sync.timers import due_timers
from tests.api.records.endpoint import Endpoint


@pytest.fixture
def problem():
    """Check that an answer is this problem; return it."""

    def check(answer, status, slug):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert (told["type"], told["status"]) == (f"/problems/{slug}", status)
        return told

    return check


@pytest.fixture
def later():
    """Move the service's clock on."""

    def move(**by):
        clock.follow(clock.now() + timedelta(**by))

    yield move
    clock._offset = timedelta(0)


@dataclass
class Crm:
    """The CRM's back end, one request a line."""

    http: httpx.AsyncClient
    cursor: str | None = None

    async def call(self, method, path, expect=(200, 201, 202, 204), **more):
        answer = await self.http.request(method, path, **more)
        assert answer.status_code in expect, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def puts(self, crm_id="c-1", *, headers=None, params=None, **fields):
        return await self.call("PUT", f"/v1/contacts/{crm_id}", json=fields, headers=headers, params=params)

    async def patches(self, crm_id="c-1", *, headers=None, **fields):
        return await self.call("PATCH", f"/v1/contacts/{crm_id}", json=fields, headers=headers)

    async def deletes(self, crm_id="c-1"):
        await self.call("DELETE", f"/v1/contacts/{crm_id}")

    async def gets(self, crm_id="c-1", **params):
        return await self.call("GET", f"/v1/contacts/{crm_id}", params=params)

    async def reads(self, **params):
        """Return the changes since the last time."""
        after = {"after": self.cursor} if self.cursor else {}
        page = await self.call("GET", "/v1/changes", params={**after, **params})
        self.cursor = page["next_cursor"]
        return page["changes"]

    async def acks(self, *items):
        body = {"changes": [item if len(item) <= 3 else {"id": item["id"]} for item in items]}
        return (await self.call("POST", "/v1/changes/ack", json=body))["results"]

    async def names(self, change, crm_id):
        return (await self.acks({"id": change["id"], "crm_id": crm_id}))[0]

    async def rejects(self, change):
        return (await self.acks({"id": change["id"], "rejected": {"reason": "no"}}))[0]

    async def conflicts(self, **params):
        return (await self.call("GET", "/v1/conflicts", params=params))["data"]


@dataclass
class Outlook:
    """What a mailbox's user does, as far as the hub hears of it: through the functions that pull uses."""

    db: Database
    workspace: str
    connection: str = "con_a"

    async def adds(self, **fields):
        now = clock.now()
        doc = canonical(fields)
        row = {
            "workspace_id": self.workspace, "record_id": new_id("rec", now), "entity": "contacts", "crm_id": None,
            "doc": doc, "extra": {"owners": [{"user": "agent-7", "access": "primary"}]}, "revision": 1,
            "field_at": dict.fromkeys(doc, self._stamp()), "crm_had": {}, "crm_revision": 0, "offers": {}, "held": {}, "swings": {},
            "origin": "microsoft", "origin_connection": self.connection, "first_at": now, "last_at": now,
        }  # fmt: skip
        async with self.db.transaction(self.workspace) as session:
            record = Record(**row)
            announce_record(
                session, record, "created", origin="microsoft", connection_id=self.connection, now=now,
                changed=[name for name, value in doc.items() if value],
            )  # fmt: skip
            step = Step(record=record, origin="microsoft", at=now, previous=dict.fromkeys(doc), new=True)
            await Records(session).write([step])
        return row["record_id"]

    async def edits(self, record_id, **fields):
        async with self.db.transaction(self.workspace) as session:
            record = (await Records(session).locked([record_id]))[record_id]
            doc = {**record.doc, **canonical(fields)}
            changed = difference(FIELDS, record.doc, doc)
            received = Received(
                doc, LinkView(), {name: record.doc.get(name) for name in changed},
                field_at=dict.fromkeys(changed, self._stamp()),
            )  # fmt: skip
            move_record(session, record, received, connection_id=self.connection, now=clock.now())

    async def deletes(self, record_id):
        async with self.db.transaction(self.workspace) as session:
            record = (await Records(session).locked([record_id]))[record_id]
            delete_record(
                session, record, reason="deleted_in_microsoft",
                connection_id=self.connection, now=clock.now(),
            )  # fmt: skip

    def _stamp(self):
        return Stamp(clock.now(), Side.MICROSOFT, self.connection).document()


@pytest.fixture
def crm(workspace):
    return Crm(workspace.http)


@pytest.fixture
def outlook(resources, workspace):
    return Outlook(resources.db, workspace.id)


@pytest.fixture
def work(resources, workspace):
    """Do what is due of records, as the worker would."""

    async def run():
        async with resources.db.transaction(None) as session:
            due = await due_timers(session, now=clock.now(), limit=100)
        for timer in [timer for timer in due if timer.kind == "record"]:
            await due_record(resources, timer.workspace_id, timer.target)

    return run


@pytest.fixture
async def endpoint():
    served = Endpoint()
    await served.start()
    yield served
    await served.stop()


@pytest.fixture
def delivering(resources):
    """Deliver whatever is due, as the worker would."""

    async def run():
        for _ in range(100):
            async with resources.db.transaction(None) as session:
                due = await due_timers(session, now=clock.now(), limit=100)
            webhooks = [timer for timer in due if timer.kind == "webhook"]
            if not webhooks:
                return
            for timer in webhooks:
                await deliver(resources, timer.workspace_id, timer.target)
        raise AssertionError("there is no end to it")

    return run


@pytest.fixture
async def hook(crm, endpoint):
    """The endpoint, taking everything about contacts."""
    return await crm.call("POST", "/v1/webhooks", json={"url": endpoint.url, "types": ["contact.*"]})


@pytest.fixture
def soon(later, delivering):
    """Let time pass and deliver what is then due."""

    async def move(**by):
        later(**by)
        await delivering()

    return move
