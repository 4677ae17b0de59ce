"""The switches a test may set (POST /_sandbox/settings)."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from sandbox.log import Body, Command


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    latency_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0
    contacts_page_size: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 10
    throttle: bool = True
    notifications: bool = True
    require_https_notifications: bool = False


class KeptSettings:
    """The settings in force, as a part of the world that outlives a restart."""

    def __init__(self) -> None:
        self.now = Settings()
        self.appliers = {"settings.changed": self._changed}

    def changed(self, changes: Body) -> Body:
        """Return all settings after these changes, or raise msgspec.ValidationError."""
        after: Body = msgspec.to_builtins(msgspec.convert(msgspec.to_builtins(self.now) | changes, Settings))
        return after

    def clear(self) -> None:
        self.now = Settings()

    def snapshot(self) -> Iterator[Command]:
        yield "settings.changed", msgspec.to_builtins(self.now)

    def _changed(self, body: Body) -> None:
        self.now = msgspec.convert(body, Settings)
