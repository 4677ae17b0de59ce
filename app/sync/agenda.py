"""What waits in a collection: one look in place of one for each thing that a turn might do."""

from dataclasses import astuple, dataclass

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Link, Match, Run
from app.records.link import LinkState
from app.sync.importing import imports
from app.sync.runs import AWAITING
from app.sync.work import Work


@dataclass(frozen=True, slots=True)
class Agenda:
    """Whether anything waits of each kind.

    ``gone``: items that may be so; ``cleared``: emptied ones; ``asked``: somebody about a set of links.
    """

    to_match: bool
    gone: bool
    cleared: bool
    due: bool
    asked: bool

    @property
    def is_empty(self) -> bool:
        return not any(astuple(self))


async def agenda_of(work: Work) -> Agenda:
    """Return what waits in the collection of a turn."""
    workspace, collection = work.lease.workspace, work.collection.id
    columns = (
        or_(*_to_match(work)),
        _links(workspace, collection, Link.gone_at.is_not(None)),
        _links(workspace, collection, Link.cleared_at.is_not(None)),
        _links(workspace, collection, Link.due_at <= work.now),
        _asked(workspace, collection),
    )
    async with work.transaction() as session:
        found = (await session.execute(select(*columns))).one()
    return Agenda(*found)


async def asks(session: AsyncSession, collection_id: str) -> bool:
    """Say whether somebody is asked about links of a collection, or was and nothing followed from it yet."""
    return bool(await session.scalar(select(_asked(session.info["workspace"], collection_id))))


def _to_match(work: Work) -> list[ColumnElement[bool]]:
    """Return the conditions of ``join``: newcomers, records that reviews hold, and reviews themselves."""
    workspace, collection = work.lease.workspace, work.collection.id
    settled = imports(work) or not work.direction.sends
    moved = () if settled else (Link.due_at.is_not(None),)
    return [
        _links(workspace, collection, Link.state == "unmatched", Link.gone_at.is_(None), *moved),
        _links(workspace, collection, Link.state == LinkState.IN_REVIEW.value, Link.record_id.is_not(None)),
        exists().where(
            Match.workspace_id == workspace, Match.collection_id == collection, Match.followed_at.is_(None)
        ),
    ]


def _asked(workspace: str, collection_id: str) -> ColumnElement[bool]:
    waiting = exists().where(
        Run.workspace_id == workspace, Run.collection_id == collection_id, Run.status == AWAITING
    )
    return or_(_links(workspace, collection_id, Link.held_by.is_not(None)), waiting)


def _links(workspace: str, collection_id: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Link.workspace_id == workspace, Link.collection_id == collection_id, *conditions)
