"""The world of the sandbox: everything Microsoft would know, on one machine.

State lives in *parts*. A part is changed only by commands: ``world.commit(kind, body)`` appends the
command to the log and applies it, so reading the log again rebuilds the same state. Appliers are
therefore pure in (state, body): no clock, no randomness, no I/O; whatever is random or dated is put
into the body by the caller, who has also checked that the command is allowed.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.clock import Clock
from sandbox.directory import Directory, Person
from sandbox.errors import unauthenticated
from sandbox.faults import Faults
from sandbox.grants import Grants
from sandbox.journal import Journal
from sandbox.log import Body, Command, Log
from sandbox.outbox import Outbox
from sandbox.settings import KeptSettings, Settings

if TYPE_CHECKING:
    from sandbox.graph.exchange import Exchange

Applier = Callable[[Body], Any]
COMPACT_ABOVE = 16 * 1024 * 1024
COMPACT_WHEN_LONGER = 3


class Part(Protocol):
    """A piece of state that the log can rebuild."""

    @property
    def appliers(self) -> Mapping[str, Applier]: ...

    def clear(self) -> None:
        """Forget everything (POST /_sandbox/reset)."""

    def snapshot(self) -> Iterator[Command]:
        """Yield commands that rebuild the present state from nothing."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A valid access token, as Graph sees it: the scopes are bare names such as ``Contacts.ReadWrite``."""

    value: str
    person: Person | None
    app_id: str
    tenant_id: str
    scopes: frozenset[str]
    roles: frozenset[str]
    expires_at: datetime


class World:
    """Everything there is. Graph's ``mount`` sets ``exchange``, by which the controls reach mailboxes."""

    exchange: "Exchange"

    def __init__(self, folder: Path | None = None) -> None:
        self.log = Log(folder)
        self.replaying = True
        self.clock = Clock()
        self.directory = Directory()
        self.grants = Grants()
        self.kept_settings = KeptSettings()
        self.outbox = Outbox()
        self.journal = Journal(self)
        self.faults = Faults(lambda: self.settings.latency_ms)
        self.clock_moved: list[Callable[[], None]] = []
        self.ca_path: Path | None = None
        self.backgrounds: list[Callable[[], Awaitable[None]]] = []
        self.found: Callable[[], None] = lambda: None
        self._parts: list[Part] = []
        self._appliers: dict[str, Applier] = {}
        for part in (self.clock, self.directory, self.grants, self.kept_settings, self.outbox, self.journal):
            self.add(part)

    @property
    def settings(self) -> Settings:
        return self.kept_settings.now

    def now(self) -> datetime:
        """Return the sandbox's time, aware and in UTC."""
        return self.clock.now()

    def add(self, part: Part) -> None:
        """Make a part's state survive: before the world is opened, never after."""
        if not self.replaying:
            raise RuntimeError("A part was added after the log was read.")
        if taken := self._appliers.keys() & part.appliers.keys():
            raise RuntimeError(f"Two parts want the commands {sorted(taken)}.")
        self._parts.append(part)
        self._appliers.update(part.appliers)

    def open(self) -> None:
        """Rebuild the state from the log, shorten a log that is mostly history, then take commands."""
        read = 0
        for kind, body in self.log.read():
            self._appliers[kind](body)
            read += 1
        self.replaying = False
        if self.log.size > COMPACT_ABOVE and read > COMPACT_WHEN_LONGER * sum(1 for _ in self._snapshot()):
            self.compact()
        self.found()

    def commit(self, kind: str, body: Body) -> Any:
        """Write a command to the log, then apply it and return what its applier returns.

        When this returns, killing the process can't undo it. ``body`` is plain JSON (no dates, no sets)
        and belongs to the world from now on: appliers may keep it.
        """
        if self.replaying:
            raise RuntimeError("The world is not open yet.")
        applier = self._appliers[kind]
        self.log.append(kind, body)
        return applier(body)

    def reset(self) -> None:
        """Begin again with the world as it was founded; only time stays."""
        for part in self._parts:
            part.clear()
        self.faults.clear()
        self.compact()
        self.found()

    def compact(self) -> None:
        self.log.rewrite(self._snapshot())

    def close(self) -> None:
        self.log.close()

    def person(self, name: str) -> Person | None:
        """Return the person with that object id or mail address, in any letter case."""
        return self.directory.person(name)

    def bearer(self, header: str | None) -> AccessToken:
        """Return the token of an Authorization header, or raise Graph's 401."""
        scheme, _, value = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not value.strip():
            raise unauthenticated("Access token is empty.")
        issued = self.grants.issued.get(value.strip())
        if issued is None:
            raise unauthenticated("CompactToken parsing failed with error code: 80049217")
        if issued.expires_at <= self.now():
            raise unauthenticated("Lifetime validation failed, the token is expired.")
        return AccessToken(
            value=issued.value,
            person=self.directory.people.get(issued.oid) if issued.oid else None,
            app_id=issued.app_id,
            tenant_id=issued.tenant_id,
            scopes=issued.scopes,
            roles=issued.roles,
            expires_at=issued.expires_at,
        )

    def _snapshot(self) -> Iterator[Command]:
        for part in self._parts:
            yield from part.snapshot()
