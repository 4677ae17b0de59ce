"""Ask for a sync: queue the runs that can run, and say of the others what stands in their way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.graph.scopes import missing
from app.models import Collection, Connection, Record, Run, Workspace
from app.states import blocked_by, state
from app.sync.collections import Collections
from app.sync.connections import Connections
from app.sync.runs import Runs
from app.sync.settings import BUILT
from app.sync.spread import want_everywhere
from app.sync.workspaces import Workspaces

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entity that can't run now, with the state that says why and offers the cure."""

    entity: str
    problem: Json


async def ask(
    session: AsyncSession,
    connection: Connection,
    entities: Sequence[str],
    *,
    direction: str,
    full: bool,
    now: datetime,
) -> tuple[list[Run], list[Skipped]]:
    """Queue a run for each entity that can run; one that is queued already is returned, not doubled."""
    workspace = await Workspaces(session).get(session.info["workspace"])
    assert workspace is not None  # noqa: S101  its key was just accepted
    runs: list[Run] = []
    skipped: list[Skipped] = []
    for entity in entities:
        collection = await Collections(session).of(connection.id, entity)
        problem = in_the_way(workspace, connection, entity, collection, now=now)
        if problem is not None or collection is None:
            skipped.append(Skipped(entity, problem or state("sync-disabled", since=now)))
            continue
        run = await Runs(session).queue(
            connection_id=connection.id, collection_id=collection.id, entity=entity, trigger="manual",
            direction=direction, full=full, now=now,
        )  # fmt: skip
        Collections(session).ring([collection.id], now=now)
        runs.append(run)
    return runs, skipped


async def refuse_unless_ready(
    session: AsyncSession, connection_id: str, entity: str, *, now: datetime
) -> None:
    """Raise the state that keeps an entity of a connection from running, if any does."""
    workspace = await Workspaces(session).get(session.info["workspace"])
    connection = await Connections(session).get(connection_id)
    assert workspace is not None  # noqa: S101  its key was just accepted
    assert connection is not None  # noqa: S101  it has runs
    collection = await Collections(session).of(connection_id, entity)
    problem = in_the_way(workspace, connection, entity, collection, now=now)
    if problem is not None:
        raise blocked_by(problem)


async def ask_for_record(session: AsyncSession, record: Record, *, now: datetime) -> Run:
    """Sync one record wherever it belongs, also where its user had removed it; return the first run of it."""
    connections = await Connections(session).of_users([owner["user"] for owner in record.extra["owners"]])
    runs: list[Run] = []
    problems: list[Json] = []
    for connection in connections:
        asked, skipped = await ask(
            session, connection, [record.entity], direction="both", full=False, now=now
        )
        runs, problems = runs + asked, problems + [each.problem for each in skipped]
    if not runs:
        raise blocked_by(problems[0] if problems else state("connection-not-active", since=now))
    await want_everywhere(session, record.record_id, now=now)
    return runs[0]


def in_the_way(
    workspace: Workspace, connection: Connection, entity: str, collection: Collection | None, *, now: datetime
) -> Json | None:
    """Return the state that keeps an entity from running, the most basic first."""
    return out_of_reach(workspace, connection, entity, now=now) or _not_chosen(
        connection, entity, collection, now=now
    )


def out_of_reach(workspace: Workspace, connection: Connection, entity: str, *, now: datetime) -> Json | None:
    """Return the state that keeps Microsoft from being asked about an entity at all."""
    return (
        _inactive(connection, now=now)
        or _switched_off(workspace, connection, entity)
        or _not_allowed(connection, entity, now=now)
    )


def _inactive(connection: Connection, *, now: datetime) -> Json | None:
    if connection.status == "active":
        return None
    return connection.problem or state("connection-not-active", since=now)


def _switched_off(workspace: Workspace, connection: Connection, entity: str) -> Json | None:
    if connection.paused:
        return state("paused", since=connection.updated_at)
    off = {
        "paused": workspace.paused,
        "not-entitled": not workspace.entitled,
        "workspace-disabled": not workspace.enabled,
        "entity-disabled": entity not in workspace.entities,
    }
    return next((state(slug, since=workspace.updated_at) for slug, holds in off.items() if holds), None)


def _not_allowed(connection: Connection, entity: str, *, now: datetime) -> Json | None:
    again = f"/v1/connections/{connection.id}/reconnect"
    call = {"method": "POST", "path": again, "body": {"entities": [entity]}}
    if entity not in connection.requested:
        return state("not-requested", since=now, call=call)
    lacking = missing(entity, granted=connection.granted_scopes or ())
    detail = f"Microsoft has not been allowed {', '.join(lacking)}."
    since = connection.connected_at or now
    return state("permission-missing", since=since, detail=detail, call=call) if lacking else None


def _not_chosen(
    connection: Connection, entity: str, collection: Collection | None, *, now: datetime
) -> Json | None:
    if entity not in BUILT:
        return state("not-built", since=now)
    if collection is not None and (collection.hears or collection.sends):
        return None
    path = f"/v1/connections/{connection.id}/settings/{entity}"
    choose = {"method": "PATCH", "path": path, "body": {"direction": "two_way"}}
    return state("sync-disabled", since=now, call=choose)
