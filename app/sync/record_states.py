"""How a record stands in each connection it belongs in, in one word and its reason."""

from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Collection, Connection, Link, Owner, Record
from app.records.reasons import Reason
from app.sync.offers import keeps_its_value
from app.sync.shown import Json

RESTING = {
    "in_review": ("in_review", Reason.MATCH_OPEN),
    "removed_there": ("out_of_scope", Reason.REMOVED_THERE),
    "gone": ("pending", Reason.REMOVED_THERE),
    "moved_out": ("out_of_scope", Reason.MOVED_OUT),
    "ignored": ("out_of_scope", Reason.DUPLICATE_ITEM),
    "severed": ("out_of_scope", Reason.KEPT_AFTER_DELETE),
    "suspended": ("out_of_scope", Reason.NOT_AN_OWNER),
    "removed_by_us": ("out_of_scope", Reason.NOT_AN_OWNER),
}


async def record_states(session: AsyncSession, record: Record) -> list[Json]:
    """Return one entry per connection of an owner, and any other that has a link."""
    workspace: str = session.info["workspace"]
    owned = select(Owner.user).where(Owner.workspace_id == workspace, Owner.record_id == record.record_id)
    linked = and_(
        Link.workspace_id == workspace,
        Link.connection_id == Connection.id,
        Link.record_id == record.record_id,
    )
    collected = and_(
        Collection.workspace_id == workspace,
        Collection.connection_id == Connection.id,
        Collection.entity == record.entity,
    )
    query = (
        select(Connection, Link, Collection)
        .outerjoin(Link, linked)
        .outerjoin(Collection, collected)
        .where(Connection.workspace_id == workspace, or_(Connection.user.in_(owned), Link.id.is_not(None)))
        .order_by(Connection.id)
    )
    return [_entry(record, *row) for row in await session.execute(query)]


def _entry(record: Record, connection: Connection, link: Link | None, collection: Collection | None) -> Json:
    state, reason = _state(record, connection, link, collection)
    return {"connection": connection.id, "user": connection.user, "state": state, "reason": str(reason)}


def _state(
    record: Record, connection: Connection, link: Link | None, collection: Collection | None
) -> tuple[str, Any]:
    if collection is None or not (collection.hears or collection.sends):
        return "disabled", Reason.DISABLED
    if connection.status != "active" or connection.paused:
        return "blocked", Reason.PAUSED if connection.paused else Reason.CONNECTION_NOT_ACTIVE
    if record.rejected_at is not None:
        return "rejected", Reason.REJECTED_BY_CRM
    if record.crm_id is None or record.held_until is not None:
        return "pending" if record.crm_id else "unnamed", Reason.AWAITING_NAME
    if link is None:
        return ("pending", Reason.IN_SCOPE) if collection.sends else ("out_of_scope", Reason.DIRECTION)
    return _state_of(link, record)


def _state_of(link: Link, record: Record) -> tuple[str, Any]:
    last = (link.decision or {}).get("code")
    if link.problem is not None:
        return "parked", last or Reason.REFUSED_BY_MICROSOFT
    if link.state in RESTING:
        state, reason = RESTING[link.state]
        return state, last or reason
    if link.due_at is not None or link.attempt is not None or link.state == "wanted":
        return "pending", Reason.RETRYING if link.failures else Reason.IN_SCOPE
    if keeps_its_value(record):
        return "parked", Reason.CRM_KEEPS_ITS_VALUE
    return "synced", Reason.IN_SCOPE
