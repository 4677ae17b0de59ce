"""Whether a record belongs in a mailbox, and why not (``api.md`` §§4, 5): plain rules over plain values.

Every entity is asked the same questions in the same order. What differs are the words it filters by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from app.records import Fields
from app.records.reasons import Reason
from app.records.task import COMPLETED
from app.sync.policy import Access
from app.sync.touching import touches


class Ownership(StrEnum):
    PRIMARY_ONLY = "primary_only"
    ALL_ASSIGNED = "all_assigned"


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice among the CRM's own words: records carry theirs in ``field``. None selected: no filter.

    ``without``: whether a record passes that has no such word. ``mirrors``: whether it means tasks in a
    calendar, too.
    """

    field: str
    selected: frozenset[str | bool] | None
    otherwise: Reason
    without: bool = False
    mirrors: bool = True


@dataclass(frozen=True, slots=True)
class Days:
    """The days that sync, half-open, by the clock on the wall wherever an event takes place."""

    begin: date
    end: date


class Private(StrEnum):
    """What becomes of events that are not for everybody."""

    AS_PRIVATE = "as_private"
    BUSY_ONLY = "busy_only"
    SKIP = "skip"


NOT_FOR_ALL: Final = frozenset({"personal", "private", "confidential"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What one mailbox takes in. ``since``: records that it never met must have been created since then.

    Of events: those that touch the ``days``; ``private`` ones and ``completed`` ones as is chosen, and those
    that show ``tasks``.
    """

    user: str
    ownership: Ownership = Ownership.ALL_ASSIGNED
    filters: tuple[Filter, ...] = ()
    since: datetime | None = None
    days: Days | None = None
    private: Private = Private.AS_PRIVATE
    completed: bool = True
    tasks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What bears on a record's place in one mailbox.

    ``said`` is what the CRM said of it besides its document: owners, classes, the time it was created.
    ``doc`` is its document, where its entity is one of which that matters. ``born_at`` is when a mailbox
    first showed it, where no CRM made it. ``met``: this mailbox has an item of it, or had one. ``mirror``: it
    is a task, and the question is about the event that shows it, which is what ``doc`` says.
    """

    said: Mapping[str, Any]
    doc: Fields = field(default_factory=dict)
    born_at: datetime | None = None
    rejected: bool = False
    met: bool = False
    mirror: bool = False


def scope(mailbox: Scope, facts: Facts) -> Reason:
    """Return ``in_scope``, or the first reason why the record doesn't belong in this mailbox."""
    return (
        _by_owner(mailbox, facts)
        or (Reason.REJECTED_BY_CRM if facts.rejected else None)
        or (Reason.NOT_IN_CALENDAR if facts.mirror and not _is_shown(mailbox, facts) else None)
        or next((f.otherwise for f in mailbox.filters if not _passes(f, facts)), None)
        or _by_age(mailbox, facts)
        or by_content(mailbox, facts)
        or Reason.IN_SCOPE
    )


def _by_owner(mailbox: Scope, facts: Facts) -> Reason | None:
    owners = facts.said.get("owners") or []
    if not owners:
        return Reason.NO_OWNER
    access = next((owner["access"] for owner in owners if owner["user"] == mailbox.user), None)
    if access is None:
        return Reason.NOT_AN_OWNER
    if mailbox.ownership is Ownership.PRIMARY_ONLY and access != Access.PRIMARY:
        return Reason.NOT_PRIMARY_OWNER
    return None


def _is_shown(mailbox: Scope, facts: Facts) -> bool:
    return mailbox.tasks and facts.doc.get("when") is not None


def _passes(one: Filter, facts: Facts) -> bool:
    """Say whether a record passes a filter; what was born in Microsoft does until the CRM says its words."""
    if facts.mirror and not one.mirrors:
        return True
    if one.selected is None or (facts.born_at is not None and one.field not in facts.said):
        return True
    words = facts.said.get(one.field) or []
    if not words:
        return one.without
    return not one.selected.isdisjoint(words if isinstance(words, list) else [words])


def _by_age(mailbox: Scope, facts: Facts) -> Reason | None:
    if mailbox.since is None or facts.met:
        return None
    stated = facts.said.get("created_at")
    created = datetime.fromisoformat(stated) if stated else facts.born_at
    if created is None:
        return Reason.NO_CREATED_AT
    return Reason.BEFORE_START_DATE if created < mailbox.since else None


def by_content(mailbox: Scope, facts: Facts) -> Reason | None:
    """Say what about an item itself keeps it out. Time alone takes nothing out that is there."""
    if not mailbox.completed and (facts.said.get("completed") or facts.doc.get("status") == COMPLETED):
        return Reason.COMPLETED_EXCLUDED
    if mailbox.private is Private.SKIP and facts.doc.get("sensitivity") in NOT_FOR_ALL:
        return Reason.PRIVATE_SKIPPED
    if (
        mailbox.days is None
        or facts.met
        or touches(facts.doc, begin=mailbox.days.begin, end=mailbox.days.end)
    ):
        return None
    return Reason.OUTSIDE_WINDOW
