"""What is a user's own: the connections of that user, and what belongs to them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.errors import ConflictNotFound, ConnectionNotFound, Problem, RecordNotFound, RunNotFound
from app.models import Conflict, Connection, Link, Owner, Record, Run

MISSING: Final[Mapping[str, type[Problem]]] = {
    "connection_id": ConnectionNotFound,
    "run_id": RunNotFound,
    "conflict_id": ConflictNotFound,
    "crm_id": RecordNotFound,
    "record_id": RecordNotFound,
}
"""What a path may name for a user's session, and what is told where it isn't theirs: that it isn't there."""

UNDER: Final = {"/v1/contacts/": "contacts", "/v1/events/": "calendar", "/v1/tasks/": "tasks"}
"""Which entity's records the CRM's ids of a path are."""


async def refuse_unless_theirs(
    session: AsyncSession, user: str, *, named: Mapping[str, Any], path: str = ""
) -> None:
    """Refuse, as not found, whatever a path names that isn't this user's own."""
    for name, problem in MISSING.items():
        if name in named:
            theirs = _is_theirs(session, user, name, named[name], path=path)
            if not await session.scalar(select(theirs)):
                raise problem


async def theirs(session: AsyncSession, user: str, *, records: Sequence[Record]) -> list[Record]:
    """Return those of these records that belong in a mailbox of the user, or are linked there."""
    workspace: str = session.info["workspace"]
    query = select(Record.record_id).where(
        Record.workspace_id == workspace,
        Record.record_id.in_([record.record_id for record in records]),
        _seen_by(user, workspace=workspace),
    )
    seen = set(await session.scalars(query))
    return [record for record in records if record.record_id in seen]


def of_user(column: InstrumentedAttribute[Any], *, user: str, workspace: str) -> ColumnElement[bool]:
    """Return the condition that a column names a connection of this user."""
    return column.in_(_connections(user, workspace=workspace))


def _connections(user: str, *, workspace: str) -> Select[Any]:
    return select(Connection.id).where(Connection.workspace_id == workspace, Connection.user == user)


def _is_theirs(session: AsyncSession, user: str, name: str, value: str, *, path: str) -> ColumnElement[bool]:
    workspace: str = session.info["workspace"]
    match name:
        case "connection_id":
            return exists(_connections(user, workspace=workspace).where(Connection.id == value))
        case "run_id":
            theirs = of_user(Run.connection_id, user=user, workspace=workspace)
            return exists().where(Run.workspace_id == workspace, Run.id == value, theirs)
        case "conflict_id":
            theirs = of_user(Conflict.connection_id, user=user, workspace=workspace)
            return exists().where(Conflict.workspace_id == workspace, Conflict.id == value, theirs)
        case "crm_id":
            entity = next((e for begin, e in UNDER.items() if path.startswith(begin)), None)
            named = and_(Record.entity == entity, Record.crm_id == value)
        case _:
            named = Record.record_id == value
    return exists().where(Record.workspace_id == workspace, named, _seen_by(user, workspace=workspace))


def _seen_by(user: str, *, workspace: str) -> ColumnElement[bool]:
    """Return the condition that a record belongs in a user's mailbox, or is linked there."""
    owned = exists().where(
        Owner.workspace_id == workspace, Owner.user == user, Owner.record_id == Record.record_id
    )
    linked = exists().where(
        Link.workspace_id == workspace,
        Link.record_id == Record.record_id,
        of_user(Link.connection_id, user=user, workspace=workspace),
    )
    return or_(owned, linked)
