"""Who may assign events to whom: whoever may edit the other's calendar at Microsoft.

Microsoft is asked before the transaction that writes, never in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import AssignmentNotPermitted, Interruption, Problem, Refused
from app.graph.calendar_permissions import CalendarPermissions
from app.graph.scopes import missing
from app.models import Connection, Record
from app.problems import as_problem
from app.records.types import EVENT
from app.states import KINDS
from app.sync.calendar_rights import Answer, CalendarRights, may_edit
from app.sync.connections import Connections
from app.sync.resources import Resources
from app.sync.saying import Says, Verb
from app.sync.stated import is_older
from app.sync.workspace_changes import HAVE_SIGNED_IN
from app.sync.workspaces import Workspaces

ASSIGNS: Final = frozenset({"assigned_by", "owners"})
"""What a write mentions that assigns anything."""


class Ruling(StrEnum):
    """Why a user may assign to another, or may not."""

    SAME_USER = "same_user"
    EDIT_RIGHTS = "edit_rights"
    ASSIGNEE_NOT_CONNECTED = "assignee_not_connected"
    NO_CONNECTION = "no_connection"
    NO_EDIT_RIGHTS = "no_edit_rights"
    RIGHTS_UNKNOWN = "rights_unknown"


ALLOWED: Final = frozenset({Ruling.SAME_USER, Ruling.EDIT_RIGHTS, Ruling.ASSIGNEE_NOT_CONNECTED})
SENTENCES: Final[Mapping[Ruling, str]] = {
    Ruling.SAME_USER: "Everybody may assign to themselves.",
    Ruling.EDIT_RIGHTS: "{assigner} may edit the calendar of {assignee}.",
    Ruling.ASSIGNEE_NOT_CONNECTED: "{assignee} has no calendar connected that this would reach.",
    Ruling.NO_CONNECTION: "{assigner} is not connected to Microsoft 365, and can assign to themselves only.",
    Ruling.NO_EDIT_RIGHTS: "{assigner} may not edit the calendar of {assignee}, who can share it with them in"
    " Outlook, with the right to edit.",
    Ruling.RIGHTS_UNKNOWN: "Who may edit the calendar of {assignee} can't be read now: {why}",
}


class Assignment(NamedTuple):
    """One user gives something to another."""

    assigner: str
    assignee: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether an assignment is permitted, and why."""

    assignment: Assignment
    ruling: Ruling
    why: str = ""

    @property
    def allowed(self) -> bool:
        return self.ruling in ALLOWED

    @property
    def detail(self) -> str:
        """Return the ruling as a sentence for a person."""
        return SENTENCES[self.ruling].format(**self.assignment._asdict(), why=self.why)

    def document(self) -> dict[str, object]:
        """Return the ruling as the API tells it."""
        return {
            "assignee": self.assignment.assignee,
            "allowed": self.allowed,
            "reason": self.ruling.value,
            "detail": self.detail,
        }


async def judge(
    resources: Resources, workspace: str, assignments: Iterable[Assignment], *, now: datetime
) -> dict[Assignment, Judged | Interruption]:
    """Say of each assignment whether it is permitted; an Interruption where Microsoft didn't answer."""
    wanted = list(dict.fromkeys(assignments))
    async with resources.db.transaction(workspace) as session:
        people = await _people(session, {user for each in wanted for user in each})
    rights = CalendarRights(resources, workspace, now=now)
    judged: dict[Assignment, Judged | Interruption] = {}
    asks: dict[Assignment, list[Connection]] = {}
    for each in wanted:
        ruling = _at_first_sight(each, people)
        if isinstance(ruling, Judged):
            judged[each] = ruling
        else:
            asks[each] = ruling
    known: dict[str, Answer] = {**await rights.remembered({c.id for cs in asks.values() for c in cs})}
    doubtful = {
        calendar.id
        for each, calendars in asks.items()
        for calendar in calendars
        if not _is_yes(known.get(calendar.id), people[each.assigner], calendar)
    }
    known |= await rights.read(sorted(doubtful))
    for each, calendars in asks.items():
        judged[each] = _by_rights(each, calendars, known, editors=people[each.assigner])
    return judged


async def refusals(
    resources: Resources, workspace: str, page: Sequence[Says], *, now: datetime
) -> dict[str, Problem]:
    """Return which of these writes assign what they may not, where the workspace's rule asks for rights.

    What was assigned before isn't assigned again: rights that are lost stop no other edit.
    """
    assigning = [says for says in page if says.verb is not Verb.DELETE and ASSIGNS & says.stated.keys()]
    if not assigning:
        return {}
    async with resources.db.transaction(workspace) as session:
        known = await Workspaces(session).get(workspace)
        if known is None or not known.rules.get("require_calendar_edit_rights"):
            return {}
        stored = await _stored(session, assigning)
    wanted = {says.crm_id: _assigned(says, stored.get(says.crm_id), now=now) for says in assigning}
    judged = await judge(resources, workspace, (each for some in wanted.values() for each in some), now=now)
    found = {crm_id: _refusal([judged[each] for each in some]) for crm_id, some in wanted.items()}
    return {crm_id: problem for crm_id, problem in found.items() if problem is not None}


