"""Who may do what in somebody's calendar, as its owner sees it: nobody else is shown the list.

https://learn.microsoft.com/en-us/graph/api/calendar-list-calendarpermissions
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from app.graph.mailbox import Mailbox

ALL: Final = "/me/calendar/calendarPermissions?$top=100"
EDITING: Final = frozenset({"write", "delegateWithoutPrivateEventAccess", "delegateWithPrivateEventAccess"})


@dataclass(frozen=True, slots=True)
class CalendarPermissions:
    """The roles in one calendar: of people by their address in lower case, and of everybody else inside."""

    roles: Mapping[str, str]
    everybody: str = "none"

    def may_edit(self, addresses: Iterable[str], *, inside: bool) -> bool:
        """Say whether who has these addresses may edit; a role of one's own outdoes the organisation's."""
        names = {address.casefold() for address in addresses}
        own = {role for address, role in self.roles.items() if address in names}
        return not EDITING.isdisjoint(own or {self.everybody if inside else "none"})


async def calendar_permissions(mailbox: Mailbox) -> CalendarPermissions:
    """Read the permissions of a mailbox's main calendar."""
    roles, everybody = dict[str, str](), "none"
    link: str | None = ALL
    while link:
        document = await mailbox.get(link)
        for entry in document["value"]:
            address = (entry.get("emailAddress") or {}).get("address")
            # Quirk: the organisation's own entry is the one without an address.
            if address:
                roles[str(address).casefold()] = str(entry.get("role"))
            else:
                everybody = str(entry.get("role"))
        link = document.get("@odata.nextLink")
    return CalendarPermissions(roles, everybody)
