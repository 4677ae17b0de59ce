"""What a path can stand for: an operation for each method, and whose permission it takes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sandbox.graph.wire import Call, Reply

Handler = Callable[[Call], Reply | Awaitable[Reply]]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A call, the permissions of which one is needed, and those that open other people's mailboxes too."""

    handler: Handler
    permissions: frozenset[str]
    shared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """What a path means in a mailbox, before the method is looked at."""

    key: Key
    methods: Mapping[str, Operation]
    folders: tuple[str, ...] = ()
    item: str = ""
