"""How many of Microsoft's notifications one API process takes in a second, each answered after its commit.

Alone: ``python -m bench.notifications``.
"""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
import psutil

from app.db import Database
from app.dev.services import Postgres, Redis, free_port
from app.migrate import migrate
from app.models import Collection, Route
from app.security.seal import KeyRing, new_key

COLLECTIONS, NOTIFICATIONS, CONNECTIONS = 500, 20_000, 128


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """Start durable services of their own and yield the environment of an API process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        postgres = Postgres(folder / "pg", log=folder / "postgres.log")
        redis = Redis(folder, port=free_port(), password="bench", log=folder / "redis.log")
        postgres.start()
        redis.start()
        migrate(postgres.url("concord_owner"))
        try:
            yield {
                "CONCORD_DATABASE_URL": postgres.url("concord_app"),
                "CONCORD_DATABASE_SWEEP_URL": postgres.url("concord_sweep"),
                "CONCORD_REDIS_URL": redis.url(),
                "CONCORD_KEYS": new_key(),
                "CONCORD_OPERATOR_KEY": "op_only-for-the-benchmark",
                "CONCORD_PUBLIC_URL": "http://127.0.0.1:8000",
                "CONCORD_LOG_LEVEL": "warning",
            }
        finally:
            redis.stop()
            postgres.stop()


async def collections(url: str) -> list[str]:
    """Make collections that hear, and return their routes."""
    db, now = Database(url), datetime.now(UTC)
    async with db.transaction("ws_bench") as session:
        for number in range(COLLECTIONS):
            session.add(
                Collection(
                    workspace_id="ws_bench", id=f"col_{number}", connection_id=f"con_{number}",
                    entity="contacts", hears=True, created_at=now,
                )
            )  # fmt: skip
            session.add(
                Route(
                    route=f"route-{number}", workspace_id="ws_bench", kind="subscription",
                    target=f"col_{number}", expires_at=None,
                )
            )  # fmt: skip
    await db.close()
    return [f"route-{number}" for number in range(COLLECTIONS)]


def requests(key_ring: KeyRing, routes: list[str]) -> list[bytes]:
    """Return notifications as Microsoft posts them, one for each route."""
    posts = []
    for route in routes:
        item = {
            "subscriptionId": "s", "clientState": key_ring.sign(f"graph:{route}"), "changeType": "updated",
            "resource": "Users/1/Contacts/2", "resourceData": {"id": f"item-{route}"},
        }  # fmt: skip
        body = orjson.dumps({"value": [item]})
        head = f"POST /graph/notifications/{route} HTTP/1.1\r\nhost: bench\r\ncontent-length: {len(body)}"
        posts.append(f"{head}\r\n\r\n".encode() + body)
    return posts


async def storm(port: int, posts: list[bytes]) -> tuple[float, list[float]]:
    """Post every notification over some connections; return how long it took, and each answer's wait."""
    todo = iter(range(NOTIFICATIONS))
    waits: list[float] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in todo:
            began = time.perf_counter()
            writer.write(posts[number % len(posts)])
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 202"):
                raise SystemExit(answer.decode())
            waits.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return time.perf_counter() - began, sorted(waits)


@dataclass(frozen=True)
class Storm:
    """What a storm of notifications took: seconds, each answer's wait, and CPU of the API since its start."""

    seconds: float
    waits: list[float]
    cpu: float

    @property
    def rate(self) -> float:
        return NOTIFICATIONS / self.seconds


async def measured(environment: dict[str, str]) -> Storm:
    """Serve and storm."""
    routes = await collections(environment["CONCORD_DATABASE_URL"])
    posts = requests(KeyRing.parse(environment["CONCORD_KEYS"]), routes)
    port = free_port()
    command = [sys.executable, "-m", "app.cli", "api", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | environment)
    try:
        for _ in range(200):
            await asyncio.sleep(0.1)
            if any(held.laddr.port == port for held in psutil.Process(process.pid).net_connections()):
                break
        seconds, waits = await storm(port, posts)
        cpu = sum(psutil.Process(process.pid).cpu_times()[:2])
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()
    return Storm(seconds, waits, cpu)


def stormed() -> Storm:
    """Start services of their own and measure."""
    with services() as found:
        return asyncio.run(measured(found))


if __name__ == "__main__":
    storm_was = stormed()
    print(f"{NOTIFICATIONS:,} notifications for {COLLECTIONS} collections over {CONNECTIONS} connections")
    print(f"  {storm_was.seconds:.2f} s, {storm_was.rate:,.0f} a second")
    waits = storm_was.waits
    print(f"  answers: median {waits[len(waits) // 2] * 1000:.1f} ms, longest {waits[-1] * 1000:.0f} ms")
    print(f"  CPU of the API process since its start: {storm_was.cpu:.1f} s")
