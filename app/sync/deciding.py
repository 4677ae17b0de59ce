"""Deciding conflicts that wait: by a person, or by rule once nobody is to be asked any more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import ConflictClosed, ConflictNotFound, InvalidRequest, Problem
from app.graph.translations import translation
from app.models import Conflict, Record
from app.records import Value
from app.records.link import LinkView
from app.records.reasons import Reason
from app.records.types import record_type
from app.sync import holding
from app.sync.conflict_rows import DELETED, About, Conflicts
from app.sync.conflicts import UNSTAMPED, Kept, Policy, Side, Stamp, settle
from app.sync.holding import Branch
from app.sync.hub import decide_record, delete_record
from app.sync.links import Links
from app.sync.open_conflicts import BY_POLICY, Closing, note
from app.sync.projection import unagreed
from app.sync.records import Records
from app.sync.spread import spread

OVERTAKEN: Final = Closing("obsolete", "decision")
DISCONNECTED: Final = Closing("obsolete", "disconnection")


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody decided: a side's value, or another one. ``by`` is their credential."""

    by: str
    take: Side | None = None
    value: Value = None


Choose = Callable[[Conflict, Record], Choice]
Result = Conflict | Problem


async def resolve(
    session: AsyncSession, conflict_id: str, choose: Choose, *, now: datetime
) -> tuple[Conflict, About]:
    """Decide one conflict; return it with its record. Raises the Problem that stands in the way."""
    (result,) = await resolve_all(session, [conflict_id], choose, now=now)
    if isinstance(result, Problem):
        raise result
    record = await Records(session).get(result.record_id)
    return result, About.of(record) if record is not None else About(None)


async def resolve_all(
    session: AsyncSession, ids: Sequence[str], choose: Choose, *, now: datetime
) -> list[Result]:
    """Decide a page of conflicts; what is wrong with one doesn't stop the others."""
    conflicts = Conflicts(session)
    found = await conflicts.by_id(ids)
    records = await Records(session).locked(row.record_id for row in found.values())
    found = await conflicts.by_id(ids)
    results: list[Result] = []
    for conflict_id in ids:
        row = found.get(conflict_id)
        try:
            if row is None:
                raise ConflictNotFound(f"There is no conflict {conflict_id}.")
            results.append(await _decided(session, row, records.get(row.record_id), choose, now=now))
        except Problem as problem:
            results.append(problem)
    await session.flush()
    moved = {row.record_id for row in results if isinstance(row, Conflict)}
    await spread(session, sorted(moved), now=now)
    return results


async def _decided(
    session: AsyncSession, row: Conflict, record: Record | None, choose: Choose, *, now: datetime
) -> Conflict:
    if record is None or row.status != "open":
        raise ConflictClosed(f"The conflict {row.id} is {row.status} already.")
    choice = choose(row, record)
    if row.field == DELETED:
        await _decide_deletion(session, row, record, choice, now=now)
    else:
        await _decide_field(session, row, record, choice, now=now)
    return row


async def _decide_field(
    session: AsyncSession, row: Conflict, record: Record, choice: Choice, *, now: datetime
) -> None:
    """Give the record the chosen value: a decision answers the whole question, with every mailbox."""
    was, name, connection = record.held, row.field, str(row.connection_id)
    branch = holding.branches(was, name)[connection]
    match choice.take:
        case Side.MICROSOFT:
            row.kept = "microsoft"
            take(session, record, name, branch.value, stamp=branch.stamp(connection), now=now)
        case Side.CRM:
            row.kept = "crm"
        case None:
            row.kept = "neither"
            take(session, record, name, choice.value, stamp=Stamp(now, Side.CRM), now=now)
    record.held = holding.without(was, name, was[name])
    Conflicts(session).end(row, status="resolved", by=choice.by, about=About.of(record), now=now)
    await session.flush()
    await note(session, record, was=was, now=now, closing=OVERTAKEN)


async def _decide_deletion(
    session: AsyncSession, row: Conflict, record: Record, choice: Choice, *, now: datetime
) -> None:
    """Delete the record after all, or let it live on."""
    if choice.take is None:
        detail = "This conflict is about a deletion: `take` the CRM's, which deletes, or Microsoft's."
        raise InvalidRequest(errors=[{"pointer": "/value", "detail": detail}])
    conflicts = Conflicts(session)
    row.kept = choice.take.value
    conflicts.end(row, status="resolved", by=choice.by, about=About.of(record), now=now)
    await session.flush()
    if choice.take is Side.CRM:
        delete_record(
            session, record, reason=Reason.DELETED_VS_EDITED, origin="concord",
            connection_id=row.connection_id, now=now,
        )  # fmt: skip
        await conflicts.close([record.record_id], status="obsolete", by="deletion", now=now)


def take(
    session: AsyncSession, record: Record, name: str, value: Value, *, stamp: Stamp, now: datetime
) -> None:
    """Give a locked record's field this value and tell the CRM, unless it has that already."""
    if not record_type(record.entity).same(name, record.doc.get(name), value):
        decide_record(session, record, name, value, stamp=stamp, now=now)


async def reconsider(
    session: AsyncSession,
    record: Record,
    policies: Mapping[str, Policy],
    *,
    gone: frozenset[str],
    now: datetime,
) -> bool:
    """Close by rule what needs no decision any more; say whether the locked record's mailboxes are owed.

    ``policies`` are those of the mailboxes to be looked at, ``gone`` those that take no part any more: what
    they hold is met anew, should they come back.
    """
    was, settled = record.held, False
    for name in was:
        for connection, branch in holding.branches(was, name).items():
            if connection in policies and name in record.held:
                settled |= _settled(session, record, name, connection, branch, policies[connection], now=now)
    await session.flush()
    await note(session, record, was=was, now=now, closing=BY_POLICY)
    left = record.held
    for connection in sorted(gone):
        if names := holding.held_from(left, connection):
            record.held = holding.released(record.held, connection)
            await _forget(session, record, connection, names)
    await session.flush()
    await note(session, record, was=left, now=now, closing=DISCONNECTED)
    return settled


def _settled(
    session: AsyncSession,
    record: Record,
    name: str,
    connection: str,
    branch: Branch,
    policy: Policy,
    *,
    now: datetime,
) -> bool:
    if branch.until is not None and datetime.fromisoformat(branch.until) > now:
        return False
    known = record.field_at.get(name)
    ours, theirs = Stamp.parse(known) if known else UNSTAMPED, branch.stamp(connection)
    kept = settle(policy, field=name, ours=ours, theirs=theirs)
    if kept is Kept.NEITHER:
        calm = holding.calm(branch)
        record.held = holding.with_branch(record.held, name, connection, calm)
        return False
    record.held = holding.without(record.held, name, [connection])
    if kept is Kept.THEIRS:
        take(session, record, name, branch.value, stamp=theirs, now=now)
    return True


async def _forget(session: AsyncSession, record: Record, connection: str, names: frozenset[str]) -> None:
    """Let an item and its record meet anew in these fields: what it holds there was never agreed."""
    links = Links(session)
    ids = [link.id for link in await links.of_records([record.record_id]) if link.connection_id == connection]
    for link in (await links.locked(ids)).values():
        if link.graph_had is not None:
            view = unagreed(
                translation(record.entity).shape, LinkView(link.graph_had, link.graph_means), names
            )
            link.graph_had, link.graph_means, link.etag = view.graph_had, view.graph_means, None
