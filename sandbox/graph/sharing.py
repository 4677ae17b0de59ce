"""Who may see and change whose calendar: roles, what each lets one do, and what it hides.

https://learn.microsoft.com/graph/outlook-share-or-delegate-calendar
"""

from base64 import b64encode
from dataclasses import dataclass

from sandbox.directory import Person
from sandbox.graph import event_parts
from sandbox.graph.store import Fields, Folder

DEFAULT = "Default"  # stands for "My Organization" among the permissions of a calendar
ORGANIZATION = ("none", "freeBusyRead", "limitedRead", "read", "write")
OUTSIDE = ("freeBusyRead", "limitedRead", "read")
DELEGATES = ("delegateWithoutPrivateEventAccess", "delegateWithPrivateEventAccess")
INSIDE = (*OUTSIDE, "write", *DELEGATES)
READS = frozenset({"limitedRead", "read", "write", *DELEGATES})
WRITES = frozenset({"write", *DELEGATES})
SEEN_IF_LIMITED = frozenset({
    "subject", "location", "locations", "start", "end", "isAllDay", "showAs", "sensitivity", "recurrence",
    "series", "iCalUId", "isCancelled", "isOrganizer", "organizer",
})  # fmt: skip
PRIVATE = frozenset({"private", "confidential"})


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do in a calendar; an owner, or an application, everything."""

    owner: bool = True
    role: str = "owner"

    @property
    def reads(self) -> bool:
        return self.owner or self.role in READS

    @property
    def writes(self) -> bool:
        return self.owner or self.role in WRITES

    @property
    def sees_private(self) -> bool:
        return self.owner or self.role == "delegateWithPrivateEventAccess"

    def masked(self, fields: Fields) -> Fields:
        """Return an event without what is hidden: a private one is no more than busy (doubtful)."""
        if not self.sees_private and fields["sensitivity"] in PRIVATE:
            return hidden(fields, but=SEEN_IF_LIMITED - {"subject", "location", "locations"}) | {
                "subject": "Private appointment"
            }
        if not self.owner and self.role == "limitedRead":
            return hidden(fields, but=SEEN_IF_LIMITED)
        return fields


EVERYTHING = Rights()


def hidden(fields: Fields, *, but: frozenset[str]) -> Fields:
    blank: Fields = {
        "subject": "", "body": "", "location": event_parts.NOWHERE, "locations": [], "attendees": [],
        "categories": [], "onlineMeeting": None, "transactionId": None,
    }  # fmt: skip
    return fields | {name: value for name, value in blank.items() if name not in but}


def permissions(folder: Folder) -> Fields:
    """Return the roles of a calendar by small-letter address; the organisation sees who is busy."""
    given: Fields = folder.about.get("permissions", {})
    return {DEFAULT: {"role": "freeBusyRead"}} | given


def rights(folder: Folder, *, owner: Person, viewer: Person | None) -> Rights:
    """Return what somebody may do in a calendar of somebody's; None is an application."""
    if viewer is None or viewer.oid == owner.oid:
        return EVERYTHING
    known = permissions(folder)
    for address in sorted(viewer.addresses & known.keys()):
        return Rights(owner=False, role=known[address]["role"])
    inside = viewer.tenant_id == owner.tenant_id
    return Rights(owner=False, role=known[DEFAULT]["role"] if inside else "none")


def allowed(key: str, *, owner: Person, default_calendar: bool) -> tuple[str, ...]:
    """Return the roles somebody can have; delegates are colleagues, and of the default calendar only."""
    if key == DEFAULT:
        return ORGANIZATION
    if not inside(key, owner):
        return OUTSIDE
    return INSIDE if default_calendar else INSIDE[: -len(DELEGATES)]


def inside(key: str, owner: Person) -> bool:
    return key == DEFAULT or key.partition("@")[2] == owner.mail.lower().partition("@")[2]


def permission_id(key: str) -> str:
    return b64encode(key.encode()).decode()
