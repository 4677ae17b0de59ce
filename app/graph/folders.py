"""Contact folders: found by name, made, adopted, and known by id ever after.

https://learn.microsoft.com/en-us/graph/api/user-list-contactfolders
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

from app.graph.batch import Call
from app.graph.mailbox import Mailbox
from app.graph.protocol import Document, FolderExists, FolderGone, GraphError

FIELDS = "$select=id,displayName,parentFolderId"
ALL = f"/me/contactFolders?{FIELDS}&$top=100"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of contacts, a calendar or a list of tasks.

    Its id never changes; its name is the user's to change, unless it is ``built_in``.
    """

    id: str
    name: str
    parent_id: str | None
    built_in: bool = False

    @classmethod
    def parse(cls, document: Document) -> Self:
        """Read a contactFolder."""
        return cls(document["id"], document.get("displayName") or "", document.get("parentFolderId"))


def folder_call(folder_id: str) -> Call:
    """Return the call that reads a folder, for use in a batch; its result is ``Folder.parse``d."""
    return Call("GET", f"/me/contactFolders/{quote(folder_id, safe='')}?{FIELDS}")


async def folder(mailbox: Mailbox, folder_id: str) -> Folder:
    """Return a folder by its id, also when it lies under Deleted Items. Raises FolderGone."""
    return Folder.parse(await mailbox.request(folder_call(folder_id), missing=FolderGone))


async def find_folder(mailbox: Mailbox, name: str) -> Folder | None:
    """Return the folder of this name next to the default one, compared as Exchange does: without case."""
    async for found in _folders(mailbox):
        if found.name.casefold() == name.casefold():
            return found
    return None


async def find_or_make_folder(mailbox: Mailbox, name: str) -> Folder:
    """Return the folder of this name, made if there is none."""
    found = await find_folder(mailbox, name)
    if found is not None:
        return found
    try:
        made = await mailbox.request(Call("POST", "/me/contactFolders", {"displayName": name}))
    except FolderExists:
        # It was made between our look and our wish, perhaps by ourselves.
        found = await find_folder(mailbox, name)
        if found is None:
            raise
        return found
    return Folder.parse(made)


async def rename_folder(mailbox: Mailbox, folder_id: str, name: str) -> bool:
    """Give a folder another name; say whether it was free."""
    path = f"/me/contactFolders/{quote(folder_id, safe='')}"
    try:
        await mailbox.request(Call("PATCH", path, {"displayName": name}), missing=FolderGone)
    except FolderExists:
        return False
    return True


async def is_deleted(mailbox: Mailbox, found: Folder) -> bool:
    """Say whether a folder lies in Deleted Items: Exchange moves it there first."""
    return found.parent_id is not None and bool(await deleted_among(mailbox, [found.parent_id]))


async def deleted_among(mailbox: Mailbox, parent_ids: Iterable[str]) -> frozenset[str]:
    """Return which of these, the parents of folders or contacts, is Deleted Items. Never a guess at a loss.

    Quirk: the mail folder of that name can't be read with the contacts permission alone. Its well-known name
    works here in real traffic but is documented nowhere; where it doesn't, it is what isn't a contact folder
    though contacts lie in it, and holds none of the live folders.
    """
    asked = frozenset(parent_ids)
    try:
        known = await mailbox.get(f"/me/contactFolders/deleteditems?{FIELDS}", missing=FolderGone)
    except GraphError:
        return await _not_for_contacts(mailbox, asked)
    return asked & {str(known["id"])}


async def _not_for_contacts(mailbox: Mailbox, asked: frozenset[str]) -> frozenset[str]:
    alive = {found.parent_id async for found in _folders(mailbox)}
    doubtful = sorted(asked - alive)
    answers = await mailbox.batch([folder_call(folder_id) for folder_id in doubtful])
    gone = [isinstance(answer.error(missing=FolderGone), FolderGone) for answer in answers]
    return frozenset(folder_id for folder_id, is_gone in zip(doubtful, gone, strict=True) if is_gone)


async def _folders(mailbox: Mailbox) -> AsyncIterator[Folder]:
    link: str | None = ALL
    while link:
        document = await mailbox.get(link)
        for found in document["value"]:
            yield Folder.parse(found)
        link = document.get("@odata.nextLink")
