"""Connecting: a wish becomes a connection and a link to Microsoft's sign-in; later it is looked at again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import (
    ConnectionEnded,
    EntityDisabled,
    InvalidRequest,
    LinkExpired,
    MicrosoftAppMissing,
    NotEntitled,
    Refused,
)
from app.graph import scopes
from app.graph.account import has_mailbox
from app.graph.mailbox import Mailbox
from app.models import Connection, Workspace
from app.sync import return_urls
from app.sync.authorizations import Authorizations
from app.sync.connections import Connections
from app.sync.mailboxes import open_mailbox
from app.sync.microsoft_apps import MicrosoftApps
from app.sync.resources import Resources
from app.sync.routes import Routes
from app.sync.standing import KIND, LOOKED_AT_AGAIN, falls, stands, tell
from app.sync.timers import Timers
from app.sync.workspaces import Workspaces

CONNECT: Final = "connect"
LINK_GOOD_FOR: Final = timedelta(days=7)
ASKED_TO_CHOOSE: Final = frozenset({"no_mailbox", "needs_confirmation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the CRM asks for when it connects a user, or connects one again."""

    entities: Sequence[str] | None = None
    login_hint: str | None = None
    return_url: str | None = None
    state: str | None = None
    paused: bool | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Links to sign in by: one for now, and one of ours that begins afresh at each click."""

    authorize_url: str
    expires_at: datetime
    connect_url: str


async def connect(
    session: AsyncSession, resources: Resources, user: str, wish: Wish, *, now: datetime
) -> tuple[Connection, Offer, bool]:
    """Return the connection that this wish means, made now if it is new, with fresh links to sign in by."""
    workspace = await _admitted(session, resources, wish)
    wish = replace(wish, entities=wish.entities or workspace.entities)
    connections = Connections(session)
    known = await connections.reusable(user, login_hint=wish.login_hint)
    connection = known or connections.add(
        user=user, login_hint=wish.login_hint, requested=[], paused=False, now=now
    )
    if connection.status == "pending":
        connection.login_hint = wish.login_hint or connection.login_hint
    _take(connection, wish)
    await session.flush()
    offered = await offer(session, resources, connection, now=now)
    if known is None:
        await tell(session, connection, changed=(), now=now, kind="connection.created")
    return connection, offered, known is None


async def reconnect(
    session: AsyncSession, resources: Resources, connection: Connection, wish: Wish, *, now: datetime
) -> Offer:
    """Return fresh links to sign in to a connection again, also where its tokens are dead."""
    await _admitted(session, resources, wish)
    if connection.status == "disconnecting":
        raise ConnectionEnded("The connection is being disconnected: wait until that is done.")
    _take(connection, wish)
    await session.flush()
    return await offer(session, resources, connection, now=now)


async def offer(
    session: AsyncSession, resources: Resources, connection: Connection, *, now: datetime
) -> Offer:
    """Return fresh links to sign in to this connection."""
    authorize_url, expires_at = await _begin(session, resources, connection, now=now)
    connection.connect_route = Routes(session).open(
        CONNECT, connection.id, workspace=connection.workspace_id, expires_at=now + LINK_GOOD_FOR
    )
    connection.updated_at = now
    await session.flush()
    return Offer(authorize_url, expires_at, connect_url(resources, connection.connect_route))


async def visit(resources: Resources, route: str, *, now: datetime) -> str:
    """Return where somebody goes on who opened a connect link: to a sign-in begun at this moment."""
    async with resources.db.transaction(None) as session:
        found = await Routes(session).find(route, kinds=[CONNECT], now=now)
    if found is None:
        raise LinkExpired
    async with resources.db.transaction(found.workspace_id) as session:
        connection = await Connections(session).locked(found.target)
        if connection is None or connection.status == "disconnecting":
            raise LinkExpired
        await _admitted(session, resources, Wish())
        authorize_url, _ = await _begin(session, resources, connection, now=now)
    return authorize_url


async def shown_links(
    session: AsyncSession, resources: Resources, connections: Sequence[Connection], *, now: datetime
) -> dict[str, str]:
    """Return, by connection, the connect links that are still good."""
    routes = [connection.connect_route for connection in connections if connection.connect_route]
    good = await Routes(session).good_among(routes, now=now)
    return {
        connection.id: connect_url(resources, connection.connect_route)
        for connection in connections
        if connection.connect_route in good and connection.connect_route is not None
    }


async def check_connection(resources: Resources, workspace: str, target: str) -> None:
    """Look again at a connection that may come back to work by itself. Safe to repeat and to kill."""
    looked_at = await _due(resources, workspace, target)
    if looked_at is None:
        return
    connection, mailbox = looked_at
    try:
        if connection.status == "needs_operator":
            await resources.tokens.refused(workspace, target)  # a token from before proves nothing
        well = await has_mailbox(mailbox, granted=connection.granted_scopes or [])
    except Refused:
        return  # the state stays, and the next look is set
    now = clock.now()
    async with resources.db.transaction(workspace) as session:
        current = await Connections(session).locked(target)
        if current is not None and current.status == connection.status:
            await (
                stands(session, current, now=now) if well else falls(session, current, "no-mailbox", now=now)
            )


async def _due(resources: Resources, workspace: str, target: str) -> tuple[Connection, Mailbox] | None:
    """Return the connection to look at with its mailbox, having set the look after this one."""
    now = clock.now()
    async with resources.db.transaction(workspace) as session:
        connection = await Connections(session).get(target)
        wait = LOOKED_AT_AGAIN.get(connection.status) if connection is not None else None
        if connection is None or wait is None:
            await Timers(session).clear(KIND, target)
            return None
        if not await Timers(session).claim(KIND, target, now=now, until=now + wait):
            return None
        return connection, await open_mailbox(resources, session, target)


def connect_url(resources: Resources, route: str) -> str:
    """Return our own link that begins a fresh sign-in at each click."""
    return f"{resources.settings.public_url}/connect/{route}"


async def _begin(
    session: AsyncSession, resources: Resources, connection: Connection, *, now: datetime
) -> tuple[str, datetime]:
    """Begin an authorization: what its answer must match is sealed. No network."""
    microsoft = resources.tokens.microsoft
    application = await MicrosoftApps(session, resources.key_ring).serving(microsoft)
    if application is None:
        raise MicrosoftAppMissing
    asks = scopes.asked_for(connection.requested)
    authorizations = Authorizations(session, resources.key_ring)
    row, state = await authorizations.open(connection, scopes=asks, now=now)
    flow = microsoft.begin(
        application,
        asks=asks,
        state=state,
        login_hint=connection.login_hint or (connection.account or {}).get("email"),
        choose_account=connection.status in ASKED_TO_CHOOSE,
    )
    authorizations.keep(row, flow)
    return flow["auth_uri"], row.expires_at


async def _admitted(session: AsyncSession, resources: Resources, wish: Wish) -> Workspace:
    """Return the workspace if it may connect what is wished for, or raise what keeps it from that."""
    workspace = await Workspaces(session).get(session.info["workspace"])
    if workspace is None or not workspace.entitled:
        raise NotEntitled
    for entity in wish.entities or ():
        if entity not in workspace.entities:
            raise EntityDisabled(f"The workspace's `entities` does not have {entity}.")
    development = resources.settings.development
    if wish.return_url is not None and not return_urls.allowed(
        wish.return_url, workspace.return_urls, development=development
    ):
        wrong = "This is not under one of the workspace's `return_urls`."
        raise InvalidRequest(errors=[{"pointer": "/return_url", "detail": wrong}])
    return workspace


def _take(connection: Connection, wish: Wish) -> None:
    """Note what is wished for; what was asked for earlier stays asked for."""
    wanted = {*connection.requested, *(wish.entities or ())}
    connection.requested = [entity for entity in scopes.ENTITIES if entity in wanted]
    connection.return_url, connection.return_state = wish.return_url, wish.state
    if wish.paused is not None:
        connection.paused = wish.paused
