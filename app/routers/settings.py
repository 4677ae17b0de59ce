"""What of a connection syncs, and how."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response, status

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
from app.routers.deps import Guard, Now, Session, tag
from app.routers.settings_shapes import (
    ContactsSettings,
    ContactsSettingsChoice,
    ContactsSettingsPut,
    SettingsList,
)
from app.sync.choosing import Shown, choose, end, known, settings_of, to_be_chosen_for
from app.sync.previews import chosen_as_seen
from app.sync.settings import BUILT

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


def answered(shown: Shown, response: Response) -> dict[str, Any]:
    tag(response, shown.revision)
    return shown.document()


@router.get(
    "", operation_id="settings.list", summary="Read all settings", responses=problems(ConnectionNotFound)
)
async def list_settings(connection_id: ConnectionInPath, session: Session) -> SettingsList:
    """Return the settings of each entity that can be configured."""
    found = [(await settings_of(session, connection_id, entity)).document() for entity in BUILT]
    return SettingsList(data=[ContactsSettings.model_validate(document) for document in found])


@router.get(
    "/{entity}",
    operation_id="settings.get",
    summary="Read settings",
    response_model=ContactsSettings,
    responses=problems(*NOT_THERE),
)
async def get_settings(
    connection_id: ConnectionInPath, entity: EntityInPath, session: Session, response: Response
) -> dict[str, Any]:
    """Return what is in force for one entity, and which of it is inherited or locked."""
    return answered(await settings_of(session, connection_id, entity), response)


@router.patch(
    "/{entity}",
    operation_id="settings.patch",
    summary="Change settings",
    response_model=ContactsSettings,
    responses=problems(*NOT_THERE, *REFUSED, PreviewOutdated),
)
async def patch_settings(
    connection: Changing,
    entity: EntityInPath,
    patch: ContactsSettingsChoice,
    session: Session,
    now: Now,
    response: Response,
) -> dict[str, Any]:
    """Choose what the patch mentions; null returns a field to the workspace's default.

    A direction is switched on only once the user has signed in and granted what it needs; other settings may
    be chosen before. With `previewed`, as many writes as that preview counted are approved beforehand.
    """
    said = patch.said()
    previewed = said.pop("previewed", None)
    chosen = await chosen_as_seen(session, connection, entity, said, previewed=previewed, now=now)
    return answered(chosen, response)


@router.put(
    "/{entity}",
    operation_id="settings.put",
    summary="Replace settings",
    response_model=ContactsSettings,
    responses=problems(*NOT_THERE, *REFUSED),
)
async def put_settings(
    connection: Changing,
    entity: EntityInPath,
    body: ContactsSettingsPut,
    session: Session,
    now: Now,
    response: Response,
) -> dict[str, Any]:
    """Choose everything at once: what is left out or named in `inherited` is the workspace's default."""
    said = body.said()
    inherited = {"inherited", *body.inherited} | ({"folder_name"} if body.folder_name == "" else set())
    inherited |= {name for name, value in said.items() if value is None}
    wanted = {name: value for name, value in said.items() if name not in inherited}
    return answered(await choose(session, connection, entity, wanted, said=wanted, now=now), response)


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
