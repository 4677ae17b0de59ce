"""What a process opens once and every engine function may use."""

from dataclasses import dataclass

import httpx
from redis.asyncio import Redis

from app.config import Settings
from app.db import Database
from app.graph.client import Graph
from app.security.seal import KeyRing
from app.sync.tokens import TokenSource


@dataclass(frozen=True, slots=True)
class Resources:
    """The open handles of an API or worker process."""

    db: Database
    settings: Settings
    key_ring: KeyRing
    redis: Redis
    http: httpx.AsyncClient
    graph: Graph
    tokens: TokenSource
