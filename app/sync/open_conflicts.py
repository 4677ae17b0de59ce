"""Questions: an open conflict for each mailbox that a field is held from, kept in step with the record.

``record.held`` is what the engine goes by, the row is what people see. Callers hold the record's lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.db import ring
from app.models import Conflict, Record
from app.records import Value
from app.records.types import record_type
from app.sync import holding
from app.sync.conflict_rows import About, Conflicts
from app.sync.conflicts import UNSTAMPED, Side, Stamp
from app.sync.holding import Branch
from app.sync.timers import Timers

Held = Mapping[str, Any]
Key = tuple[str, str]
KIND: Final = "questions"


@dataclass(frozen=True, slots=True)
class Closing:
    """How questions end that end now, and by what."""

    status: str
    by: str


AGREED: Final = Closing("resolved", "agreement")
BY_POLICY: Final = Closing("resolved", "policy")
REMOVED: Final = Closing("obsolete", "removal")


async def note(
    session: AsyncSession, record: Record, *, was: Held, now: datetime, closing: Closing = AGREED
) -> int:
    """Open, update and close the record's questions, now that it holds what it holds; return how many opened.

    Without a ``closing`` those that end do so because the sides are of one mind: both say the same, or one
    took its edit back.
    """
    before, after = _each(was), _each(record.held)
    if not before and not after:
        return 0
    conflicts = Conflicts(session)
    for (name, connection), branch in after.items():
        if (name, connection) not in before:
            conflicts.open(
                record, field=name, connection_id=connection, base=branch.base, code=branch.code,
                now=now, **_values(record, name, branch),
            )  # fmt: skip
    rows = await conflicts.open_of(record.record_id) if before else []
    for row in rows:
        key = row.field, str(row.connection_id)
        if key in before and key in after:
            _update(row, record, after[key])
        elif key in before:
            row.kept = _kept(record, row, before[key])
            conflicts.end(row, status=closing.status, by=closing.by, about=About.of(record), now=now)
    return len(after.keys() - before.keys())


def _each(held: Held) -> dict[Key, Branch]:
    return {
        (name, connection): branch
        for name in held
        for connection, branch in holding.branches(held, name).items()
    }


def _values(record: Record, name: str, branch: Branch) -> dict[str, Value]:
    """Return who has what: the CRM or, of a field that swings between two mailboxes, the other one."""
    ours, stamp = record.doc.get(name), _stamp(record, name)
    if stamp.side is Side.MICROSOFT:
        other = {"connection": stamp.connection, "value": ours}
        return {"crm": None, "microsoft": [branch.value], "other": other}
    return {"crm": [ours], "microsoft": [branch.value], "other": None}


def _stamp(record: Record, name: str) -> Stamp:
    known = record.field_at.get(name)
    return Stamp.parse(known) if known else UNSTAMPED


def _update(row: Conflict, record: Record, branch: Branch) -> None:
    row.code = branch.code
    for name, value in _values(record, row.field, branch).items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def _kept(record: Record, row: Conflict, branch: Branch) -> str:
    stands, same = record.doc.get(row.field), record_type(record.entity).same
    if row.crm is not None and same(row.field, stands, row.crm[0]):
        return "crm"
    return "microsoft" if same(row.field, stands, branch.value) else "neither"


async def ask_again(session: AsyncSession, connection_id: str, *, now: datetime) -> None:
    """Have the open questions of a mailbox looked at anew, if there are any."""
    if await Conflicts(session).open_with(connection_id, limit=1):
        await Timers(session).set(KIND, connection_id, now)
        ring(session, KIND, workspace=session.info["workspace"], target=connection_id)
