"""Where a smoke test happens: a running stack, a workspace and a person of its own, and a demo CRM."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

from sandbox.demo.sides import Concord, Crm, Json, Outlook, accepted
from sandbox.demo.story import NeverSeenError, Stage, until

START_SECONDS, CRM_SECONDS, STOP_SECONDS = 90.0, 30.0, 15.0
QUICK_SECONDS = 10.0
NAME, USER = "Acme Realty", "agent-1"
DOMAIN = "contoso.example"


class Stack:
    """One `concord dev` on a folder; started again it continues there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.dev_json = folder, folder / "dev.json"
        self.seconds = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._family: dict[int, psutil.Process] = {}

    def start(self) -> Json:
        """Return dev.json once everything answers. Raises NeverSeenError."""
        begun = time.monotonic()
        command = [sys.executable, "-m", "app.cli", "dev", "--with-parent", "--no-demo", "--data"]
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "console.log").open("ab") as console:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [*command, str(self.folder)], stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        until(
            lambda: self.dev_json.exists() or self._ended(),
            what="The stack has started",
            within=START_SECONDS,
        )
        self.seconds = time.monotonic() - begun
        if self._ended():
            raise NeverSeenError(f"The stack ended: {(self.folder / 'console.log').read_text()[-500:]}")
        dev: Json = json.loads(self.dev_json.read_text())
        return dev

    def stop(self, ending: signal.Signals) -> int:
        """Ask it to end; return its exit code. Raises NeverSeenError."""
        if self._process is None:
            return 0
        self.remember_family()
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(ending)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise NeverSeenError(f"The stack has not ended after {STOP_SECONDS:.0f} s.") from None

    def kill(self) -> None:
        """End whatever is left, well or not: the last thing that a smoke test does."""
        self.remember_family()
        if self._process is not None and not self._ended():
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        for one in self.left_running():
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()

    def remember_family(self) -> None:
        """Note which processes are the stack's, to look for them when it has ended."""
        with contextlib.suppress(psutil.NoSuchProcess):
            if self._process is not None:
                me = psutil.Process(self._process.pid)
                self._family |= {one.pid: one for one in [me, *me.children(recursive=True)]}

    def left_running(self) -> list[psutil.Process]:
        """Return what still runs of all that the stack started, and whatever else works in its folder."""
        return [one for one in {*self._family.values(), *working_in(self.folder)} if _alive(one)]

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None


class Scene:
    """``dev`` is the stack's dev.json; the person, the workspace and the CRM are made afresh.

    ``patience`` is how long a row waits for what should come at once.
    """

    def __init__(self, folder: Path, *, stack: Stack | None, dev: Json, contacts: int) -> None:
        self.folder, self.stack, self.dev, self.contacts = folder, stack, dev, contacts
        self.connection = ""
        self.outlook_folder = ""
        self.patience = QUICK_SECONDS
        self._crm: subprocess.Popen[bytes] | None = None
        self._crm_port = free_port()
        operator = Concord(dev["api"], key=dev["operator_key"])
        made = operator.call("POST", "/v1/workspaces", json={"name": NAME, "entities": ["contacts"]})
        operator.http.close()
        self.workspace_key: str = made["key"]["secret"]
        self.mail = f"adele.{secrets.token_hex(4)}@{DOMAIN}"
        person = {"mail": self.mail, "display_name": "Adele Vance"}
        accepted(httpx.post(f"{dev['sandbox']}/_sandbox/users", json=person, timeout=30))
        self.stage = self._set_stage()

    def start_crm(self) -> None:
        """Start the demo CRM, or start it again: it continues with what it has."""
        crm = f"http://127.0.0.1:{self._crm_port}"
        concord = {"CONCORD_URL": self.dev["api"], "CONCORD_WORKSPACE_KEY": self.workspace_key}
        command = [sys.executable, "-m", "sandbox.crm", "--port", str(self._crm_port), "--data"]
        with (self.folder / "crm.log").open("ab") as log:
            self._crm = subprocess.Popen(  # noqa: S603 - our own command
                [*command, str(self.folder / "crm")], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **concord},
            )  # fmt: skip
        until(lambda: answers(f"{crm}/health"), what="The demo CRM answers", within=CRM_SECONDS)

    def stop_crm(self) -> None:
        if self._crm is not None:
            self._crm.terminate()
            self._crm.wait(STOP_SECONDS)
            self._crm = None

    def close(self) -> None:
        """End the demo CRM, and hang up."""
        self.stop_crm()
        self.stage.hang_up()

    def start_again(self) -> None:
        """Start the stack on its folder again."""
        assert self.stack is not None  # noqa: S101 - rows that stop a stack are for one of our own
        self.stage.hang_up()
        self.dev = self.stack.start()
        self.stage = self._set_stage()

    def _set_stage(self) -> Stage:
        return Stage(
            Concord(self.dev["api"], key=self.workspace_key),
            Crm(f"http://127.0.0.1:{self._crm_port}"),
            Outlook(self.dev["sandbox"], mail=self.mail),
            USER,
            folder=NAME,
        )


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


def working_in(folder: Path) -> list[psutil.Process]:
    """Return the processes, but for ourselves, that name this folder or stand in it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            where = [*process.cmdline(), process.cwd()]
            if process.pid != os.getpid() and any(word.startswith(str(folder)) for word in where):
                found.append(process)
    return found


def free_port() -> int:
    """Return a port that nobody has at this moment, below those that outgoing connections take."""
    for _ in range(100):
        port = 20000 + secrets.randbelow(7000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise NeverSeenError("A free port.")


def _alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False
