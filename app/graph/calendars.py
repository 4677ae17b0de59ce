"""Calendars: the default one, or one found by its name or made; known by id ever after.

https://learn.microsoft.com/en-us/graph/api/user-list-calendars
"""

from collections.abc import AsyncIterator
from urllib.parse import quote

from app.graph.batch import Call
from app.graph.folders import Folder
from app.graph.mailbox import Mailbox
from app.graph.protocol import Conflict, Document, FolderExists, FolderGone

FIELDS = "$select=id,name,isDefaultCalendar,canEdit,canShare,owner"
ALL = f"/me/calendars?{FIELDS}&$top=100"


def parse(document: Document) -> Folder:
    """Read a calendar as a container; calendars don't nest."""
    return Folder(document["id"], document.get("name") or "", None)


def calendar_call(calendar_id: str) -> Call:
    """Return the call that reads a calendar, for use in a batch."""
    return Call("GET", f"{_calendar(calendar_id)}?{FIELDS}")


async def calendar(mailbox: Mailbox, calendar_id: str) -> Folder:
    """Return a calendar by its id. Raises FolderGone."""
    return parse(await mailbox.request(calendar_call(calendar_id), missing=FolderGone))


async def find_or_make_calendar(mailbox: Mailbox, name: str | None) -> Folder:
    """Return the calendar of this name, made if there is none; without a name, the default one."""
    if name is None:
        return parse(await mailbox.get(f"/me/calendar?{FIELDS}", missing=FolderGone))
    found = await _named(mailbox, name)
    if found is not None:
        return found
    try:
        return parse(await mailbox.request(Call("POST", "/me/calendars", {"name": name})))
    except (FolderExists, Conflict):
        # It was made between our look and our wish, perhaps by ourselves.
        found = await _named(mailbox, name)
        if found is None:
            raise
        return found


async def rename_calendar(mailbox: Mailbox, calendar_id: str, name: str) -> bool:
    """Give a calendar another name; say whether it was free. The main one keeps its own, which isn't ours."""
    if (await mailbox.get(f"{_calendar(calendar_id)}?{FIELDS}", missing=FolderGone)).get("isDefaultCalendar"):
        return False
    try:
        await mailbox.request(Call("PATCH", _calendar(calendar_id), {"name": name}), missing=FolderGone)
    except (FolderExists, Conflict):
        return False
    return True


async def _named(mailbox: Mailbox, name: str) -> Folder | None:
    """Return the user's own calendar of this name.

    Quirk: those that others share with the user are listed among them, and may be open to edits. Whatever we
    wrote there would be in the calendar of somebody else, whose own sync would take it up.
    https://learn.microsoft.com/en-us/graph/outlook-get-shared-events-calendars
    """
    every = [document async for document in _calendars(mailbox)]
    mine = next((_owner(document) for document in every if document.get("isDefaultCalendar")), None)
    own = (each for each in every if each.get("canEdit") and _is_own(each, mine=mine))
    return next((parse(each) for each in own if each.get("name", "").casefold() == name.casefold()), None)


def _is_own(document: Document, *, mine: str | None) -> bool:
    """Say whether a calendar is the user's: only its owner can share it, and owns the default one, too."""
    return bool(document.get("canShare")) or (mine is not None and _owner(document) == mine)


def _owner(document: Document) -> str | None:
    address = (document.get("owner") or {}).get("address")
    return str(address).casefold() if address else None


async def _calendars(mailbox: Mailbox) -> AsyncIterator[Document]:
    link: str | None = ALL
    while link:
        document = await mailbox.get(link)
        for found in document["value"]:
            yield found
        link = document.get("@odata.nextLink")


def _calendar(calendar_id: str) -> str:
    return f"/me/calendars/{quote(calendar_id, safe='')}"
