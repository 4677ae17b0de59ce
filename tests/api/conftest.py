"""The API as a client meets it: the real application over real PostgreSQL and Redis, without a socket."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from applications import running
from fastapi import FastAPI

from app import log
from app.config import Settings
from app.sync.resources import Resources

OPERATOR_KEY = "op_only-for-tests"


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """As in production: structlog's own default draws each traceback for seconds."""
    log.configure(level="warning")


def client(app: FastAPI, key: str | None) -> httpx.AsyncClient:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://concord.example", headers=headers)


@pytest.fixture(name="client")
def client_fixture():
    """How to speak to an application of one's own."""
    return client


@dataclass
class Tenant:
    """A workspace of its own, and its CRM's back end."""

    id: str
    key: str
    http: httpx.AsyncClient


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(settings) as app:
        yield app


@pytest.fixture
def resources(app: FastAPI) -> Resources:
    return app.state.provided["resources"]


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The operator."""
    async with client(app, OPERATOR_KEY) as http:
        yield http


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client(app, None) as http:
        yield http


@pytest.fixture
async def new_workspace(app: FastAPI, api: httpx.AsyncClient):
    opened = []

    async def make(name: str = "Acme Realty", **fields) -> Tenant:
        made = await api.post("/v1/workspaces", json={"name": name, **fields})
        assert made.status_code == 201, made.text
        body = made.json()
        tenant = Tenant(body["id"], body["key"]["secret"], client(app, body["key"]["secret"]))
        opened.append(tenant)
        return tenant

    yield make
    for tenant in opened:
        await tenant.http.aclose()


@pytest.fixture
async def workspace(new_workspace) -> Tenant:
    """Acme Realty."""
    return await new_workspace()
