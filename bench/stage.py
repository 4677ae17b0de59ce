"""The stage of every benchmark: a whole stack of processes, a CRM and a person with a mailbox."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil

FOLDER = "Acme Realty"
SCOPES = {"contacts": ["Contacts.ReadWrite"], "calendar": ["Calendars.ReadWrite"]}
Json = dict[str, Any]


def eventually(look: Callable[[], Any], *, within: float = 600, every: float = 0.02) -> Any:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(every)
    raise TimeoutError(f"not within {within} s")


@dataclass(frozen=True)
class Cost:
    """What the worker spent: seconds of wall time and CPU, megabytes at its peak, requests to Microsoft."""

    seconds: float
    cpu: float
    megabytes: float
    http: int
    graph: int


class Stage:
    def __init__(self, dev: Json, data: Path) -> None:
        self.dev, self.data = dev, data
        self.microsoft = httpx.Client(base_url=dev["sandbox"], timeout=120)
        self.operator = httpx.Client(
            base_url=dev["api"], timeout=120, headers={"authorization": f"Bearer {dev['operator_key']}"}
        )

    def control(self, path: str, **body: Any) -> Json:
        answer = self.microsoft.post(f"/_sandbox{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def newcomer(self, *, entity: str = "contacts") -> "Newcomer":
        """Make a workspace with one connected person, nothing switched on."""
        made = self.operator.post("/v1/workspaces", json={"name": FOLDER, "entities": [entity]}).json()
        domain = f"b{uuid4().hex[:8]}.example"
        self.control("/tenants", domain=domain)
        mail = f"ada@{domain}"
        self.control("/users", mail=mail, display_name="Ada Lovelace", mailbox=True, kind="work")
        token = self.control("/tokens", mail=mail, scopes=SCOPES[entity])["access_token"]
        crm = httpx.Client(
            base_url=self.dev["api"],
            timeout=120,
            headers={"authorization": f"Bearer {made['key']['secret']}"},
        )
        many = {"breaker": {"max_creates": 1_000_000}}  # else it asks before so many are created
        crm.patch("/v1/workspace", json=many).raise_for_status()
        body = {"user": "agent-1", "login_hint": mail, "entities": [entity]}
        connection = crm.post("/v1/connections", json=body).json()
        visit = self.control("/sign-in", authorize_url=connection["authorize_url"], mail=mail, grant="all")
        httpx.get(visit["location"], timeout=60)
        outlook = httpx.Client(
            base_url=f"{self.dev['sandbox']}/v1.0/", timeout=120, headers={"authorization": f"Bearer {token}"}
        )
        return Newcomer(self, mail, token, connection["id"], crm, outlook)

    def worker(self) -> psutil.Process:
        for process in psutil.process_iter(["cmdline"]):
            line = " ".join(process.info["cmdline"] or ())
            if "app.cli" in line and line.endswith("worker") and self._ours(process):
                return process
        raise LookupError("no worker")

    def _ours(self, process: psutil.Process) -> bool:
        return any(parent.pid == self.dev["pid"] for parent in process.parents())


@dataclass
class Newcomer:
    """A person with a mailbox, their connection, and the CRM's back end."""

    stage: Stage
    mail: str
    token: str
    connection: str
    crm: httpx.Client
    outlook: httpx.Client

    def make_folder(self) -> str:
        answer = self.outlook.post("me/contactFolders", json={"displayName": FOLDER})
        return str(answer.json()["id"])

    def switch_on(self) -> Json:
        """Choose two-way contacts and wait for the first run to end."""
        path = f"/v1/connections/{self.connection}/settings/contacts"
        chosen = self.crm.patch(path, json={"direction": "two_way", "folder_name": FOLDER}).json()
        return self.ended(chosen["run"])

    def ended(self, run: str) -> Json:
        def look() -> Json | None:
            now: Json = self.crm.get(f"/v1/runs/{run}").json()
            return now if now["status"] not in {"queued", "running"} else None

        return eventually(look, every=0.1)

    def entries(self, *, after: int = 0) -> list[Json]:
        params = {"mail": self.mail, "after": after}
        return self.stage.microsoft.get("/_sandbox/journal", params=params).json()["entries"]

    def measured(self, work: Callable[[], Any]) -> tuple[Any, Cost]:
        """Do the work and say what it cost the worker."""
        worker = self.stage.worker()
        seen = self.entries()
        after = seen[-1]["seq"] if seen else 0
        before, began = worker.cpu_times(), time.monotonic()
        result = work()
        seconds, spent = time.monotonic() - began, worker.cpu_times()
        made = self.entries(after=after)
        cpu = spent.user + spent.system - before.user - before.system
        http = [entry for entry in made if entry["batch"] is None]
        return result, Cost(seconds, cpu, _peak(worker), len(http), len(made))


def _peak(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


@contextmanager
def stage() -> Iterator[Stage]:
    """Start a stack of its own and end it."""
    with tempfile.TemporaryDirectory(prefix="concord-bench-") as folder:
        data = Path(folder)
        command = [sys.executable, "-m", "app.cli", "dev", "--with-parent", "--no-demo", "--data", folder]
        with (data / "console.log").open("wb") as console:
            process = subprocess.Popen(command, stdout=console, stderr=console)
        try:
            eventually(lambda: (data / "dev.json").exists() or process.poll() is not None, within=60)
            yield Stage(json.loads((data / "dev.json").read_text()), data)
        finally:
            process.terminate()
            process.wait(30)
