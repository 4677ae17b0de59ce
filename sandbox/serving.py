"""One process, one loop, two doors: HTTP, and HTTPS with a certificate authority of our own."""

import asyncio
import signal
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import trustme
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.main import TRANSPORT

LOOPBACK = ("localhost", "127.0.0.1", "::1")
GRACE_SECONDS = 2
KEEP_ALIVE_SECONDS = 75  # longer than clients keep a connection: none meets a request on its way
BACKLOG = 2048


class Door(HttpToolsProtocol):
    """uvicorn's HTTP, with the transport in reach of a fault that must break the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]


class Server(uvicorn.Server):
    """A server that leaves signals to the process."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def certificate_authority(folder: Path) -> tuple[Path, trustme.CA]:
    """Return the CA kept in the folder, made on the first start, and the path of its certificate."""
    certificate, key = folder / "ca.pem", folder / "ca.key"
    if key.exists() and certificate.exists():
        return certificate, trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    authority = trustme.CA(organization_name="Concord sandbox")
    key.touch(mode=0o600)
    authority.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(certificate)
    return certificate, authority


def doorway(port: int) -> socket.socket:
    """Take a loopback port, or raise OSError; who knocks before the world is open waits."""
    return socket.create_server(("127.0.0.1", port), backlog=BACKLOG)


async def serve(
    app: Starlette, *, http: socket.socket, https: socket.socket | None, authority: trustme.CA
) -> None:
    """Serve until SIGTERM or SIGINT, then let answers under way finish."""
    doors = [(Server(_config(app)), http)]
    if https is not None:
        doors.append((Server(_config(app, authority)), https))
    servers = [server for server, _ in doors]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, servers)
    async with app.router.lifespan_context(app):
        await asyncio.gather(*(server.serve(sockets=[taken]) for server, taken in doors))


def _config(app: Starlette, authority: trustme.CA | None = None) -> uvicorn.Config:
    context = None if authority is None else _tls(authority)
    quiet: dict[str, Any] = {
        "log_level": "warning",
        "access_log": False,
        "lifespan": "off",
        "server_header": False,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
    }
    config = uvicorn.Config(app, http=Door, timeout_graceful_shutdown=GRACE_SECONDS, **quiet)
    if context is not None:
        config.load()
        config.ssl = context
    return config


def _tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*LOOPBACK).configure_cert(context)
    return context


def _stop(servers: list[Server]) -> None:
    for server in servers:
        server.should_exit = True
