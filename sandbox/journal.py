"""Every request made of the local Microsoft, for tests that count."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.log import Body, Command

if TYPE_CHECKING:
    from sandbox.world import World

KEPT = 200_000
RESERVED_AT_ONCE = 1_000


class Journal:
    """The last requests, in memory; their numbers keep rising over a restart."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._seq = self._reserved = 0
        self.appliers = {"journal.reserved": self._up_to}

    def next_seq(self) -> int:
        """Take a number; a ``$batch`` takes its own first and hands it to its items."""
        if self._seq >= self._reserved:
            self._world.commit("journal.reserved", {"up_to": self._seq + RESERVED_AT_ONCE})
        self._seq += 1
        return self._seq

    def add(
        self,
        *,
        mail: str | None,
        method: str,
        path: str,
        status: int,
        batch: int | None = None,
        client_request_id: str | None = None,
        seq: int | None = None,
        at: datetime | None = None,
    ) -> int:
        """Note one answered request; ``path`` has the version in front and no query."""
        seq = seq or self.next_seq()
        entry = {
            "seq": seq,
            "at": (at or self._world.now()).isoformat().replace("+00:00", "Z"),
            "mail": mail,
            "method": method,
            "path": path,
            "status": status,
            "batch": None if batch is None else str(batch),
            "client_request_id": client_request_id,
        }
        self._entries.append(entry)
        return seq

    def entries(self, *, mail: str | None, after: int) -> list[dict[str, Any]]:
        """Return the entries above that number, in the order in which the requests came in."""
        wanted = mail.lower() if mail else None
        found = [
            e
            for e in self._entries
            if e["seq"] > after and (wanted is None or (e["mail"] or "").lower() == wanted)
        ]
        return sorted(found, key=lambda entry: entry["seq"])

    def clear(self) -> None:
        self._entries.clear()

    def snapshot(self) -> Iterator[Command]:
        yield "journal.reserved", {"up_to": self._reserved}

    def _up_to(self, body: Body) -> None:
        # After a restart the numbers up to here may have been given out already.
        if self._world.replaying:
            self._seq = body["up_to"]
        self._reserved = body["up_to"]
