"""A connection as the API and the feed show it: the account, and each entity with its state and trouble.

The states are worked out from what is stored; nothing here decides anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.graph import scopes
from app.models import Collection, Conflict, Connection, Link, Run, Workspace
from app.states import state
from app.sync import accounts
from app.sync.approvals import Approvals
from app.sync.runs import OPEN
from app.sync.settings import BUILT, EffectiveSettings
from app.sync.workspaces import Workspaces

Json = dict[str, Any]
OFF: Final = frozenset({"not_requested", "not_permitted", "disabled"})
NO_COUNTS: Final = {"linked": 0, "parked": 0, "in_review": 0, "conflicts": 0}


@dataclass(frozen=True, slots=True)
class Around:
    """What bears on the connections of a page, read with a few queries whatever their number."""

    workspace: Workspace
    directions: Mapping[tuple[str, str], str]
    collections: Mapping[tuple[str, str], Collection]
    counts: Mapping[tuple[str, str], Json]
    runs: Mapping[str, str]
    asked: Mapping[str, Run]


async def document_of(session: AsyncSession, connection: Connection, *, now: datetime) -> Json:
    """Return one connection as it is shown, without links that let somebody sign in."""
    return (await documents_of(session, [connection], now=now))[0]


async def documents_of(
    session: AsyncSession, connections: Sequence[Connection], *, now: datetime
) -> list[Json]:
    """Return connections as they are shown, without links that let somebody sign in."""
    around = await _around(session, connections)
    return [_document(connection, around, now=now) for connection in connections]


def _document(connection: Connection, around: Around, *, now: datetime) -> Json:
    unconfirmed = connection.unconfirmed if connection.status == "needs_confirmation" else None
    return {
        "id": connection.id,
        "user": connection.user,
        "status": connection.status,
        "paused": connection.paused,
        "login_hint": connection.login_hint,
        "login_hint_mismatch": connection.login_hint_mismatch,
        "account": accounts.shown(unconfirmed["account"] if unconfirmed else connection.account),
        "authorize_url": None,
        "authorize_url_expires_at": None,
        "connect_url": None,
        "entities": {
            entity: _entity(connection, entity, around, now=now) for entity in _shown(connection, around)
        },
        "created_at": _text(connection.created_at),
        "problem": connection.problem,
        "receipt": connection.receipt if connection.status == "disconnected" else None,
    }


def _shown(connection: Connection, around: Around) -> list[str]:
    wanted = {*around.workspace.entities, *connection.requested}
    return [entity for entity in scopes.ENTITIES if entity in wanted]


def _entity(connection: Connection, entity: str, around: Around, *, now: datetime) -> Json:
    key = connection.id, entity
    collection = around.collections.get(key)
    granted = connection.granted_scopes
    asked = entity in connection.requested
    missing = scopes.missing(entity, granted=granted) if asked and granted is not None else []
    direction = around.directions.get(key, "disabled")
    name = _state(connection, entity, around, missing=missing, direction=direction)
    works = collection is not None and connection.status == "active" and name not in OFF | {"paused"}
    return {
        "state": name,
        "granted": None if granted is None or not asked else not missing,
        "missing_permissions": missing,
        "direction": direction,
        "counts": {**NO_COUNTS, **around.counts.get(key, {})},
        "lag": None,
        "last_success_at": _text(collection.succeeded_at) if collection else None,
        "next_sync_at": _text(collection.poll_at) if works and collection else None,
        "run": around.runs.get(collection.id) if collection else None,
        "problem": _problem(connection, name, collection, around, missing=missing, now=now),
    }


def _state(
    connection: Connection, entity: str, around: Around, *, missing: Sequence[str], direction: str
) -> str:
    """Return an entity's state: what keeps it from syncing, the most basic first, else how it fares."""
    workspace = around.workspace
    if entity not in connection.requested:
        return "not_requested"
    if missing:
        return "not_permitted"
    if direction == "disabled" or entity not in workspace.entities:
        return "disabled"
    if connection.paused or workspace.paused or not workspace.enabled or not workspace.entitled:
        return "paused"
    collection = around.collections.get((connection.id, entity))
    if connection.status != "active":
        return "blocked"
    asked = collection is not None and collection.id in around.asked
    return "awaiting_approval" if asked else _faring(collection)


