"""Whose mailbox a connection is: who signed in is taken, held for confirmation, or turned away."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import MailboxAlreadyConnected, NothingToConfirm
from app.graph.account import Account
from app.graph.auth import Grant, SignedIn
from app.models import Connection, Link
from app.security.seal import KeyRing
from app.sync.accounts import kept
from app.sync.collections import Collections
from app.sync.connections import Connections
from app.sync.links import Links
from app.sync.reconsidering import forget_questions
from app.sync.resources import Resources
from app.sync.runs import Runs
from app.sync.standing import falls, stands, tell, told
from app.sync.switch import restart_round, suspend
from app.sync.tokens import Tokens

TAKEN = "mailbox-already-connected"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who signed in: their tokens, their account, and whether it has a mailbox."""

    signed_in: SignedIn
    account: Account
    has_mailbox: bool


async def settle_identity(
    session: AsyncSession, resources: Resources, connection: Connection, arrival: Arrival, *, now: datetime
) -> str | None:
    """Take the account if it is the expected one; return the problem's slug where that isn't all.

    Another account than the hint, or than before, is only shown: its tokens wait, sealed, for confirmation.
    """
    if connection.status == "disconnecting":
        return "authorization-expired"
    if arrival.signed_in.grant.refresh_token is None:
        return await _turned_away(
            session, connection, "sign-in-declined", now=now,
            detail="Concord may not keep its access: that permission was declined.",
        )  # fmt: skip
    if not _expected(connection, arrival):
        await _hold(session, resources.key_ring, connection, arrival, now=now)
        return "account-not-confirmed"
    if connection.oid is None:
        connection.login_hint_mismatch = False
    granted = list(arrival.signed_in.grant.scopes)
    identity = {"tenant_id": arrival.signed_in.tenant_id, "oid": arrival.signed_in.oid}
    held = {**identity, "account": kept(arrival.account), "scopes": granted, "mailbox": arrival.has_mailbox}
    grant = arrival.signed_in.grant
    return await _taken(session, resources.key_ring, connection, held, grant, now=now)


async def confirm(
    session: AsyncSession, resources: Resources, connection: Connection, email: str, *, now: datetime
) -> None:
    """Take the account that waits for confirmation, if it is the one that is named."""
    held = connection.unconfirmed
    if connection.status != "needs_confirmation" or held is None:
        raise NothingToConfirm
    if held["account"]["email"].casefold() != email.strip().casefold():
        raise NothingToConfirm("This is not the account that waits for confirmation.")
    grant = _opened(resources.key_ring, connection, held, now=now)
    if await _taken(session, resources.key_ring, connection, held, grant, now=now) == TAKEN:
        raise MailboxAlreadyConnected


def _expected(connection: Connection, arrival: Arrival) -> bool:
    """Say whether this is the account of before, or where there is none, the hinted one or any."""
    if connection.oid is not None:
        signed_in = arrival.signed_in
        return (connection.tenant_id, connection.oid) == (signed_in.tenant_id, signed_in.oid)
    return not connection.login_hint or arrival.account.goes_by(connection.login_hint)


async def _taken(
    session: AsyncSession,
    key_ring: KeyRing,
    connection: Connection,
    held: dict[str, Any],
    grant: Grant,
    *,
    now: datetime,
) -> str | None:
    """Make this the connection's account, unless another connection of the workspace has its mailbox."""
    tenant_id, oid = held["tenant_id"], held["oid"]
    if await Connections(session).holder_of(tenant_id, oid, but=connection.id) is not None:
        return await _turned_away(session, connection, TAKEN, now=now)
    another = connection.oid is not None and (connection.tenant_id, connection.oid) != (tenant_id, oid)
    back = connection.status == "disconnected"
    try:
        async with session.begin_nested():
            connection.tenant_id, connection.oid, connection.account = tenant_id, oid, held["account"]
            connection.granted_scopes, connection.unconfirmed = held["scopes"], None
            connection.connected_at, connection.receipt = connection.connected_at or now, None
            await session.flush()  # what follows reads the connection anew
            await Tokens(session, key_ring).put(connection.id, grant, now=now)
            if another or back:
                await _begin_anew(session, connection, another=another, now=now)
            await (
                stands(session, connection, now=now)
                if held["mailbox"]
                else falls(session, connection, "no-mailbox", now=now)
            )
    except IntegrityError:  # the mailbox was connected elsewhere at this very moment
        await session.refresh(connection)
        return await _turned_away(session, connection, TAKEN, now=now)
    return None if held["mailbox"] else "no-mailbox"


async def _begin_anew(session: AsyncSession, connection: Connection, *, another: bool, now: datetime) -> None:
    """See the whole mailbox again. Another one holds none of the items: what belongs there is wanted anew."""
    if another:
        await forget_questions(session, connection.id)
        await suspend(session, connection.id, now=now)
        await Links(session).move(
            Link.connection_id == connection.id, Link.record_id.is_not(None), Link.state != "severed",
            state="wanted", generation=Link.generation + 1, item_id=None, etag=None, graph_had=None,
            graph_means={}, attempt=None, gone_at=None, cleared_at=None, held_by=None, due_at=now,
        )  # fmt: skip
    for collection in await Collections(session).of_connection(connection.id):
        if another:
            collection.container_id = collection.container_name = None
        collection.matched_at = collection.problem = None
        collection.failures = 0
        await restart_round(session, collection)
        if collection.hears or collection.sends:
            await Runs(session).queue(
                connection_id=connection.id, collection_id=collection.id, entity=collection.entity,
                trigger="reconnect", full=True, now=now,
            )  # fmt: skip
    await session.flush()


async def _hold(
    session: AsyncSession, key_ring: KeyRing, connection: Connection, arrival: Arrival, *, now: datetime
) -> None:
    """Show the account and wait for confirmation; whatever synced before rests until then."""
    grant = arrival.signed_in.grant
    plain = orjson.dumps(
        {"access": grant.access_token, "refresh": grant.refresh_token, "until": grant.expires_at}
    )
    connection.unconfirmed = {
        "tenant_id": arrival.signed_in.tenant_id,
        "oid": arrival.signed_in.oid,
        "account": kept(arrival.account),
        "scopes": list(grant.scopes),
        "mailbox": arrival.has_mailbox,
        "sealed": b64encode(key_ring.seal(plain, of=_identity(connection))).decode(),
    }
    connection.login_hint_mismatch = True
    connection.problem = None
    await falls(session, connection, "account-not-confirmed", now=now)


def _opened(key_ring: KeyRing, connection: Connection, held: dict[str, Any], *, now: datetime) -> Grant:
    plain = orjson.loads(key_ring.open(b64decode(held["sealed"]), of=_identity(connection)))
    until = datetime.fromisoformat(plain["until"])
    return Grant(plain["access"], max(until, now), plain["refresh"], tuple(held["scopes"]))


async def _turned_away(
    session: AsyncSession, connection: Connection, slug: str, *, now: datetime, detail: str | None = None
) -> str:
    """Leave the connection as it was, and say on it why the sign-in came to nothing."""
    if connection.status in {"pending", "active"}:
        connection.problem = told(connection, slug, now=now, detail=detail)
        await tell(session, connection, changed=("problem",), now=now)
    return slug


def _identity(connection: Connection) -> str:
    return f"unconfirmed:{connection.workspace_id}:{connection.id}"
