"""The whole stack as processes of their own, started by the supervisor exactly as `concord dev` does."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

START_SECONDS = 120
STOP_SECONDS = 15


class Stack:
    """One `concord dev` with a folder of its own, which outlives it: start it again to continue."""

    def __init__(self, *options: str) -> None:
        self.options = options
        self.folder = Path(tempfile.mkdtemp(prefix="concord-stack-"))
        self.process: subprocess.Popen[bytes] | None = None
        self.dev: dict[str, Any] = {}

    def start(self) -> None:
        command = [sys.executable, "-m", "app.cli", "dev", "--with-parent", "--data", str(self.folder)]
        with (self.folder / "console.log").open("ab") as console:
            self.process = subprocess.Popen(
                [*command, *self.options], stdout=console, stderr=console, stdin=subprocess.DEVNULL
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_published():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"The stack did not start:\n{(self.folder / 'console.log').read_text()}")
            time.sleep(0.05)

    def _is_published(self) -> bool:
        """Say whether the stack says that it runs; what one left that was killed says nothing."""
        try:
            self.dev = json.loads((self.folder / "dev.json").read_text())
        except FileNotFoundError:
            return False
        return self.process is not None and self.dev["pid"] == self.process.pid

    def stop(self, ending: signal.Signals = signal.SIGTERM) -> int:
        """End it as a person would; return its exit code."""
        assert self.process is not None
        self.process.send_signal(ending)
        return self.process.wait(STOP_SECONDS)

    def processes(self) -> list[psutil.Process]:
        assert self.process is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def part(self, name: str) -> psutil.Process:
        """Return the process of a part: api, worker, sandbox, …"""
        words = {"api": ["app.cli", "api"], "worker": ["app.cli", "worker"], "sandbox": ["-m", "sandbox"]}
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                line = process.cmdline()
                if any(line[at : at + 2] == words.get(name, [name]) for at in range(len(line))):
                    return process
                if line and Path(line[0].split(":")[0]).name.startswith(name):
                    return process
        raise AssertionError(f"{name} does not run")

    def remove(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


FOLDER = pytest.StashKey[Path]()
SAID_LINES = 60


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add to a failed story what the service said meanwhile: it may not fail twice."""
    report = yield
    if report.when == "call" and report.failed and FOLDER in item.config.stash:
        for name in ("api.log", "worker.log"):
            lines = (item.config.stash[FOLDER] / "logs" / name).read_text(errors="replace").splitlines()
            report.sections.append((f"The last lines of {name}", "\n".join(lines[-SAID_LINES:])))
    return report


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """The dev.json of one stack for all tests of this process: make your own workspace and people in it."""
    running = Stack("--no-demo")
    try:
        running.start()
        request.config.stash[FOLDER] = running.folder
        yield running.dev
    finally:
        running.remove()


@pytest.fixture
def new_stack() -> Iterator[Callable[..., Stack]]:
    """Make a stack for one test, to kill parts of and to start again."""
    made: list[Stack] = []

    def make(*options: str) -> Stack:
        made.append(Stack(*(options or ("--no-demo",))))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.remove()
