"""What a stack chooses once and keeps in ``.concord/state.json``: its ports, keys and workspace."""

import contextlib
import os
import secrets
import uuid
from collections.abc import Iterable
from pathlib import Path

import msgspec

from app.dev.services import answers, free_port
from app.security.seal import new_key

PORTS = ("api", "sandbox", "sandbox_tls", "redis", "crm")


class Workspace(msgspec.Struct, frozen=True):
    """The workspace that the stack made for itself."""

    id: str
    key: str


class State(msgspec.Struct):
    """Chosen at the first start; a later start continues with the same."""

    ports: dict[str, int]
    keys: str
    operator_key: str
    client_id: str
    client_secret: str
    redis_password: str
    workspace: Workspace | None = None


def chosen(folder: Path) -> State:
    """Return what this folder's stack chose before, or choose now; a port taken meanwhile is replaced."""
    path = folder / "state.json"
    if path.exists():
        state = msgspec.json.decode(path.read_bytes(), type=State)
    else:
        state = State(
            ports={},
            keys=new_key(),
            operator_key=f"op_{secrets.token_urlsafe(32)}",
            client_id=str(uuid.uuid4()),
            client_secret=secrets.token_urlsafe(30),
            redis_password=secrets.token_urlsafe(24),
        )
    state.ports = free_ports(PORTS, wanted=state.ports)
    keep(state, folder=folder)
    return state


def free_ports(names: Iterable[str], *, wanted: dict[str, int]) -> dict[str, int]:
    """Return a free port for each name, the wanted one where nobody else has it."""
    ports: dict[str, int] = {}
    for name in names:
        port = wanted.get(name)
        while port is None or port in ports.values() or answers(port):
            port = free_port()
        ports[name] = port
    return ports


def keep(state: State, *, folder: Path) -> None:
    """Write the state down."""
    write_private(folder / "state.json", state)


def write_private(path: Path, document: object) -> None:
    """Replace a JSON file as a whole; nobody but its owner reads it."""
    unfinished = path.with_name(f"{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        unfinished.unlink()
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    unfinished.replace(path)
