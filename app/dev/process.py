"""A child process that never outlives us: stopped in time, killed when it hangs, and gone when we are."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SET_PARENT_DEATH_SIGNAL = 1
_libc = ctypes.CDLL(None)

Listener = Callable[[str], None]
Heed = Callable[[], None]  # called while waiting: raises when there is no more reason to wait


class StartError(Exception):
    """A process of the stack did not come up; the message says which and shows its last words."""


def die_with_parent(at_death: signal.Signals, *, parent: int) -> None:
    """Ask the kernel (Linux only) to send us this signal when the thread that started us ends."""
    if sys.platform != "linux":
        return
    _libc.prctl(SET_PARENT_DEATH_SIGNAL, int(at_death), 0, 0, 0)
    if os.getppid() != parent:  # it died between fork and prctl
        os.kill(os.getpid(), at_death)


class Child:
    """One command with a log of its own, in a session of its own so that Ctrl-C reaches only us.

    Start it from the main thread: the kernel ties its life to the thread that forked it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        stop_with: signal.Signals = signal.SIGTERM,
        grace: float = 1.0,
        at_our_death: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.name, self.command, self.log = name, list(command), log
        self.env, self.user = env, user
        self.stop_with, self.grace, self.at_our_death = stop_with, grace, at_our_death
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self, *, heard: Listener | None = None, ended: Listener | None = None, on_terminal: bool = False
    ) -> None:
        """Start it. Each line it prints goes to its log and to ``heard``; ``ended`` is told its name.

        ``on_terminal``: it prints on our own terminal instead, and hears no lines.
        """
        parent = os.getpid()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=None if on_terminal else subprocess.PIPE if heard else log,
                stderr=subprocess.STDOUT,
                env=self.env,
                user=self.user,
                extra_groups=[] if self.user else None,
                start_new_session=True,
                # One call into libc that was looked up beforehand: nothing here takes a lock.
                preexec_fn=lambda: die_with_parent(self.at_our_death, parent=parent),  # noqa: PLW1509
            )
        process = self._process
        if heard:
            threading.Thread(target=self._listen, args=(process, heard), daemon=True).start()
        if ended:
            threading.Thread(target=self._await_end, args=(process, ended), daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def last_words(self, *, lines: int = 8) -> str:
        """Return the end of its log."""
        with contextlib.suppress(FileNotFoundError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def stop(self) -> None:
        """Ask it to end, wait for its grace, then kill it and whatever it left in its session."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(self.stop_with)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.grace)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _listen(self, process: subprocess.Popen[bytes], heard: Listener) -> None:
        assert process.stdout is not None  # noqa: S101
        with process.stdout as lines, self.log.open("ab", buffering=0) as log:
            for line in lines:
                log.write(line)
                heard(line.decode(errors="replace").rstrip())

    def _await_end(self, process: subprocess.Popen[bytes], ended: Listener) -> None:
        process.wait()
        ended(self.name)


class Start(Protocol):
    """Start a process; ``ended`` is told its name when it ends."""

    def __call__(self, *, ended: Listener) -> None: ...


@dataclass(frozen=True)
class Part:
    """One process of a stack, and its place in the order in which they end.

    ``once``: it has an end of its own and isn't started again.
    """

    name: str
    child: Child
    start: Start
    stop: Callable[[], None]
    ends: int = 0
    once: bool = False
