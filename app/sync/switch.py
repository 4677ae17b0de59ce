"""Switching a sync on, off or round: what a choice of settings does to collections, links and runs."""

from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Collection, Connection, Link, Run
from app.sync.collections import Collections
from app.sync.links import Links
from app.sync.open_conflicts import ask_again
from app.sync.runs import Runs
from app.sync.timers import Timers

HEARS = ("microsoft_to_crm", "two_way")
SENDS = ("crm_to_microsoft", "two_way")


class Chosen(Protocol):
    """The part of an entity's settings that a switch looks at."""

    @property
    def direction(self) -> str: ...
    @property
    def reach(self) -> tuple[object, ...]: ...


async def settings_changed(
    session: AsyncSession,
    connection: Connection,
    entity: str,
    *,
    before: Chosen,
    after: Chosen,
    now: datetime,
) -> str | None:
    """Follow a change of settings; return the run it starts, if any: the audit at its begin does the rest.

    The collection's epoch moves on, so that of work under way at most the batch in flight still lands.
    """
    await ask_again(session, connection.id, now=now)
    if after.direction == "disabled":
        await switch_off(session, connection.id, entity, now=now)
        return None
    collection = await Collections(session).opened(connection.id, entity, now=now)
    hears, sends = after.direction in HEARS, after.direction in SENDS
    begins_to_hear, begins_to_send = hears and not collection.hears, sends and not collection.sends
    begins = before.direction == "disabled"
    if not (begins or begins_to_hear or begins_to_send or before.reach != after.reach):
        await _steer(session, collection, hears=hears, sends=sends, now=now)
        return None
    if begins:
        await Timers(session).set("subscription", collection.id, now)
    if begins_to_send:
        await Links(session).move(
            Link.collection_id == collection.id, Link.state.in_(("wanted", "linked")), due_at=now
        )
    run = await Runs(session).queue(
        connection_id=connection.id, collection_id=collection.id, entity=entity, now=now,
        trigger="initial" if begins else "settings", full=begins_to_hear,
    )  # fmt: skip
    if begins:
        # Match again; links of an earlier time rest until their item is seen.
        collection.matched_at, collection.problem, collection.failures = None, None, 0
    if begins or begins_to_hear:
        await restart_round(session, collection)
    await _steer(session, collection, hears=hears, sends=sends, now=now)
    return run.id


async def _steer(
    session: AsyncSession, collection: Collection, *, hears: bool, sends: bool, now: datetime
) -> None:
    """Set the direction; whoever works on the collection by the old settings loses it, and it begins anew."""
    collection.hears, collection.sends = hears, sends
    await session.flush()
    await Collections(session).stop([collection.id])
    Collections(session).ring([collection.id], now=now, pull=True)


async def restart_round(session: AsyncSession, collection: Collection) -> None:
    """Forget how far the delta had come: the next round shows everything."""
    collection.delta_link = collection.position = None
    collection.round_full = True
    collection.round += 1
    collection.round_started_at = None
    await session.flush()


async def switch_off(session: AsyncSession, connection_id: str, entity: str, *, now: datetime) -> None:
    """Stop this sync and delete nothing on either side; its links rest with their bases."""
    collection = await Collections(session).of(connection_id, entity)
    if collection is None:
        return
    await Timers(session).set("subscription", collection.id, now)
    await _rest(session, [collection], now=now)
    collection.hears = collection.sends = False
    await session.flush()


async def suspend(session: AsyncSession, connection_id: str, *, now: datetime) -> None:
    """Take every collection of a connection out of work: it is being disconnected."""
    await _rest(session, list(await Collections(session).of_connection(connection_id)), now=now)


async def _rest(session: AsyncSession, collections: list[Collection], *, now: datetime) -> None:
    """Rest in the order in which everybody locks: links, runs, collections."""
    ids = [collection.id for collection in collections]
    links = Links(session)
    await links.move(Link.collection_id.in_(ids), Link.state == "linked", state="suspended")
    await links.move(Link.collection_id.in_(ids), due_at=None)
    await Runs(session).cancel_all(Run.collection_id.in_(ids), now=now)
    await Collections(session).stop(ids)


async def connection_changed(session: AsyncSession, connection: Connection, *, now: datetime) -> None:
    """Follow a connection that became able to sync again, or no longer is."""
    collections = Collections(session)
    on = [c.id for c in await collections.of_connection(connection.id) if c.hears or c.sends]
    if connection.status == "active" and not connection.paused:
        for collection_id in on:
            await Timers(session).set("subscription", collection_id, now)
        collections.ring(on, now=now, pull=True)
    else:
        await collections.stop(on)
