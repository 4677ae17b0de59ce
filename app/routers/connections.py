"""Connections: link a user's Microsoft account, see how it fares, sign in again, end it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response

from app.errors import (
    ConnectionEnded,
    ConnectionNotFound,
    EntityDisabled,
    InvalidRequest,
    MailboxAlreadyConnected,
    MicrosoftAppMissing,
    NotEntitled,
    NothingToConfirm,
    WrongCredential,
)
from app.models import Connection
from app.problems import problems
from app.routers.connection_shapes import (
    Confirmation,
    ConnectionAnswer,
    ConnectionBody,
    ConnectionPatch,
    EntityState,
    ReceiptAnswer,
    ReconnectBody,
    Status,
)
from app.routers.deps import Insider, Now, OnlyUser, Page, Res, Session
from app.routers.shapes import EntityName, Listing
from app.sync.connect import Offer, Wish, connect, reconnect, shown_links
from app.sync.connection_document import documents_of
from app.sync.connection_lists import Sought, sought
from app.sync.connections import Connections, Wanted
from app.sync.disconnect import begin_disconnect, would_do
from app.sync.identity import confirm
from app.sync.pausing import pause

router = APIRouter(prefix="/v1/connections", tags=["connections"])
CONNECTING = (NotEntitled, EntityDisabled, MicrosoftAppMissing, InvalidRequest)


ConnectionId = Annotated[
    str,
    Path(title="Connection", max_length=64, description="The connection's id.", examples=["con_06a2k3v9"]),
]


async def held(session: Session, connection_id: str) -> Connection:
    """Return a connection that nobody else moves until the request ends."""
    found = await Connections(session).locked(connection_id)
    if found is None:
        raise ConnectionNotFound
    return found


@dataclass(frozen=True, slots=True)
class Filters:
    """Which connections a list is to show."""

    wanted: Wanted
    sought: Sought


async def filters(
    only: OnlyUser,
    user: Annotated[
        str | None, Query(title="User", description="Only this CRM user's.", max_length=128)
    ] = None,
    status: Annotated[Status | None, Query(title="Status", description="Only in this status.")] = None,
    attention: Annotated[
        bool | None,
        Query(
            title="Attention",
            description="Only those that a person must look at: in trouble, or a conflict, a match or"
            " an approval waits.",
        ),
    ] = None,
    entity: Annotated[
        EntityName | None, Query(title="Entity", description="Only where this was asked for.")
    ] = None,
    state: Annotated[
        EntityState | None,
        Query(title="Entity state", description="Only where that entity, or any, is in this state."),
    ] = None,
    problem: Annotated[
        str | None,
        Query(title="Problem", description="Only with this problem, by its slug.", max_length=100),
    ] = None,
    sort: Annotated[
        Literal["created_at", "-created_at"], Query(title="Sort", description="The order; - is newest first.")
    ] = "-created_at",
) -> Filters:
    """Read which connections are meant."""
    wanted = Wanted(
        user=user, only_user=only, status=status, attention=attention, oldest_first=sort == "created_at"
    )
    return Filters(wanted, Sought(entity=entity, state=state, problem=problem))


async def _shown(
    session: Session, resources: Res, connection: Connection, now: datetime, offer: Offer | None = None
) -> ConnectionAnswer:
    document = (await documents_of(session, [connection], now=now))[0]
    links = await shown_links(session, resources, [connection], now=now)
    document["connect_url"] = links.get(connection.id)
    if offer is not None:
        document |= {"authorize_url": offer.authorize_url, "authorize_url_expires_at": offer.expires_at}
    return ConnectionAnswer.model_validate(document)


@router.post(
    "",
    operation_id="connections.create",
    summary="Connect a user",
    status_code=201,
    responses={**problems(*CONNECTING), 200: {"model": ConnectionAnswer, "description": "It exists."}},
)
async def create_connection(
    session: Session, resources: Res, now: Now, response: Response, body: ConnectionBody, only: OnlyUser
) -> ConnectionAnswer:
    """Begin to connect a user: send them to `authorize_url` now, or mail them `connect_url`.

    Where the user has one pending, or one with this login hint, that one is returned (200) with fresh links.
    """
    if only not in {None, body.user}:
        raise WrongCredential("A user's session connects that user only.")
    wish = Wish(**body.model_dump(exclude={"user"}))
    connection, offer, new = await connect(session, resources, body.user, wish, now=now)
    response.status_code = 201 if new else 200
    return await _shown(session, resources, connection, now, offer)


@router.get("", operation_id="connections.list", summary="List connections")
async def list_connections(
    session: Session, resources: Res, page: Page, now: Now, only: Annotated[Filters, Depends(filters)]
) -> Listing[ConnectionAnswer]:
    """List connections with the state of each entity."""
    return await _listed(session, resources, page, now, only)


@router.get("/me", operation_id="connections.me", summary="List one's own connections")
async def list_own_connections(
    session: Session, resources: Res, page: Page, now: Now, principal: Insider
) -> Listing[ConnectionAnswer]:
    """List the connections of the person whose session this is, the newest first."""
    return await _listed(session, resources, page, now, Filters(Wanted(user=principal.user), Sought()))


async def _listed(
    session: Session, resources: Res, page: Page, now: datetime, only: Filters
) -> Listing[ConnectionAnswer]:
    rows = await sought(
        session, only.wanted, only.sought, beyond=page.after_id or None, limit=page.limit + 1, now=now
    )
    cut, cursor = page.cut(rows, key=lambda row: row[0].id)
    links = await shown_links(session, resources, [connection for connection, _ in cut], now=now)
    data = [
        ConnectionAnswer.model_validate({**document, "connect_url": links.get(connection.id)})
        for connection, document in cut
    ]
    return Listing[ConnectionAnswer](data=data, next_cursor=cursor)


@router.get(
    "/{connection_id}",
    operation_id="connections.get",
    summary="Get a connection",
    responses=problems(ConnectionNotFound),
)
async def get_connection(
    session: Session, resources: Res, now: Now, connection_id: ConnectionId
) -> ConnectionAnswer:
    """Show a connection: the account, and how each entity fares."""
    connection = await Connections(session).get(connection_id)
    if connection is None:
        raise ConnectionNotFound
    return await _shown(session, resources, connection, now)


@router.patch(
    "/{connection_id}",
    operation_id="connections.patch",
    summary="Pause or resume a connection",
    responses=problems(ConnectionNotFound, ConnectionEnded),
)
async def patch_connection(
    session: Session, resources: Res, now: Now, connection_id: ConnectionId, body: ConnectionPatch
) -> ConnectionAnswer:
    """Pause or resume. While paused nothing is read or written at Microsoft."""
    connection = await held(session, connection_id)
    if body.paused is not None:
        await pause(session, connection, paused=body.paused, now=now)
    return await _shown(session, resources, connection, now)


@router.post(
    "/{connection_id}/reconnect",
    operation_id="connections.reconnect",
    summary="Sign in again",
    responses=problems(ConnectionNotFound, ConnectionEnded, *CONNECTING),
)
async def reconnect_connection(
    session: Session, resources: Res, now: Now, connection_id: ConnectionId, body: ReconnectBody | None = None
) -> ConnectionAnswer:
    """Get fresh links to sign in by, to repair a connection or to ask for more entities. Its id stays."""
    connection = await held(session, connection_id)
    wish = Wish(**(body or ReconnectBody()).model_dump())
    offer = await reconnect(session, resources, connection, wish, now=now)
    return await _shown(session, resources, connection, now, offer)


@router.post(
    "/{connection_id}/confirm",
    operation_id="connections.confirm",
    summary="Confirm another account",
    responses=problems(ConnectionNotFound, NothingToConfirm, MailboxAlreadyConnected),
)
async def confirm_connection(
    session: Session, resources: Res, now: Now, connection_id: ConnectionId, body: Confirmation
) -> ConnectionAnswer:
    """Say that the account that signed in is the right one, though another was expected."""
    connection = await held(session, connection_id)
    await confirm(session, resources, connection, body.account, now=now)
    return await _shown(session, resources, connection, now)


@router.delete(
    "/{connection_id}",
    operation_id="connections.delete",
    summary="Disconnect",
    status_code=202,
    response_model=None,
    responses={
        **problems(ConnectionNotFound),
        200: {"model": ReceiptAnswer, "description": "The receipt that would be."},
        202: {"model": ConnectionAnswer, "description": "The connection is being disconnected."},
    },
)
async def delete_connection(
    session: Session,
    resources: Res,
    now: Now,
    connection_id: ConnectionId,
    response: Response,
    crm_data: Annotated[
        Literal["keep", "delete_imported"],
        Query(
            title="CRM data",
            description="`delete_imported` tells the CRM to delete what was born in this mailbox only.",
        ),
    ] = "keep",
    dry_run: Annotated[bool, Query(title="Dry run", description="Only say what would be done.")] = False,
) -> Any:
    """End a connection: the sync stops, subscriptions and tokens go. The mailbox stays as it is."""
    connection = await held(session, connection_id)
    if dry_run:
        response.status_code = 200
        return ReceiptAnswer.model_validate(await would_do(session, connection, crm_data=crm_data))
    await begin_disconnect(session, connection, crm_data=crm_data, now=now)
    return await _shown(session, resources, connection, now)
