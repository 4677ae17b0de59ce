"""What a development stack is made of, and in which order its parts start and end."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx

from app.dev.microsoft import Microsoft
from app.dev.people import settle_people, settle_workspace
from app.dev.process import Child, Heed, Part, Start, StartError
from app.dev.services import Postgres, Redis
from app.dev.state import State, chosen, keep, write_private
from app.dev.voice import Voice, welcome
from app.graph.calls import MARK_PROPERTY

# The order in which parts end, and how many seconds each has for it; together less than five.
GRACE = {"api": 1.2, "worker": 0.8, "demo": 0.2, "crm": 0.2, "sandbox": 0.4, "redis": 0.2, "postgres": 1.5}
READY_SECONDS = 60
CONCORD = [sys.executable, "-m", "app.cli"]


class Parts:
    """The parts of one stack, wired to each other by its state; each runs with a log of its own."""

    def __init__(self, folder: Path, *, demo: bool, microsoft: Path | None, voice: Voice) -> None:
        self.folder, self.demo, self.voice = folder, demo, voice
        self.state: State = chosen(folder)
        self.logs = folder / "logs"
        self.logs.mkdir(exist_ok=True)
        self.own_sandbox = microsoft is None
        self.microsoft = (
            Microsoft.read(microsoft) if microsoft else Microsoft.sandbox(self.state, folder=folder)
        )
        self.postgres = Postgres(folder / "postgres", log=self._log("postgres"), grace=GRACE["postgres"])
        self.redis = Redis(
            folder / "redis",
            port=self.state.ports["redis"],
            password=self.state.redis_password,
            log=self._log("redis"),
            grace=GRACE["redis"],
        )
        self.api_url = f"http://127.0.0.1:{self.state.ports['api']}"
        self.crm_url = f"http://127.0.0.1:{self.state.ports['crm']}"
        self.dev_json = folder / "dev.json"
        self.users: list[dict[str, str]] = []

    def steps(self) -> Iterator[Part | Callable[[Heed], None]]:
        """Yield, in order, the parts to start and what to do in between."""
        self.withdraw()
        if self.own_sandbox:
            yield self._program("sandbox", *self._sandbox_command(), env=self._sandbox_environment())
        if "CONCORD_DATABASE_URL" not in os.environ:
            yield self._part(self.postgres.child, self.postgres.start, self.postgres.stop)
        if "CONCORD_REDIS_URL" not in os.environ:
            yield self._part(self.redis.child, self.redis.start, self.redis.stop)
        environment = self._service_environment()
        yield partial(up_to_date, environment["CONCORD_DATABASE_OWNER_URL"])
        if self.own_sandbox:
            yield partial(answering, f"{self.microsoft.control}/_sandbox/health")
        port = str(self.state.ports["api"])
        yield self._program("api", *CONCORD, "api", "--port", port, "--grace", "1", env=environment)
        yield self._program("worker", *CONCORD, "worker", env=environment)
        yield partial(answering, f"{self.api_url}/livez")
        yield lambda _heed: self._settle()
        yield lambda _heed: self._publish()
        if self.demo:
            yield from self._demonstration()

    def withdraw(self) -> None:
        """Take back the file that says the stack runs."""
        self.dev_json.unlink(missing_ok=True)

    def _demonstration(self) -> Iterator[Part]:
        python, port = sys.executable, str(self.state.ports["crm"])
        environment = {
            **os.environ,
            "CONCORD_URL": self.api_url,
            "CONCORD_WORKSPACE_KEY": self._workspace.key,
            "CONCORD_DEV_JSON": str(self.dev_json.absolute()),
            "CONCORD_DEMO_CRM_URL": self.crm_url,
        }
        where = ["--port", port, "--data", str(self.folder / "crm")]
        yield self._program("crm", python, "-m", "sandbox.crm", *where, env=environment)
        yield self._program("demo", python, "-m", "sandbox.demo", env=environment, once=True)

    def _program(self, name: str, *command: str, env: dict[str, str], once: bool = False) -> Part:
        env = {**env, "PYTHONUNBUFFERED": "1"}
        child = Child(name, command, log=self._log(name), env=env, grace=GRACE[name])
        if once and sys.stdout.isatty():  # the demo shows what moves
            return self._part(child, partial(child.start, on_terminal=True), child.stop, once=once)
        # What the demo says is its purpose; of the others a person wants to see warnings and errors.
        heard = partial(self.voice.repeat, name, everything=once)
        return self._part(child, partial(child.start, heard=heard), child.stop, once=once)

    @staticmethod
    def _part(child: Child, start: Start, stop: Callable[[], None], *, once: bool = False) -> Part:
        return Part(child.name, child, start, stop, ends=list(GRACE).index(child.name), once=once)

    def _log(self, name: str) -> Path:
        """Return the log of a part, the one of the run before set aside."""
        log = self.logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".previous.log"))
        return log

    def _sandbox_command(self) -> list[str]:
        ports, data = self.state.ports, self.folder / "sandbox"
        data.mkdir(exist_ok=True)
        where = [
            "--port",
            str(ports["sandbox"]),
            "--tls-port",
            str(ports["sandbox_tls"]),
            "--data",
            str(data),
        ]
        return [sys.executable, "-m", "sandbox", *where, "--redirect-uri", f"{self.api_url}/oauth/callback"]

    def _sandbox_environment(self) -> dict[str, str]:
        ours = {
            "SANDBOX_CLIENT_ID": self.microsoft.client_id,
            "SANDBOX_CLIENT_SECRET": self.microsoft.client_secret,
        }
        return {**os.environ, **ours}

    def _service_environment(self) -> dict[str, str]:
        """Return what the API and the worker are told; databases named in our own environment come first."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONCORD_")}
        embedded = {
            "CONCORD_DATABASE_URL": self.postgres.url("concord_app"),
            "CONCORD_DATABASE_SWEEP_URL": self.postgres.url("concord_sweep"),
            "CONCORD_DATABASE_OWNER_URL": self.postgres.url("concord_owner"),
        }
        if "CONCORD_DATABASE_URL" in os.environ:
            missing = [name for name in embedded if name not in os.environ]
            if missing:
                raise StartError(f"CONCORD_DATABASE_URL is set, so {' and '.join(missing)} must be too.")
            embedded = {name: os.environ[name] for name in embedded}
        logging = {name: value for name, value in os.environ.items() if name.startswith("CONCORD_LOG_")}
        return {
            **inherited,
            **embedded,
            **logging,
            "CONCORD_REDIS_URL": os.environ.get("CONCORD_REDIS_URL") or self.redis.url(),
            "CONCORD_KEYS": self.state.keys,
            "CONCORD_OPERATOR_KEY": self.state.operator_key,
            "CONCORD_PUBLIC_URL": self.api_url,
            "CONCORD_DEVELOPMENT": "true",
            **self.microsoft.environment(browser=self.microsoft.control if self.own_sandbox else None),
        }

    def _settle(self) -> None:
        try:
            if self.microsoft.control:
                self.users = settle_people(self.microsoft.control)
            self._workspace = settle_workspace(
                self.api_url, operator_key=self.state.operator_key, known=self.state.workspace
            )
        except httpx.HTTPError as error:
            raise StartError(f"{error.request.method} {error.request.url}: {error}") from error
        if self._workspace != self.state.workspace:
            self.state.workspace = self._workspace
            keep(self.state, folder=self.folder)

    def _publish(self) -> None:
        """Say, to programs and to the person who waits, that everything answers."""
        contract = {
            "api": self.api_url,
            "sandbox": self.microsoft.control,
            "operator_key": self.state.operator_key,
            "workspace_id": self._workspace.id,
            "workspace_key": self._workspace.key,
            "users": self.users,
            "mark_property": MARK_PROPERTY,
            "pid": os.getpid(),
        }
        write_private(self.dev_json, contract)
        self.voice.say(welcome(contract, crm=self.crm_url if self.demo else None, folder=self.folder))


def up_to_date(owner_url: str, _heed: Heed) -> None:
    """Migrate the database."""
    # Imported here because it takes most of a second, in which the first processes start already.
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from app.migrate import migrate  # noqa: PLC0415

    try:
        migrate(owner_url)
    except (OSError, SQLAlchemyError) as error:
        raise StartError(f"The database can't be migrated: {error}") from error


def answering(url: str, heed: Heed) -> None:
    """Wait until this URL answers well; heed meanwhile what else happens."""
    deadline = time.monotonic() + READY_SECONDS
    with httpx.Client(timeout=2) as client:
        while time.monotonic() < deadline:
            heed()
            try:
                if client.get(url).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.03)
    raise StartError(f"{url} does not answer after {READY_SECONDS} s.")
