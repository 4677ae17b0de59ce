"""SQL of connections: by id, by user, by mailbox, and in lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.ids import new_id
from app.models import Collection, Conflict, Connection, Match, Run
from app.sync.runs import AWAITING

ENDED: Final = ("disconnecting", "disconnected")
CALM: Final = ("active", "pending", *ENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which connections a list is to show; None: whatever they are. ``only_user``: all the caller may see."""

    user: str | None = None
    only_user: str | None = None
    status: str | None = None
    attention: bool | None = None
    oldest_first: bool = False


class Connections:
    """The connections of the transaction's workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def get(self, connection_id: str) -> Connection | None:
        """Return a connection as it is now."""
        return await self.session.get(Connection, (self.workspace, connection_id), populate_existing=True)

    async def of_users(self, users: Sequence[str]) -> Sequence[Connection]:
        """Return the connections of these users, the oldest first."""
        query = select(Connection).where(
            Connection.workspace_id == self.workspace, Connection.user.in_(list(users))
        )
        return (await self.session.scalars(query.order_by(Connection.id))).all()

    async def locked(self, connection_id: str) -> Connection | None:
        """Return a connection that nobody else can move before this transaction ends."""
        return await self.session.get(
            Connection, (self.workspace, connection_id), populate_existing=True, with_for_update=True
        )

    async def reusable(self, user: str, *, login_hint: str | None) -> Connection | None:
        """Return the locked connection that another wish of this user to connect means, if there is one.

        The one with this hint, else the one still pending. Two wishes at the same moment wait for each other.
        """
        await self.session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:wish, 0))"),
            {"wish": f"connect:{self.workspace}:{user}"},
        )
        hinted = func.lower(Connection.login_hint) == (login_hint or "").casefold()
        query = (
            select(Connection)
            .where(
                Connection.workspace_id == self.workspace,
                Connection.user == user,
                or_(hinted, Connection.status == "pending"),
                Connection.status != "disconnecting",
            )
            .order_by(hinted.desc().nulls_last(), Connection.id.desc())
            .limit(1)
            .with_for_update()
        )
        return (await self.session.scalars(query)).one_or_none()

    def add(self, *, now: datetime, **values: Any) -> Connection:
        """Add a connection that nobody has signed in to yet."""
        connection = Connection(
            workspace_id=self.workspace, id=new_id("con", now), status="pending", revision=1,
            created_at=now, updated_at=now, **values,
        )  # fmt: skip
        self.session.add(connection)
        return connection

    async def holder_of(self, tenant_id: str, oid: str, *, but: str) -> Connection | None:
        """Return the other connection of this workspace that has this mailbox already."""
        query = select(Connection).where(
            Connection.workspace_id == self.workspace,
            Connection.tenant_id == tenant_id,
            Connection.oid == oid,
            Connection.status.not_in(("disconnected", "needs_confirmation")),
            Connection.id != but,
        )
        return (await self.session.scalars(query.limit(1))).one_or_none()

    async def in_status(self, status: str) -> Sequence[Connection]:
        """Return every connection in a status, locked in order."""
        query = select(Connection).where(
            Connection.workspace_id == self.workspace, Connection.status == status
        )
        return (await self.session.scalars(query.order_by(Connection.id).with_for_update())).all()

    async def page(self, wanted: Wanted, *, beyond: str | None, limit: int) -> Sequence[Connection]:
        """Return the next connections of a list, in the order in which they were made or backwards."""
        query = select(Connection).where(Connection.workspace_id == self.workspace, *self._fits(wanted))
        if beyond is not None:
            query = query.where(Connection.id > beyond if wanted.oldest_first else Connection.id < beyond)
        order = Connection.id.asc() if wanted.oldest_first else Connection.id.desc()
        return (await self.session.scalars(query.order_by(order).limit(limit))).all()

    @staticmethod
    def _fits(wanted: Wanted) -> list[Any]:
        fits: list[Any] = [Connection.user == user for user in {wanted.user, wanted.only_user} - {None}]
        if wanted.status is not None:
            fits.append(Connection.status == wanted.status)
        if wanted.attention is not None:
            needs = _needs_somebody()
            fits.append(needs if wanted.attention else ~needs)
        return fits


def _needs_somebody() -> ColumnElement[bool]:
    """Return the condition that a connection is in trouble, or that something in it waits for a decision."""
    return or_(
        Connection.status.not_in(CALM),
        Connection.problem.is_not(None) & (Connection.status != "disconnected"),
        and_(
            Connection.status.not_in(ENDED),
            or_(
                _has(Collection, Collection.problem.is_not(None)),
                _has(Run, Run.status == AWAITING),
                _has(Conflict, Conflict.status == "open"),
                _has(Match, Match.status == "open", Match.followed_at.is_(None)),
            ),
        ),
    )


def _has(table: type[Collection | Run | Conflict | Match], *such: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        table.workspace_id == Connection.workspace_id, table.connection_id == Connection.id, *such
    )
