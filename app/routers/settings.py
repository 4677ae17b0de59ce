"""What of a connection syncs, and how."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Response, status

from app.errors import (
    Blocked,
    ConnectionEnded,
    ConnectionNotFound,
    EntityDisabled,
    EntityUnknown,
    PermissionMissing,
    PreviewOutdated,
    RevisionMismatch,
    SettingLocked,
)
from app.models import Connection
from app.problems import problems
from app.routers.answers import as_json
from app.routers.bodies import read
from app.routers.deps import Guard, Now, Session, etag
from app.routers.entity_shapes import SHAPES, AnySettings, SettingsList, any_of
from app.sync.choosing import Shown, choose, end, known, settings_of, to_be_chosen_for
from app.sync.entity_settings import BUILT, KINDS
from app.sync.previews import chosen_as_seen

router = APIRouter(prefix="/v1/connections/{connection_id}/settings", tags=["settings"])
ConnectionInPath = Annotated[
    str,
    Path(title="Connection", max_length=64, description="The connection's id.", examples=["con_06a2k3v9"]),
]
NOT_THERE = (ConnectionNotFound, EntityUnknown)
REFUSED = (SettingLocked, EntityDisabled, PermissionMissing, ConnectionEnded, Blocked, RevisionMismatch)


async def entity_in_path(
    entity: Annotated[
        str,
        Path(
            title="Entity", max_length=32, description="What the settings are about.", examples=["contacts"]
        ),
    ],
) -> str:
    return known(entity)


EntityInPath = Annotated[str, Depends(entity_in_path)]


async def changing(
    connection_id: ConnectionInPath, entity: EntityInPath, session: Session, when: Guard
) -> Connection:
    """Return the connection whose settings the request may change."""
    connection = await to_be_chosen_for(session, connection_id)
    shown = await settings_of(session, connection_id, entity)
    when.require(shown.revision, current=shown.document)
    return connection


Changing = Annotated[Connection, Depends(changing)]


def answered(shown: Shown) -> Response:
    return as_json(shown.document(), headers={"ETag": etag(shown.revision)})


@router.get(
    "",
    operation_id="settings.list",
    summary="Read all settings",
    response_model=SettingsList,
    responses=problems(ConnectionNotFound),
)
async def list_settings(connection_id: ConnectionInPath, session: Session) -> Response:
    """Return the settings of each entity that can be configured."""
    found = [(await settings_of(session, connection_id, entity)).document() for entity in BUILT]
    return as_json({"data": found})


@router.get(
    "/{entity}",
    operation_id="settings.get",
    summary="Read settings",
    response_model=AnySettings,
    responses=problems(*NOT_THERE),
)
async def get_settings(connection_id: ConnectionInPath, entity: EntityInPath, session: Session) -> Response:
    """Return what is in force for one entity, and which of it is inherited or locked."""
    return answered(await settings_of(session, connection_id, entity))


@router.patch(
    "/{entity}",
    operation_id="settings.patch",
    summary="Change settings",
    response_model=AnySettings,
    responses=problems(*NOT_THERE, *REFUSED, PreviewOutdated),
    openapi_extra=any_of("choice"),
)
async def patch_settings(
    connection: Changing,
    entity: EntityInPath,
    patch: Annotated[Any, Body()],
    session: Session,
    now: Now,
) -> Response:
    """Choose what the patch mentions; null returns a field to the workspace's default.

    A direction is switched on only once the user has signed in and granted what it needs; other settings may
    be chosen before. With `previewed`, as many writes as that preview counted are approved beforehand.
    """
    said = read(SHAPES[entity].choice, patch)
    previewed = said.pop("previewed", None)
    chosen = await chosen_as_seen(session, connection, entity, said, previewed=previewed, now=now)
    return answered(chosen)


@router.put(
    "/{entity}",
    operation_id="settings.put",
    summary="Replace settings",
    response_model=AnySettings,
    responses=problems(*NOT_THERE, *REFUSED),
    openapi_extra=any_of("whole"),
)
async def put_settings(
    connection: Changing,
    entity: EntityInPath,
    body: Annotated[Any, Body()],
    session: Session,
    now: Now,
) -> Response:
    """Choose everything at once: what is left out or named in `inherited` is the workspace's default."""
    said, naming = read(SHAPES[entity].whole, body), KINDS[entity].NAME
    inherited = {"inherited", *said.get("inherited", ())} | ({naming} if said.get(naming) == "" else set())
    inherited |= {name for name, value in said.items() if value is None}
    wanted = {name: value for name, value in said.items() if name not in inherited}
    return answered(await choose(session, connection, entity, wanted, said=wanted, now=now))


@router.delete(
    "/{entity}",
    operation_id="settings.delete",
    summary="Delete this sync",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(*NOT_THERE, SettingLocked, ConnectionEnded, RevisionMismatch),
)
async def delete_settings(connection: Changing, entity: EntityInPath, session: Session, now: Now) -> None:
    """Stop this sync and delete nothing on either side: choosing a direction again links what is there."""
    await end(session, connection, entity, now=now)
