"""What is about to be sent to a mailbox: one call with the link it is for."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from app.graph.batch import Answer, Call
from app.sync.breaker import Kind
from app.sync.projection import Create, Update
from app.sync.work import Work


@dataclass(frozen=True, slots=True)
class Deletion:
    """The item is to go: its record went or left the scope, and the settings say that it follows."""


Owed = Create | Update | Deletion


@dataclass(frozen=True, slots=True)
class Sending:
    """One call under way: its link, what it writes, what the breaker counts it as, and whom it mails.

    ``series`` makes the calls instead where one call isn't enough: for occurrences, or an online meeting.
    """

    link_id: str
    record_id: str
    write: Owed
    call: Call
    kind: Kind | None
    mails: Sequence[str] = ()
    series: Callable[[Work], Awaitable[Answer]] | None = None
