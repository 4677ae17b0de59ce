"""How far a record reaches: the links it has, and the mailboxes in whose scope it is.

Links are subtracted in memory: no plan made on stale statistics can go wrong over that (decision 0005).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.ids import new_id
from app.models import Collection
from app.records import task
from app.records.link import LinkState, Role
from app.records.reasons import Reason
from app.sync.bulk import Row
from app.sync.mirrors import role_in
from app.sync.scope import Facts, Scope, scope
from app.sync.scoping import MICROSOFT
from app.sync.settings import over_defaults


@dataclass(frozen=True, slots=True)
class Reached:
    """A link of a record, and how they stand to each other. ``alive``: the record isn't deleted."""

    id: str
    connection_id: str
    collection_id: str
    record_id: str
    state: str
    sends: bool
    alive: bool
    reason: Reason

    @property
    def rests(self) -> bool:
        """Whether its record is as far out of the mailbox's scope as it was."""
        return self.alive and self.state == LinkState.SUSPENDED and self.reason is not Reason.IN_SCOPE

    @property
    def crosses(self) -> bool:
        """Whether the link is to leave its mailbox's scope, or to come back into it."""
        apart = {LinkState.LINKED: False, LinkState.SUSPENDED: True}.get(LinkState(self.state))
        return self.alive and apart is (self.reason is Reason.IN_SCOPE)


@dataclass(frozen=True, slots=True)
class Place:
    """A sending collection in whose scope a record is, and what its item there would be to it."""

    record_id: str
    entity: str
    collection_id: str
    connection_id: str
    role: Role

    def wanted(self, now: datetime) -> Row:
        """Return the row of a link that is still to get its item."""
        return {
            "id": new_id("lnk", now), "connection_id": self.connection_id, "entity": self.entity,
            "collection_id": self.collection_id, "record_id": self.record_id, "role": self.role.value,
            "born": "crm", "state": "wanted", "generation": 1, "graph_means": {}, "shape": 0,
            "seen_round": 0, "failures": 0, "due_at": now, "created_at": now, "updated_at": now,
        }  # fmt: skip


async def reach(
    session: AsyncSession, record_ids: Sequence[str], *, now: datetime
) -> tuple[list[Reached], list[Place]]:
    """Return the links that records have and the places where living ones belong, in one look."""
    values = {"workspace": session.info["workspace"], "ids": sorted(set(record_ids))}
    mailboxes: dict[str, Scope] = {}
    known, places = [], []
    for row in await session.execute(REACH, values):
        reason = scope(_mailbox(row, mailboxes, now=now), _facts(row, role=row.role, met=row.met))
        if row.link_id is not None:
            known.append(
                Reached(
                    row.link_id, row.connection_id, row.collection_id, row.record_id, row.state,
                    row.sends, row.alive, reason,
                )
            )  # fmt: skip
        elif reason is Reason.IN_SCOPE:
            place = Place(row.record_id, row.place, row.collection_id, row.connection_id, Role(row.role))
            places.append(place)
    return known, places


def _mailbox(row: Any, known: dict[str, Scope], *, now: datetime) -> Scope:
    if row.collection_id not in known:
        settings = over_defaults(row.place, row.name, row.defaults or {}, row.chosen or {})
        known[row.collection_id] = settings.scope(row.user, began_at=row.began_at, rules=row.rules, now=now)
    return known[row.collection_id]