def _refusal(judged: Sequence[Judged | Interruption]) -> Problem | None:
    refused = [each for each in judged if isinstance(each, Judged) and not each.allowed]
    if refused:
        detail = " ".join(dict.fromkeys(each.detail for each in refused))
        return AssignmentNotPermitted(detail, refused=[each.document() for each in refused])
    unanswered = next((each for each in judged if isinstance(each, Interruption)), None)
    return as_problem(unanswered) if unanswered is not None else None


async def _people(session: AsyncSession, users: set[str]) -> dict[str, list[Connection]]:
    """Return everybody's connections to accounts that they have signed in to."""
    people: dict[str, list[Connection]] = {user: [] for user in users}
    for connection in await Connections(session).of_users(sorted(users)):
        if connection.status in HAVE_SIGNED_IN:
            people[connection.user].append(connection)
    return people


def _at_first_sight(
    assignment: Assignment, people: Mapping[str, Sequence[Connection]]
) -> Judged | list[Connection]:
    """Judge what needs no look into a calendar; else return the calendars to look into."""
    if assignment.assigner == assignment.assignee:
        return Judged(assignment, Ruling.SAME_USER)
    if not people[assignment.assigner]:
        return Judged(assignment, Ruling.NO_CONNECTION)
    calendars = [each for each in people[assignment.assignee] if _has_calendar(each)]
    if not calendars:
        return Judged(assignment, Ruling.ASSIGNEE_NOT_CONNECTED)
    closed = next((why for each in calendars if (why := _closed(each))), None)
    return Judged(assignment, Ruling.RIGHTS_UNKNOWN, closed) if closed else calendars


def _has_calendar(connection: Connection) -> bool:
    permitted = not missing("calendar", granted=connection.granted_scopes or ())
    return permitted and connection.status != "no_mailbox"


def _closed(connection: Connection) -> str | None:
    """Return why a mailbox can't be read before somebody acts."""
    if connection.status != "active":
        kind = KINDS.get((connection.problem or {}).get("type", "").removeprefix("/problems/"))
        return kind.title if kind is not None else "The connection is not active."
    return "The connection is paused." if connection.paused else None


def _is_yes(answer: Answer | None, editors: Sequence[Connection], calendar: Connection) -> bool:
    return isinstance(answer, CalendarPermissions) and may_edit(answer, editors, owner=calendar)


def _by_rights(
    assignment: Assignment,
    calendars: Sequence[Connection],
    known: Mapping[str, Answer],
    *,
    editors: Sequence[Connection],
) -> Judged | Interruption:
    """Judge by the calendars: it is written in each of them, so each must be open to the assigner."""
    if all(_is_yes(known[each.id], editors, each) for each in calendars):
        return Judged(assignment, Ruling.EDIT_RIGHTS)
    for each in calendars:
        match known[each.id]:
            case Refused() as refused:
                kind = KINDS.get(refused.problem)
                why = kind.title if kind is not None else "Microsoft refuses."
                return Judged(assignment, Ruling.RIGHTS_UNKNOWN, why)
            case Interruption() as interruption:
                return interruption
            case CalendarPermissions():
                continue
            case refusal:
                return Judged(assignment, Ruling.RIGHTS_UNKNOWN, f"Microsoft says {refusal.code}.")
    return Judged(assignment, Ruling.NO_EDIT_RIGHTS)


async def _stored(session: AsyncSession, page: Sequence[Says]) -> dict[str, Record]:
    """Return the records that these writes are about, by the crm_id of the write."""
    workspace: str = session.info["workspace"]
    names = {says.names: says.crm_id for says in page if says.names is not None}
    query = select(Record).where(
        Record.workspace_id == workspace,
        or_(
            and_(Record.entity == EVENT.entity, Record.crm_id.in_([says.crm_id for says in page])),
            Record.record_id.in_(list(names)),
        ),
    )
    found = (await session.scalars(query)).all()
    named = {names[each.record_id]: each for each in found if each.record_id in names}
    return named | {each.crm_id: each for each in found if each.crm_id is not None}


def _assigned(says: Says, record: Record | None, *, now: datetime) -> list[Assignment]:
    """Return the assignments that a write makes: those that the record didn't have before it."""
    if record is None:
        return _pairs(says.stated) if says.verb is Verb.PUT else []
    if is_older(says.updated_at, stored=record.crm_updated_at, now=now):
        return []
    after = {name: says.stated.get(name, record.extra.get(name)) for name in ASSIGNS}
    before = set(_pairs(record.extra)) if record.deleted_at is None else set()
    return [each for each in _pairs(after) if each not in before]


def _pairs(extra: Mapping[str, object]) -> list[Assignment]:
    assigner, owners = extra.get("assigned_by"), extra.get("owners")
    if not isinstance(assigner, str) or not isinstance(owners, Sequence):
        return []
    return [Assignment(assigner, owner["user"]) for owner in owners]
