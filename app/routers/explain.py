"""Explain: why a record is, or isn't, in a mailbox."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import ConnectionNotFound, EntityUnknown, InvalidRequest, RecordNotFound
from app.models import Connection, Record
from app.problems import problems
from app.records.types import CONTACT, EVENT, TASK, RecordType
from app.routers.answers import as_json
from app.routers.connections import ConnectionId
from app.routers.deps import Now, OnlyUser, Session
from app.routers.explain_shapes import Explained, Explanations
from app.routers.record_routes import InPath as CrmIdInPath
from app.routers.record_routes import found
from app.routers.records import InPath as RecordIdInPath
from app.routers.records import known
from app.routers.shapes import EntityName
from app.sync.connections import Connections
from app.sync.explain import explain_address, explain_item, explain_record
from app.sync.ownership import refuse_unless_theirs
from app.sync.settings import BUILT

router = APIRouter(prefix="/v1", tags=["explain"])

Named = Annotated[
    str | None,
    Query(
        alias="connection",
        title="Connection",
        max_length=64,
        description="Explain it for this connection too, whether it has to do with it or not.",
        examples=["con_06a2k3v9"],
    ),
]


async def connection_of(session: AsyncSession, connection_id: str) -> Connection:
    """Return the connection, or refuse."""
    connection = await Connections(session).get(connection_id)
    if connection is None:
        raise ConnectionNotFound(f"There is no connection {connection_id}.")
    return connection


async def asked_about(session: Session, connection_id: ConnectionId) -> Connection:
    return await connection_of(session, connection_id)


async def named(session: Session, only: OnlyUser, connection: Named = None) -> str | None:
    if connection is not None and only is not None:
        await refuse_unless_theirs(session, only, named={"connection_id": connection})
    return (await connection_of(session, connection)).id if connection is not None else None


NamedToo = Annotated[str | None, Depends(named)]


async def record_of_ours(session: Session, now: Now, record_id: RecordIdInPath) -> Record:
    return await known(session, record_id, now=now)


def _explains(type_: RecordType, *, path: str, one: str) -> None:
    """Add the explanation of a record by the CRM's id of it."""

    async def of_crm(session: Session, now: Now, crm_id: CrmIdInPath) -> Record:
        return await found(session, type_, crm_id, now=now)

    @router.get(
        f"/{path}/{{crm_id}}/explain",
        operation_id=f"{path}.explain",
        summary=f"Explain {one}",
        description=f"Say why {one} is, or isn't, in each mailbox: what each side last had, and what happens"
        " next.",
        response_model=Explained,
        responses=problems(RecordNotFound, ConnectionNotFound),
    )
    async def explain_named(
        session: Session,
        now: Now,
        record: Annotated[Record, Depends(of_crm)],
        connection: NamedToo,
        only: OnlyUser,
    ) -> Response:
        return as_json(await explain_record(session, record, named=connection, only_user=only, now=now))


_explains(CONTACT, path="contacts", one="a contact")
_explains(EVENT, path="events", one="an event")
_explains(TASK, path="tasks", one="a task")


@router.get(
    "/records/{record_id}/explain",
    operation_id="records.explain",
    summary="Explain a record",
    response_model=Explained,
    responses=problems(RecordNotFound, ConnectionNotFound),
)
async def explain_any_record(
    session: Session,
    now: Now,
    record: Annotated[Record, Depends(record_of_ours)],
    connection: NamedToo,
    only: OnlyUser,
) -> Response:
    """Explain a record by Concord's own id, also one that has no crm_id yet."""
    return as_json(await explain_record(session, record, named=connection, only_user=only, now=now))


@router.get(
    "/connections/{connection_id}/explain",
    operation_id="connections.explain",
    summary="Explain an item or an address",
    response_model=Explanations,
    responses=problems(ConnectionNotFound, EntityUnknown),
)
async def explain_in_mailbox(
    session: Session,
    now: Now,
    connection: Annotated[Connection, Depends(asked_about)],
    only: OnlyUser,
    entity: Annotated[
        EntityName, Query(title="Entity", description="What kind of item it is.", examples=["contacts"])
    ] = "contacts",
    item: Annotated[
        str | None,
        Query(
            title="Item", min_length=1, max_length=1000, description="The item's id at Microsoft Graph.",
            examples=["AAMkAGI2TAAA="],
        ),
    ] = None,
    address: Annotated[
        str | None,
        Query(
            title="Address", min_length=1, max_length=320,
            description="An e-mail address, in any case: a contact's; of events that of somebody who takes"
            " part, or has called them from elsewhere. Private ones are left out, unless `private_events`"
            " shows them whole.",
            examples=["ada@example.org"],
        ),
    ] = None,
) -> Response:  # fmt: skip
    """Explain by what a user sees in Outlook: an item's id, or the e-mail address of a person.

    Of very many events the latest that are the user's own are explained.
    """
    if entity not in BUILT:
        raise EntityUnknown(f"Only {', '.join(BUILT)} can be explained in this version, not {entity}.")
    if item is not None and address is None:
        return as_json({"data": await explain_item(session, connection, entity, item, now=now)})
    if address is not None and item is None:
        found = await explain_address(session, connection, entity, address, only_user=only, now=now)
        return as_json({"data": found})
    wrong = "Name the item or the address, one of them."
    parameter = "item" if item is None else "address"
    raise InvalidRequest(errors=[{"in": "query", "parameter": parameter, "detail": wrong}])
