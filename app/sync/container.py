"""The folder a collection stands for: made or adopted once, by name; known by its id ever after."""

from typing import Final

import structlog

from app.errors import Refused
from app.graph.folders import Folder
from app.graph.protocol import FolderGone
from app.sync.timers import Timers
from app.sync.work import Work

FOLDER_GONE: Final = "folder-gone"
log = structlog.get_logger()


async def ensure_folder(work: Work) -> None:
    """See to it that the collection has its folder; a first turn makes sure that it is still there.

    Safe to kill: a folder made but not yet noted is found by its name the next time.
    """
    if work.collection.container_id is None or work.collection.matched_at is None:
        found = await _own(work) or await work.words.find_or_make(work.mailbox, work.settings.container)
        await _settle_on(work, found)
    elif _doubtful(work) and await _own(work) is None:
        raise folder_gone()
    if work.settings.container not in {None, work.collection.container_name}:
        await _rename(work)


async def _rename(work: Work) -> None:
    """Follow the choice of another name: the folder stays, with everything in it.

    Where another folder has that name already, ours keeps its own. How its user renames it is theirs.
    """
    name = str(work.settings.container)
    if not await work.words.rename(work.mailbox, work.folder, name):
        log.warning("folder.name_taken", collection=work.collection.id)
    async with work.transaction() as session:
        await work.move(session, container_name=name)


def _doubtful(work: Work) -> bool:
    """Say whether to look first: somebody presses the button, or the last turn did not end well."""
    collection = work.collection
    return work.progress.trigger == "manual" or bool(collection.failures) or collection.problem is not None


def folder_gone() -> Refused:
    """Return what stops a collection whose folder is gone: nothing of it may pass for deleted contacts."""
    return Refused("The folder of this sync is gone from Outlook.", problem=FOLDER_GONE)


async def _own(work: Work) -> Folder | None:
    """Return the collection's folder, unless it is gone or lies in Deleted Items."""
    if work.collection.container_id is None:
        return None
    try:
        found = await work.words.container(work.mailbox, work.collection.container_id)
    except FolderGone:
        return None
    return None if await work.words.is_deleted(work.mailbox, found) else found


async def _settle_on(work: Work, found: Folder) -> None:
    if work.collection.container_id == found.id:
        return
    # The name that was chosen, not the folder's own spelling: only another choice renames it.
    name = work.settings.container or found.name
    known = {"container_id": found.id, "container_name": name, "built_in": found.built_in}
    async with work.transaction() as session:
        await Timers(session).set("subscription", work.collection.id, work.now)
        await work.move(session, delta_link=None, position=None, **known)
