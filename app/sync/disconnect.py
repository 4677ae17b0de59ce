"""Disconnecting: what runs ends, Microsoft is told, the tokens go, and a receipt says what was done.

Links are kept with their ids and bases, so that signing in to the same account again links again instead of
making everything twice. Nothing in the mailbox is touched.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.sql import ColumnElement

from app import clock
from app.db import ring
from app.models import Connection, Link, Record, Subscription, Token
from app.records.link import Role
from app.sync.authorizations import Authorizations
from app.sync.collections import Collections
from app.sync.conflict_rows import Conflicts
from app.sync.connections import Connections
from app.sync.hub import delete_record
from app.sync.links import LIVE
from app.sync.reconsidering import end_questions
from app.sync.records import Records
from app.sync.renew import remove_subscriptions
from app.sync.resources import Resources
from app.sync.routes import Routes
from app.sync.spread import spread
from app.sync.standing import moved
from app.sync.switch import suspend
from app.sync.timers import Timers
from app.sync.tokens import Tokens

KIND: Final = "disconnect"
TURN: Final = timedelta(minutes=1)
LEASES_LAST: Final = 10.0
LOOK: Final = 0.25
PAGE: Final = 200

Json = dict[str, Any]


async def begin_disconnect(
    session: AsyncSession, connection: Connection, *, crm_data: str, now: datetime
) -> None:
    """Take a connection out of work for good; the rest is done in the background. Safe to repeat."""
    if connection.status in {"disconnecting", "disconnected"}:
        return
    was, connection.status, connection.problem = connection.status, "disconnecting", None
    connection.receipt = {"crm_data": crm_data, "crm_deletions_announced": 0}
    await suspend(session, connection.id, now=now)
    await moved(session, connection, was=was, now=now)
    await Timers(session).set(KIND, connection.id, now)
    ring(session, KIND, workspace=connection.workspace_id, target=connection.id)


async def would_do(session: AsyncSession, connection: Connection, *, crm_data: str) -> Json:
    """Return the receipt that disconnecting would end with."""
    here = Subscription.workspace_id == connection.workspace_id, Subscription.connection_id == connection.id
    live = select(func.count()).where(*here, Subscription.graph_id.is_not(None))
    token = exists().where(
        Token.workspace_id == connection.workspace_id, Token.connection_id == connection.id
    )
    born = select(func.count()).where(_born_here_alone(connection))
    return receipt(
        removed=await session.scalar(live) or 0,
        left=0,
        erased=bool(await session.scalar(select(token))),
        announced=(await session.scalar(born) or 0) if crm_data == "delete_imported" else 0,
        finished_at=None,
    )


async def disconnect(resources: Resources, workspace: str, target: str) -> None:
    """Carry a disconnection to its end. Safe to repeat and to kill: each step finds what is left of it."""
    now = clock.now()
    async with resources.db.transaction(workspace) as session:
        connection = await Connections(session).get(target)
        if connection is None or connection.status != "disconnecting":
            await Timers(session).clear(KIND, target)
            return
        if not await Timers(session).claim(KIND, target, now=now, until=now + TURN):
            return
    await _wait_for_leases(resources, workspace, target)
    await end_questions(resources, workspace, target)
    removed, left = await remove_subscriptions(resources, workspace, target)
    await _note(resources, workspace, target, subscriptions_removed=removed, subscriptions_left=left)
    if (connection.receipt or {}).get("crm_data") == "delete_imported":
        while await _delete_a_page(resources, workspace, target):
            pass
    await _end(resources, workspace, target)


def receipt(*, removed: int, left: int, erased: bool, announced: int, finished_at: str | None) -> Json:
    """Return what a disconnection did, in the words of the API."""
    return {
        "subscriptions_removed": removed,
        "subscriptions_left_to_expire": left,
        "tokens_erased": erased,
        "bodies_purged": 0,
        "crm_deletions_announced": announced,
        "microsoft_items_touched": 0,
        "finished_at": finished_at,
    }


async def _wait_for_leases(resources: Resources, workspace: str, target: str) -> None:
    """Let whoever is at work on a collection find out that its epoch is over."""
    for _ in range(round(LEASES_LAST / LOOK)):
        async with resources.db.transaction(workspace) as session:
            collections = await Collections(session).of_connection(target)
        now = clock.now()
        if not any(one.lease_until is not None and one.lease_until > now for one in collections):
            return
        await asyncio.sleep(LOOK)


async def _note(
    resources: Resources, workspace: str, target: str, *, subscriptions_removed: int, subscriptions_left: int
) -> None:
    """Add to the counts; what an earlier attempt did stays counted."""
    async with resources.db.transaction(workspace) as session:
        connection = await Connections(session).locked(target)
        if connection is not None:
            done = connection.receipt or {}
            connection.receipt = {
                **done,
                "removed": done.get("removed", 0) + subscriptions_removed,
                "left": done.get("left", 0) + subscriptions_left,
            }


async def _delete_a_page(resources: Resources, workspace: str, target: str) -> int:
    """Announce the deletion of some records that were born in this mailbox and live in no other."""
    now = clock.now()
    async with resources.db.transaction(workspace) as session:
        connection = await Connections(session).locked(target)
        if connection is None:
            return 0
        query = select(Record.record_id).where(_born_here_alone(connection)).order_by(Record.record_id)
        ids: Sequence[str] = (await session.scalars(query.limit(PAGE))).all()
        records = await Records(session).locked(ids)
        for record in records.values():
            delete_record(session, record, reason="disconnected", connection_id=target, now=now)
        await Conflicts(session).close(list(records), status="obsolete", by="disconnection", now=now)
        await session.flush()
        await spread(session, list(records), now=now)
        done = connection.receipt or {}
        announced = done.get("crm_deletions_announced", 0) + len(records)
        connection.receipt = {**done, "crm_deletions_announced": announced}
        return len(records)


def _born_here_alone(connection: Connection) -> ColumnElement[bool]:
    """Return what makes a record this mailbox's own: first seen here, and linked in no other connection."""
    other = aliased(Link)
    elsewhere = exists().where(
        other.workspace_id == connection.workspace_id,
        other.record_id == Record.record_id,
        other.connection_id != connection.id,
        other.role == Role.MAIN,
        other.state.in_(LIVE),
    )
    return (
        (Record.workspace_id == connection.workspace_id)
        & (Record.origin == "microsoft")
        & (Record.origin_connection == connection.id)
        & Record.deleted_at.is_(None)
        & ~elsewhere
    )


async def _end(resources: Resources, workspace: str, target: str) -> None:
    """Erase the tokens and every way in, and write the receipt."""
    now = clock.now()
    async with resources.db.transaction(workspace) as session:
        connection = await Connections(session).locked(target)
        if connection is None or connection.status != "disconnecting":
            return
        erased = await Tokens(session, resources.key_ring).drop(target)
        await Authorizations(session, resources.key_ring).drop(target)
        await Routes(session).close(workspace, kinds=["connect", "consent"], target=target)
        done = connection.receipt or {}
        connection.receipt = receipt(
            removed=done.get("removed", 0),
            left=done.get("left", 0),
            erased=erased,
            announced=done.get("crm_deletions_announced", 0),
            finished_at=now.isoformat().replace("+00:00", "Z"),
        )
        was, connection.status = connection.status, "disconnected"
        connection.unconfirmed = connection.connect_route = None
        await Timers(session).clear(KIND, target)
        await moved(session, connection, was=was, now=now)
