"""Who is mailed because of a write: the one place that decides whether Exchange may (``engine.md`` §13).

Pure. Graph can't be told not to mail: a write that would is made, or it isn't.
https://learn.microsoft.com/graph/api/event-update
"""

from collections.abc import Collection
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from app.records import Fields, when
from app.records.shape import Shape
from app.sync.projection import Create, Update
from app.sync.touching import touches

SILENT: Final = frozenset({"reminder", "showAs", "categories"})
"""What an organizer may change without a word to anybody."""

QUIET: Final = frozenset({"isReminderOn", "reminderMinutesBeforeStart", "showAs", "categories"})
UNSEEN_GUESTS: Final = "unseenGuests"
"""How many guests an item has whom we are not to know: they are mailed all the same."""

INVITED: Final = "invited"
"""Whom an item invites, where its guests aren't heard: they are mailed all the same."""

FOREVER: Final = date(4000, 1, 1)


class Invitations(StrEnum):
    """Whether Outlook may mail the guests of what the CRM writes."""

    NEVER = "never"
    WHEN_ASKED = "when_asked"
    ALWAYS = "always"


def mailed_by(write: Create | Update, had: Fields) -> tuple[str, ...]:
    """Return whom Exchange would mail because of this write to an item that was worded so."""
    if not SILENT.issuperset(write.fields if isinstance(write, Create) else write.owed):
        return _people(write.fields.get("attendees") or (), had)
    return ()


def mailed_by_delete(had: Fields) -> tuple[str, ...]:
    """Return whom Exchange would mail a cancellation."""
    return _people((), had)


def mailed_by_call(method: str, body: Fields, had: Fields) -> tuple[str, ...]:
    """Return whom Exchange would mail because of a call on an item that was worded so."""
    if method == "PATCH" and QUIET.issuperset(body):
        return ()
    return _people(body.get("attendees") or (), had)


def may_mail(policy: Invitations, *, invite: bool, doc: Fields, now: datetime) -> bool:
    """Say whether guests of this event may be mailed now: never about what is over."""
    return covers(policy, invite=invite) and is_ahead(doc, now=now)


def covers(policy: Invitations, *, invite: bool) -> bool:
    """Say whether the policy covers mails about an event, whenever that takes place."""
    return policy is Invitations.ALWAYS or (policy is Invitations.WHEN_ASKED and invite)


def is_ahead(doc: Fields, *, now: datetime) -> bool:
    """Say whether an event, or anything of a series, is still to come."""
    value = doc.get("when") or {}
    if not value.get("start"):
        return False
    if value.get("rrule"):
        return touches(doc, begin=now.astimezone(UTC).date(), end=FOREVER)
    return when.instant(value["start"]) > now


def silent(shape: Shape) -> frozenset[str]:
    """Return the parts of a meeting that can't be written without mailing its guests."""
    return frozenset(shape.parts) - SILENT


def noting_guests(wording: Fields) -> Fields:
    """Return an item's wording with whom it invites, kept beside what is compared."""
    if "attendees" not in wording:
        return wording
    people = (each.get("emailAddress") or {} for each in wording["attendees"] or ())
    return {**wording, INVITED: sorted({each["address"] for each in people if each.get("address")})}


def _people(sent: Collection[Fields], had: Fields) -> tuple[str, ...]:
    """Return the guests, those to be and those there are, of an item that its mailbox's user organizes."""
    if had.get("isOrganizer") is False:
        return ()
    guests = [*(had.get("attendees") or ()), *({"address": each} for each in had.get(INVITED) or ()), *sent]
    found = [each.get("address") or (each.get("emailAddress") or {}).get("address") for each in guests]
    unseen = [f"guest {number + 1} of a private event" for number in range(had.get(UNSEEN_GUESTS) or 0)]
    return (*dict.fromkeys(address.casefold() for address in found if address), *unseen)
