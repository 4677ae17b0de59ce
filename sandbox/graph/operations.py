"""What a path can stand for: an operation for each method, and whose permission it takes."""

from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass

from sandbox.graph.errors import not_built, unknown_segment
from sandbox.graph.wire import Call, Reply

Handler = Callable[[Call], Reply | Awaitable[Reply]]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A call, the permissions of which one is needed, and those that open other people's mailboxes too."""

    handler: Handler
    permissions: frozenset[str]
    shared: frozenset[str] = frozenset()


def missing(what: str, permissions: frozenset[str]) -> Operation:
    """Return the operation that says: Microsoft has this, and the sandbox has not."""

    def refuse(_call: Call) -> Reply:
        raise not_built(what)

    return Operation(refuse, permissions)


@dataclass(frozen=True, slots=True)
class Found:
    """What a path means in a mailbox, before the method is looked at."""

    key: Key
    methods: Mapping[str, Operation]
    folders: tuple[str, ...] = ()
    item: str = ""
    part: str = ""


class Table:
    """The paths of a kind of resource: keys of names and of placeholders such as ``{event}``."""

    def __init__(self, table: Mapping[Key, Mapping[str, Operation]], *, missing: Container[str]) -> None:
        self.table, self.missing = table, missing
        self.beginnings = {key[:length] for key in table for length in range(1, len(key) + 1)}
        self.placeholders = sorted({name for key in table for name in key if name.startswith("{")})

    def read(self, segments: tuple[str, ...]) -> tuple[Key, dict[str, str]]:
        """Return the key a path stands for and what its placeholders hold.

        Raises Graph's 400, or 501 for what Microsoft has and the sandbox has not.
        """
        key: Key = ()
        named: dict[str, str] = {}
        for part in segments:
            if part.lower() in self.missing:
                raise not_built("/".join(segments))
            longer = self._longer(key, part)
            if longer is None:
                raise unknown_segment(part)
            if longer[-1].startswith("{"):
                named[longer[-1]] = part
            key = longer
        if key not in self.table:
            raise unknown_segment(segments[-1])
        return key, named

    def _longer(self, key: Key, part: str) -> Key | None:
        """Return the key with one part more, by its name or as what a placeholder holds."""
        wanted = (part.lower(), *self.placeholders) if part else ()
        return next(((*key, name) for name in wanted if (*key, name) in self.beginnings), None)
