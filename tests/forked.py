"""Workers forked from one warm process, so that to kill one and start another costs milliseconds.

Run as a program it is that process: it imports the worker once, and forks one for each line it reads.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIE_WITH_PARENT = 1


class Foundry:
    """Makes workers that are told the same as the stack's own."""

    def __init__(self, environment: Mapping[str, str], *, log: Path) -> None:
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, __file__], cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True,
            )  # fmt: skip
        self._living: set[int] = set()

    def worker(self) -> int:
        """Start a worker; return its process id."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        self._living.add(pid)
        return pid

    def kill(self, pid: int) -> None:
        """Kill it without a word."""
        self._living.discard(pid)
        os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        for pid in set(self._living):
            self.kill(pid)
        self._process.communicate("")
        self._process.wait(10)


def _serve() -> None:
    from app.config import Settings
    from app.log import configure
    from app.worker import run

    settings = Settings.read()
    configure(level=settings.log_level, form=settings.log_format)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    libc = ctypes.CDLL(None)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            libc.prctl(DIE_WITH_PARENT, int(signal.SIGKILL), 0, 0, 0)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(2, 1)
            try:
                run(settings)
            finally:
                os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
