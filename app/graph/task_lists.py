"""Lists of To Do: found by name or made, known by id ever after; and what changes in one.

https://learn.microsoft.com/graph/api/resources/todotasklist
"""

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from app.graph.batch import Call
from app.graph.delta import PAGE_SIZE, Page
from app.graph.folders import Folder
from app.graph.mailbox import Mailbox
from app.graph.protocol import Conflict, Document, FolderExists, FolderGone
from app.graph.task_calls import EXPANDED, mark_of, tasks_of

ALL: Final = "/me/todo/lists"
FLAGGED: Final = "flaggedEmails"
OWN: Final = "none"


def parse(document: Document) -> Folder:
    """Read a list as a container; lists don't nest."""
    built_in = document.get("wellknownListName", OWN) != OWN
    return Folder(document["id"], document.get("displayName") or "", None, built_in=built_in)


def list_call(list_id: str) -> Call:
    """Return the call that reads a list, for use in a batch."""
    return Call("GET", _list(list_id))


async def task_list(mailbox: Mailbox, list_id: str) -> Folder:
    """Return a list by its id. Raises FolderGone."""
    return parse(await mailbox.request(list_call(list_id), missing=FolderGone))


async def find_or_make_list(mailbox: Mailbox, name: str) -> Folder:
    """Return the list of this name, made if there is none."""
    found = await _named(mailbox, name)
    if found is not None:
        return found
    try:
        return parse(await mailbox.request(Call("POST", ALL, {"displayName": name})))
    except (FolderExists, Conflict):
        # It was made between our look and our wish, perhaps by ourselves.
        found = await _named(mailbox, name)
        if found is None:
            raise
        return found


async def rename_list(mailbox: Mailbox, list_id: str, name: str) -> bool:
    """Give a list another name; say whether it was free. Built-in lists keep theirs.

    Quirk: To Do lets two lists be called the same.
    """
    if (await task_list(mailbox, list_id)).built_in or await _named(mailbox, name) is not None:
        return False
    try:
        await mailbox.request(Call("PATCH", _list(list_id), {"displayName": name}), missing=FolderGone)
    except (FolderExists, Conflict):
        return False
    return True


async def tasks_delta(mailbox: Mailbox, list_id: str, link: str | None) -> Page:
    """Return the page behind a link of an earlier one; without a link, the first page of a full round.

    Raises DeltaExpired or FolderGone.
    Quirk: preferences aren't encoded in the links and must be sent with each page; ``$select`` can't be
    relied on.
    """
    preferences = {"prefer": f"odata.maxpagesize={PAGE_SIZE}"}
    path = f"{tasks_of(list_id)}/delta?{EXPANDED}"
    return Page.parse(await mailbox.get(link or path, headers=preferences, missing=FolderGone))


async def marked_tasks(mailbox: Mailbox, list_id: str) -> list[Document]:
    """Return every task of a list that bears a mark of ours. Quirk: there is no filter by it."""
    return [
        each async for each in _rows(mailbox, f"{tasks_of(list_id)}?{EXPANDED}&$top=100") if mark_of(each)
    ]


async def tasks_elsewhere(mailbox: Mailbox, *, but: str) -> list[Document]:
    """Return the tasks of all the other lists to which a person may have moved one."""
    others = [
        str(found["id"])
        async for found in _rows(mailbox, ALL)
        if found["id"] != but and found.get("wellknownListName") != FLAGGED
    ]
    return [
        each for other in others async for each in _rows(mailbox, f"{tasks_of(other)}?{EXPANDED}&$top=100")
    ]


async def _named(mailbox: Mailbox, name: str) -> Folder | None:
    """Return the user's own list of this name. Quirk: those that others share are listed with them."""
    async for document in _rows(mailbox, ALL):
        own = document.get("isOwner") is not False and document.get("wellknownListName") != FLAGGED
        if own and str(document.get("displayName")).casefold() == name.casefold():
            return parse(document)
    return None


async def _rows(mailbox: Mailbox, path: str) -> AsyncIterator[Document]:
    link: str | None = path
    while link:
        document = await mailbox.get(link, missing=FolderGone)
        for found in document["value"]:
            yield found
        link = document.get("@odata.nextLink")


def _list(list_id: str) -> str:
    return f"{ALL}/{quote(list_id, safe='')}"
