"""A sandbox as a process of its own, and the real client in front of it."""
# ruff: noqa: ASYNC220

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
from mailboxes import PLAIN
from microsoft_stage import Microsoft, Tokens
from redis.asyncio import Redis

from app.dev.services import free_port
from app.graph.client import Graph, open_http
from app.graph.mailbox import Mailbox
from app.graph.throttle import Permits


@pytest.fixture(scope="session")
async def running() -> AsyncIterator[Microsoft]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "sandbox", "--port", str(port)])
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, **PLAIN) as http:
        try:
            for _ in range(400):
                try:
                    if (await http.get("/_sandbox/health")).is_success:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
            yield Microsoft(url, http)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
async def microsoft(running: Microsoft) -> Microsoft:
    """The sandbox as it was founded."""
    await running.control("reset")
    return running


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def permits(redis: Redis) -> Permits:
    return Permits(redis)


@pytest.fixture
async def graph(microsoft: Microsoft, permits: Permits) -> AsyncIterator[Graph]:
    async with open_http() as http:
        yield Graph(http, permits=permits, base_url=microsoft.url)


@pytest.fixture
def tokens(microsoft: Microsoft) -> Tokens:
    return Tokens(microsoft)


@pytest.fixture
def mailbox(graph: Graph, tokens: Tokens) -> Mailbox:
    """Adele's mailbox as one connection uses it."""
    return Mailbox(graph, tokens, workspace="ws_1", connection_id="con_1")