def _faring(collection: Collection | None) -> str:
    if collection is None or (collection.succeeded_at is None and collection.failures == 0):
        return "initial_sync"
    if collection.problem is not None or collection.failures:
        return "failing"
    if collection.delta_link is None:
        return "resyncing" if collection.matched_at is not None else "initial_sync"
    return "behind" if collection.wanted > collection.served else "in_sync"


def _problem(
    connection: Connection,
    name: str,
    collection: Collection | None,
    around: Around,
    *,
    missing: Sequence[str],
    now: datetime,
) -> Json | None:
    if name == "not_permitted":
        since = connection.connected_at or now
        call = {"method": "POST", "path": f"/v1/connections/{connection.id}/reconnect", "body": None}
        detail = f"Microsoft has not been allowed {', '.join(missing)}."
        return state("permission-missing", since=since, detail=detail, call=call)
    if name == "awaiting_approval" and collection is not None:
        return around.asked[collection.id].problem
    return collection.problem if collection is not None and name not in OFF else None


async def _around(session: AsyncSession, connections: Iterable[Connection]) -> Around:
    ids = [connection.id for connection in connections]
    workspace = await Workspaces(session).get(session.info["workspace"])
    assert workspace is not None  # noqa: S101  whoever has connections is there
    collections = await _collections(session, ids)
    directions = {
        (connection_id, entity): str(settings.direction)
        for entity in BUILT
        for connection_id, settings in (await EffectiveSettings(session).of_many(ids, entity)).items()
    }
    asked = await Approvals(session).open_of([collection.id for collection in collections.values()])
    return Around(
        workspace, directions, collections, await _counts(session, ids), await _runs(session, collections),
        {run.collection_id: run for run in reversed(asked)},
    )  # fmt: skip


async def _collections(session: AsyncSession, ids: Sequence[str]) -> dict[tuple[str, str], Collection]:
    query = select(Collection).where(
        Collection.workspace_id == session.info["workspace"], Collection.connection_id.in_(ids)
    )
    rows = await session.scalars(query, execution_options={"populate_existing": True})
    return {(row.connection_id, row.entity): row for row in rows}


async def _runs(session: AsyncSession, collections: Mapping[Any, Collection]) -> dict[str, str]:
    query = select(Run.collection_id, Run.id).where(
        Run.workspace_id == session.info["workspace"],
        Run.collection_id.in_([collection.id for collection in collections.values()]),
        Run.status.in_(OPEN),
    )
    rows = await session.execute(query.order_by(Run.id.desc()))
    return {row.collection_id: row.id for row in rows}


async def _counts(session: AsyncSession, ids: Sequence[str]) -> dict[tuple[str, str], Json]:
    workspace: str = session.info["workspace"]
    links = (
        select(
            Link.connection_id, Link.entity,
            func.count().filter(Link.state == "linked"),
            func.count().filter(Link.problem.is_not(None)),
            func.count().filter(Link.state == "in_review", Link.record_id.is_(None)),
        )
        .where(Link.workspace_id == workspace, Link.connection_id.in_(ids))
        .group_by(Link.connection_id, Link.entity)
    )  # fmt: skip
    conflicts = (
        select(Conflict.connection_id, Conflict.entity, func.count())
        .where(Conflict.workspace_id == workspace, Conflict.connection_id.in_(ids), Conflict.status == "open")
        .group_by(Conflict.connection_id, Conflict.entity)
    )
    counts: dict[tuple[str, str], Json] = {
        (connection, entity): {"linked": linked, "parked": parked, "in_review": in_review}
        for connection, entity, linked, parked, in_review in await session.execute(links)
    }
    for connection, entity, number in await session.execute(conflicts):
        counts.setdefault((str(connection), entity), {})["conflicts"] = number
    return counts


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment is not None else None
