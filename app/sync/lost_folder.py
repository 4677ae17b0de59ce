"""A folder that is gone takes nobody with it: somebody is asked whether its contacts are meant to go.

Until then the sync rests, and looks now and then whether the folder is back in its place.
"""

from app.models import Link
from app.records.link import LinkState
from app.records.reasons import Reason
from app.states import slug_of
from app.sync.approvals import COLLECTION_GONE, Approvals
from app.sync.approved import follow_run
from app.sync.collections import Collections
from app.sync.container import FOLDER_GONE
from app.sync.decisions import deciding
from app.sync.ending import ask_about_the_gone, happening_of
from app.sync.links import Links
from app.sync.page import locked_page
from app.sync.runs import Runs
from app.sync.switch import restart_round
from app.sync.work import Work


async def ask_about_folder(work: Work) -> bool:
    """Hold every contact of the folder and ask; False where none is held in it: it is simply made again."""
    async with work.transaction() as session:
        open_ = await Approvals(session).open_of([work.collection.id])
        if any((run.approval or {})["reason"] == COLLECTION_GONE for run in open_):
            return True
        links = await Links(session).with_items(work.collection.id, (LinkState.LINKED, LinkState.GONE))
        if links:
            page = await locked_page(work, session, [(link.id, str(link.record_id)) for link in links])
            others = await Links(session).of_records(page.records)
            held = list(page.links.values())
            deleting = sum(happening_of(page, link, others=others).deletes_record for link in held)
            for link in held:
                link.gone_at = link.gone_at or work.now
            await ask_about_the_gone(work, session, held, reason=COLLECTION_GONE, deleting=deleting)
            for run in open_:
                if (run.approval or {})["side"] == "crm":
                    await Runs(session).cancel(run, now=work.now)  # its links wait for the same answer now
        await work.move(session)
    if not links:
        await _forget_folder(work)
    return bool(links)


async def follow_lost_folder(work: Work) -> bool:
    """Do what was decided about a folder that is gone, then let another be made; say whether that is done."""
    async with work.transaction() as session:
        await Approvals(session).expire(work.collection.id, now=work.now)
        waiting = await Approvals(session).to_follow(work.collection.id, current=work.progress.run_id)
    decided = [run for run in waiting if (run.approval or {}).get("reason") == COLLECTION_GONE]
    for run in decided:
        if not await follow_run(work, run):
            return False
    if decided:
        await _forget_folder(work)
    return True


async def found_again(work: Work) -> None:
    """Go on where the sync was, once its folder is back in its place: the question has answered itself."""
    if slug_of(work.collection.problem) != FOLDER_GONE:
        return
    async with work.transaction() as session:
        open_ = await Approvals(session).open_of([work.collection.id])
        asked = [run for run in open_ if (run.approval or {})["reason"] == COLLECTION_GONE]
        for run in asked:
            await Links(session).move(
                Link.held_by == run.id,
                state=LinkState.LINKED.value,
                gone_at=None,
                held_by=None,
                due_at=work.now,
                **deciding(Reason.IN_SCOPE, now=work.now),
            )
            await Runs(session).cancel(run, now=work.now)
        row = await Collections(session).get(work.collection.id)
        assert row is not None  # noqa: S101  its lease is ours
        await restart_round(session, row)
        await work.move(session, problem=None)
    work.collection = row
    row.problem = None


async def _forget_folder(work: Work) -> None:
    async with work.transaction() as session:
        row = await Collections(session).get(work.collection.id)
        assert row is not None  # noqa: S101  its lease is ours
        await restart_round(session, row)
        await work.move(session, container_id=None, problem=None)
    work.collection = row
    row.container_id = row.problem = None
