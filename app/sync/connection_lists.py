"""Lists of connections by how their entities fare, which is worked out and not stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Connection
from app.states import slug_of
from app.sync.connection_document import documents_of
from app.sync.connections import Connections, Wanted

PAGE: Final = 200
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a connection's document must show; None: whatever it is."""

    entity: str | None = None
    state: str | None = None
    problem: str | None = None

    @property
    def anything(self) -> bool:
        """Whether every document will do."""
        return (self.entity, self.state, self.problem) == (None, None, None)

    def fits(self, document: Json) -> bool:
        """Say whether this is a document that is sought."""
        there = [shown for name, shown in document["entities"].items() if self.entity in {None, name}]
        if self.state != "not_requested":
            there = [shown for shown in there if shown["state"] != "not_requested"]
        in_state = any(self.state in {None, shown["state"]} for shown in there)
        troubles = [document["problem"], *(shown["problem"] for shown in there)]
        return in_state and (self.problem is None or self.problem in {slug_of(one) for one in troubles})


async def sought(
    session: AsyncSession,
    wanted: Wanted,
    seek: Sought,
    *,
    beyond: str | None,
    limit: int,
    now: datetime,
) -> list[tuple[Connection, Json]]:
    """Return the next connections that are wanted and sought, with their documents."""
    found: list[tuple[Connection, Json]] = []
    size = limit if seek.anything else max(limit, PAGE)
    while len(found) < limit:
        page: Sequence[Connection] = await Connections(session).page(wanted, beyond=beyond, limit=size)
        documents = await documents_of(session, page, now=now) if page else []
        pairs = zip(page, documents, strict=True)
        found += [(one, document) for one, document in pairs if seek.anything or seek.fits(document)]
        if len(page) < size:
            break
        beyond = page[-1].id
    return found[:limit]
