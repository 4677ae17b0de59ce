"""The folder a collection stands for: made or adopted once, by name; known by its id ever after."""

from datetime import timedelta

from app.errors import Refused
from app.graph.folders import Folder, find_or_make_folder, folder, is_deleted
from app.graph.protocol import FolderGone
from app.sync.timers import Timers
from app.sync.work import Work


async def ensure_folder(work: Work) -> None:
    """See to it that the collection has its folder; a first turn makes sure that it is still there.

    Safe to kill: a folder made but not yet noted is found by its name the next time.
    """
    if work.collection.container_id is None or work.collection.matched_at is None:
        await _settle_on(
            work, await _own(work) or await find_or_make_folder(work.mailbox, work.settings.folder_name)
        )
    elif (work.progress.trigger == "manual" or work.collection.failures) and await _own(work) is None:
        raise folder_gone()


def folder_gone() -> Refused:
    """Return what stops a collection whose folder is gone: nothing of it may pass for deleted contacts."""
    return Refused("The folder of this sync is gone from Outlook.", problem="folder-gone")


async def _own(work: Work) -> Folder | None:
    """Return the collection's folder, unless it is gone or lies in Deleted Items."""
    if work.collection.container_id is None:
        return None
    try:
        found = await folder(work.mailbox, work.collection.container_id)
    except FolderGone:
        return None
    return None if await is_deleted(work.mailbox, found) else found


async def _settle_on(work: Work, found: Folder) -> None:
    now = work.now
    if work.collection.container_id == found.id:
        return
    async with work.transaction() as session:
        await Timers(session).set("subscription", work.collection.id, now + timedelta(seconds=0))
        await work.move(
            session, container_id=found.id, container_name=found.name, delta_link=None, position=None
        )
