"""`concord dev`: start the whole stack in order, keep it alive, end it in order, leave nothing behind."""

import contextlib
import fcntl
import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol

from app.dev.process import Heed, Part, StartError
from app.dev.voice import Voice

STOP = "stop"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FIRST_WAIT, LONGEST_WAIT = 0.2, 15.0
STEADY_SECONDS = 10.0


class Steps(Protocol):
    """A stack: what starts in which order, and what says that it runs."""

    def steps(self) -> Iterable[Part | Callable[[Heed], None]]: ...

    def withdraw(self) -> None: ...


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Somebody asked the stack to end while it was starting."""


@dataclass
class Wait:
    """How long to wait before a part that keeps ending is started again."""

    seconds: float = FIRST_WAIT
    started: float = 0.0
    due: float | None = None

    def ended(self, *, at: float) -> None:
        if at - self.started > STEADY_SECONDS:
            self.seconds = FIRST_WAIT
        self.due, self.seconds = at + self.seconds, min(self.seconds * 2, LONGEST_WAIT)


class Supervisor:
    """Knows which parts run, and what to do when one ends or somebody asks all to end."""

    def __init__(self, parts: Steps, *, voice: Voice) -> None:
        self.parts, self.voice = parts, voice
        self.stopping = False
        self._heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._running: dict[str, Part] = {}
        self._waits: dict[str, Wait] = {}

    def run(self) -> None:
        """Start everything, watch it until somebody asks it to end, and end it whatever happened."""
        with self._listening_to_signals():
            try:
                self._start()
                self._watch()
            except Stopped:
                self.voice.say("Stopped while starting.")
            finally:
                self.stopping = True
                self._end()

    def _start(self) -> None:
        for step in self.parts.steps():
            self._heed()
            if isinstance(step, Part):
                self._running[step.name] = step
                self._launch(step)
            else:
                step(self._heed)

    def _launch(self, part: Part) -> None:
        self._waits.setdefault(part.name, Wait()).started = time.monotonic()
        part.start(ended=self._heard.put)

    def _heed(self) -> None:
        """Raise if the stack is to end, or if a part that it waits for has ended."""
        if self.stopping:
            raise Stopped
        while not self._heard.empty():
            name = self._heard.get()
            child = self._running[name].child
            raise StartError(f"{name} ended with {child.exit_code}:\n{child.last_words()}")

    def _watch(self) -> None:
        while not self.stopping:
            try:
                name = self._heard.get(timeout=self._until_next_start())
            except queue.Empty:
                self._start_what_is_due()
            else:
                self._note_end(name)

    def _note_end(self, name: str) -> None:
        part = self._running.get(name)
        if part is None or part.child.running:
            return
        if part.once:
            self.voice.say(f"{name} ended with {part.child.exit_code}.")
            return
        self._waits[name].ended(at=time.monotonic())
        self.voice.say(f"{name} ended with {part.child.exit_code}; it is started again.")

    def _until_next_start(self) -> float | None:
        due = [wait.due for wait in self._waits.values() if wait.due is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _start_what_is_due(self) -> None:
        for name, wait in self._waits.items():
            if wait.due is None or wait.due > time.monotonic():
                continue
            wait.due = None
            try:
                self._launch(self._running[name])
            except StartError as error:
                self.voice.say(str(error))
                wait.ended(at=time.monotonic())

    def _end(self) -> None:
        """Take back what says that the stack runs, then end the parts, those that others need last."""
        self.parts.withdraw()
        for part in sorted(self._running.values(), key=lambda part: part.ends):
            part.stop()

    @contextlib.contextmanager
    def _listening_to_signals(self) -> Iterator[None]:
        """Install handlers of our own: a script's background process starts with SIGINT ignored."""
        before = {
            number: signal.signal(number, self._asked_to_end)
            for number in ENDINGS
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN  # nohup means it
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked_to_end(self, number: int, _frame: FrameType | None) -> None:
        if self.stopping and number == signal.SIGINT:  # asked twice: at once. The kernel ends our children
            os._exit(130)
        self.stopping = True
        self._heard.put(STOP)


@contextlib.contextmanager
def only_stack_of(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the kernel takes back however we end."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise StartError(f"A stack already runs on {folder} (process {lock.read().strip()}).") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def run(make_parts: Callable[[Voice], Steps], *, folder: Path) -> int:
    """Run the stack of this folder until it is asked to end; return the exit code."""
    voice = Voice()
    try:
        with only_stack_of(folder):
            Supervisor(make_parts(voice), voice=voice).run()
    except StartError as error:
        voice.finish()
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    voice.finish()
    return 0
