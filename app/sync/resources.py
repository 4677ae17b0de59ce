"""What a process opens once and every engine function may use."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

import httpx
from redis.asyncio import Redis

from app.config import Settings
from app.db import Database, Doorbell, nobody_listens
from app.graph.auth import Microsoft
from app.graph.client import Graph, open_http
from app.graph.throttle import Permits
from app.security.outbound import outbound_client
from app.security.seal import KeyRing
from app.sync.tokens import TokenSource


@dataclass(frozen=True, slots=True)
class Resources:
    """The open handles of a process. ``http`` leads out to the CRM's own endpoints, guarded."""

    db: Database
    settings: Settings
    key_ring: KeyRing
    redis: Redis
    http: httpx.AsyncClient
    graph: Graph
    tokens: TokenSource


@asynccontextmanager
async def opened(settings: Settings, *, doorbell: Doorbell = nobody_listens) -> AsyncIterator[Resources]:
    """Open everything a process needs, and close it in the end. Nothing is connected before its first use."""
    key_ring = KeyRing.parse(settings.keys.get_secret_value())
    db = Database(settings.database_url, doorbell=doorbell)
    redis: Redis = Redis.from_url(settings.redis_url)
    async with (
        open_http(trusted=authorities()) as graph_http,
        outbound_client(development=settings.development, trusted=authorities()) as http,
    ):
        base_url = settings.microsoft_graph_url
        graph = Graph(graph_http, permits=Permits(redis), base_url=base_url)
        tokens = TokenSource(db, key_ring, Microsoft.of(settings))
        try:
            yield Resources(db, settings, key_ring, redis, http, graph, tokens)
        finally:
            await redis.aclose()
            await db.close()


@cache
def authorities() -> ssl.SSLContext:
    """Return whom we trust to name the other side; reading the list anew for each client takes its time."""
    return httpx.create_ssl_context()
