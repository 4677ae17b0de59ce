"""What the stack says to the person who started it, without ever waiting for whoever reads it."""

import contextlib
import json
import queue
import re
import threading
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

WORTH_SAYING = re.compile(r"\b(WARN(ING)?|ERROR|CRITICAL|FATAL|PANIC)\b|^\w*(Error|Exception)\b")
COLOURS = {"api": "cyan", "worker": "magenta", "sandbox": "blue", "crm": "green", "demo": "yellow"}


class Voice:
    """Prints from a thread of its own: a pipe that is full or closed drops lines, and holds up nothing."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self._waiting: queue.Queue[RenderableType | None] = queue.Queue(maxsize=500)
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    def say(self, what: RenderableType) -> None:
        """Print this soon."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(what)

    def repeat(self, name: str, line: str, *, everything: bool = False) -> None:
        """Print what a child said if it is a warning or worse; all of it is in the child's log."""
        if sentence := line if everything else worth_saying(line):
            self.say(Text.assemble((f"{name:>8} ", COLOURS.get(name, "white")), sentence))

    def finish(self) -> None:
        """Wait a moment until all is printed."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)
        self._thread.join(timeout=0.5)

    def _speak(self) -> None:
        while (what := self._waiting.get()) is not None:
            with contextlib.suppress(OSError, ValueError):  # nobody reads any more
                self.console.print(what)


def worth_saying(line: str) -> str | None:
    """Return a warning or error as one line for a person, None for anything else."""
    if not line.startswith("{"):
        return line if WORTH_SAYING.search(line) else None
    with contextlib.suppress(ValueError):
        event = json.loads(line)
        if event.get("level") in {"warning", "error", "critical"}:
            rest = event.keys() - {"event", "level", "logger", "timestamp", "exception"}
            ids = " ".join(f"{name}={event[name]}" for name in sorted(rest))
            cause = str(event.get("exception", "")).rstrip().rpartition("\n")[2]
            return " ".join(filter(None, (event["level"], str(event.get("event")), ids, cause)))
    return None


def welcome(contract: dict[str, Any], *, crm: str | None, folder: Path) -> Table:
    """Return everything there is to look at, once the stack answers."""
    api, sandbox = contract["api"], contract["sandbox"]
    table = Table(title="Concord is running. Ctrl-C ends it.", show_header=False, title_justify="left")
    rows = [
        ("API", api),
        ("API documentation", f"{api}/docs"),
        *([("Microsoft (sandbox)", sandbox)] if sandbox else []),
        *((f"Mailbox of {user['user']}", f"{sandbox}/mailbox/{user['mail']}") for user in contract["users"]),
        *([("Demo CRM", crm)] if crm else []),
        ("Addresses and keys", str(folder / "dev.json")),
        ("Logs", str(folder / "logs")),
    ]
    for row in rows:
        table.add_row(*row)
    return table