def _facts(row: Any, *, role: str, met: bool) -> Facts:
    born_at = row.first_at if row.origin == MICROSOFT else None
    mirror, doc = role == Role.MIRROR, row.doc or {}
    return Facts(
        said=row.said, doc=task.as_event(doc) if mirror else doc, born_at=born_at, rejected=row.rejected,
        met=met, mirror=mirror,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outline:
    """A link as far as scope asks."""

    id: str
    record_id: str
    state: str
    met: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """What a mailbox lacks, which links are to leave it, and the ids of those that come back."""

    lacking: list[Row]
    leaving: list[Outline]
    returning: list[str]


async def survey(session: AsyncSession, collection: Collection, mailbox: Scope, *, now: datetime) -> Survey:
    """Hold all links of a collection, and all records of its user, against its scope."""
    values = {
        "workspace": session.info["workspace"], "user": mailbox.user,
        "entity": collection.entity, "connection": collection.connection_id,
        "shown": [collection.entity, *(["tasks"] if mailbox.tasks else [])],
    }  # fmt: skip
    owned = (await session.execute(OWNED, values)).all()
    links = [Outline(*row) for row in await session.execute(LINKED, values)]
    met = {link.record_id: link.met for link in links}
    inside: dict[str, Role] = {}
    for row in owned:
        role = role_in(collection.entity, of=row.entity)
        if scope(mailbox, _facts(row, role=role, met=met.get(row.record_id, False))) is Reason.IN_SCOPE:
            inside[row.record_id] = role
    return Survey(
        [
            Place(
                record_id, collection.entity, collection.id, collection.connection_id, inside[record_id]
            ).wanted(now)
            for record_id in sorted(inside.keys() - met.keys())
        ],
        [link for link in links if link.state == LinkState.LINKED and link.record_id not in inside],
        [link.id for link in links if link.state in AWAY and link.record_id in inside],
    )


AWAY: Final = frozenset({LinkState.SUSPENDED, LinkState.REMOVED_BY_US})
REACH: Final = text("""
WITH r AS (
    SELECT record_id, entity, origin, first_at, extra - 'metadata' AS said, deleted_at IS NULL AS alive,
           rejected_at IS NOT NULL AS rejected, CASE WHEN entity <> 'contacts' THEN doc END AS doc
    FROM records WHERE workspace_id = :workspace AND record_id = ANY(:ids)
), pairs AS (
    SELECT r.*, l.* FROM r CROSS JOIN LATERAL (
        SELECT id AS link_id, connection_id, collection_id, state, role,
               item_id IS NOT NULL OR linked_at IS NOT NULL AS met
        FROM links WHERE workspace_id = :workspace AND record_id = r.record_id OFFSET 0
    ) AS l
    UNION ALL
    SELECT r.*, NULL, c.connection_id, c.id, NULL,
           CASE WHEN c.entity = r.entity THEN 'main' ELSE 'mirror' END, false
    FROM r
    JOIN owners AS o ON o.workspace_id = :workspace AND o.record_id = r.record_id
    JOIN connections AS n ON n.workspace_id = :workspace AND n."user" = o."user"
    JOIN collections AS c ON c.workspace_id = :workspace AND c.connection_id = n.id
      AND (c.entity = r.entity OR (c.entity = 'calendar' AND r.entity = 'tasks'))
    WHERE r.alive AND c.sends AND c.matched_at IS NOT NULL
)
SELECT p.*, n."user", c.sends, c.created_at AS began_at, w.name, w.rules,
       c.entity AS place, w.defaults -> c.entity AS defaults, s.chosen
FROM pairs AS p
JOIN connections AS n ON n.workspace_id = :workspace AND n.id = p.connection_id
JOIN collections AS c ON c.workspace_id = :workspace AND c.id = p.collection_id
JOIN workspaces AS w ON w.id = :workspace
LEFT JOIN entity_settings AS s ON s.workspace_id = :workspace AND s.connection_id = p.connection_id
  AND s.entity = c.entity
""").columns(said=JSONB, doc=JSONB, rules=JSONB, defaults=JSONB, chosen=JSONB)
OWNED: Final = text("""
SELECT r.record_id, r.entity, r.origin, r.first_at, r.extra - 'metadata' AS said,
       r.rejected_at IS NOT NULL AS rejected,
       CASE WHEN r.entity <> 'contacts' THEN r.doc END AS doc
FROM owners AS o
JOIN records AS r ON r.workspace_id = :workspace AND r.record_id = o.record_id
WHERE o.workspace_id = :workspace AND o."user" = :user AND r.entity = ANY(:shown) AND r.deleted_at IS NULL
""").columns(said=JSONB, doc=JSONB)
LINKED: Final = text("""
SELECT id, record_id, state, item_id IS NOT NULL OR linked_at IS NOT NULL FROM links
WHERE workspace_id = :workspace AND connection_id = :connection AND entity = :entity AND record_id IS NOT NULL
""")
