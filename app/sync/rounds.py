"""A turn at a collection: claim it, pull, match, remove, push, and say when it is due again.

Safe to repeat, to lose and to kill: every step commits what it did together with how far it came, and the
lease's epoch voids whatever a worker does after it was given up for dead.
"""

import time
from datetime import datetime, timedelta

import structlog

from app import clock
from app.db import ring
from app.errors import Interruption, LeaseLost, Refused
from app.graph.protocol import FolderGone, GraphError
from app.graph.throttle import Priority
from app.models import Collection
from app.records.link import LinkState
from app.sync.agenda import Agenda, agenda_of, asks
from app.sync.approvals import Approvals
from app.sync.approved import follow_decisions
from app.sync.audit import audit
from app.sync.collections import Collections
from app.sync.connections import Connections
from app.sync.container import FOLDER_GONE, ensure_folder, folder_gone
from app.sync.emptied import take_over
from app.sync.join import join
from app.sync.lease import Lease, leased
from app.sync.links import Links
from app.sync.lost_folder import ask_about_folder, follow_lost_folder, found_again
from app.sync.mailboxes import open_mailbox
from app.sync.notifications import Unseen
from app.sync.progress import Progress
from app.sync.pull import pull
from app.sync.push import push
from app.sync.readiness import ready
from app.sync.remove import next_removal, remove
from app.sync.rescope import rescope
from app.sync.resources import Resources
from app.sync.restoring import restore_deleted
from app.sync.reviews import close_of_gone
from app.sync.runs import Runs
from app.sync.settings import EffectiveSettings
from app.sync.settle import settle
from app.sync.stumble import fall, stumble
from app.sync.windows import open_window
from app.sync.work import SLICE_SECONDS, Work
from app.sync.workspaces import Workspaces

SOON = timedelta(seconds=5)
log = structlog.get_logger()


async def sync_collection(resources: Resources, workspace: str, target: str) -> None:
    """Do what this collection is due for; another worker's lease is left alone."""
    async with leased(resources, workspace, target) as held:
        if held is None:
            return
        lease, collection = held
        try:
            await _turns(resources, lease)
        except LeaseLost:
            log.info("collection.taken_over")
        except Refused as refused:
            await fall(resources, lease, refused)
        except (Interruption, GraphError) as failure:
            await stumble(resources, lease, collection, failure)
        except Exception as error:
            log.exception("collection.failed")
            await stumble(resources, lease, collection, error)


async def _turns(resources: Resources, lease: Lease) -> None:
    """Go round until nobody has rung meanwhile, or the slice is over."""
    ends_at = time.monotonic() + SLICE_SECONDS
    while True:
        work = await begin(resources, lease, ends_at=ends_at)
        if work is None:
            if await _rested(resources, lease):
                return
            continue
        done, due_at = await turn(work)
        if await _finish(work, done=done, due_at=due_at):
            return


async def begin(
    resources: Resources, lease: Lease, *, ends_at: float, ahead: timedelta = timedelta(0)
) -> Work | None:
    """Read afresh what bears on the collection; None where it may not be worked on."""
    now = clock.now() + ahead
    async with resources.db.transaction(lease.workspace) as session:
        collection = await Collections(session).get(lease.collection_id)
        assert collection is not None  # noqa: S101  its lease is ours
        lease.wanted = collection.wanted
        workspace = await Workspaces(session).get(lease.workspace)
        connection = await Connections(session).get(collection.connection_id)
        if workspace is None or connection is None or not ready(workspace, connection, collection):
            return None
        settings = await EffectiveSettings(session).of(connection.id, collection.entity)
        run = await Runs(session).take(collection.id, now=now)
        await session.flush()
        progress = Progress.of(run, collection) if run else Progress(collection, _occasion(collection, now))
        priority: Priority = "bulk" if progress.full or collection.matched_at is None else "now"
        mailbox = await open_mailbox(resources, session, connection.id, priority=priority, still=lease.check)
        asked = await asks(session, collection.id)
    return Work(
        resources, lease, workspace, connection, collection, settings, mailbox, progress, ends_at,
        Unseen(resources.redis), ahead, asked=asked,
    )  # fmt: skip


def _occasion(collection: Collection, now: datetime) -> str:
    """Return what a run that nobody asked for was begun by."""
    pulls = collection.poll_at is not None and collection.poll_at <= now
    if collection.wanted == collection.served:
        return "schedule" if pulls else "retry"
    return "notification" if pulls else "crm"


async def turn(work: Work) -> tuple[bool, datetime | None]:
    """Do one turn; say whether it came to its end, and when something in it is due by itself."""
    try:
        return await _steps(work)
    except Refused as refused:
        if refused.problem == FOLDER_GONE and not await ask_about_folder(work):
            return False, None
        raise


async def _steps(work: Work) -> tuple[bool, datetime | None]:
    if work.asked and not await follow_lost_folder(work):
        return False, None
    await ensure_folder(work)
    await found_again(work)
    await audit(work)
    await open_window(work)
    if not (await _pulled(work) and await _followed(work) and await restore_deleted(work)):
        return False, None
    waiting = await agenda_of(work)
    if waiting.is_empty and work.collection.matched_at is not None:
        return True, None
    due_at = await _matched_and_removed(work, waiting)
    done = True
    if not work.direction.sends:
        await rescope(work)
    elif work.progress.pushes:
        await _phase(work, "push")
        done = await push(work)
    waiting = await agenda_of(work)
    moments = [due_at, await next_removal(work) if waiting.gone else None]
    if waiting.cleared:
        done = await take_over(work) and done
    if waiting.asked or waiting.cleared:
        moments.append(await _expiry(work))
    return done, min((at for at in moments if at is not None), default=None)


async def _matched_and_removed(work: Work, waiting: Agenda) -> datetime | None:
    """Match and remove what waits for it; return when more will be gone for long enough."""
    if waiting.to_match or work.collection.matched_at is None:
        await _phase(work, "match")
        await join(work)
    due_at = await remove(work) if waiting.gone else None
    if (waiting.gone or waiting.to_match) and await close_of_gone(work):
        await join(work)
    return due_at


async def _followed(work: Work) -> bool:
    return not work.asked or await follow_decisions(work)


async def _expiry(work: Work) -> datetime | None:
    """Return when an open question ends by itself, also one that was asked just now."""
    async with work.transaction() as session:
        return await Approvals(session).next_expiry(work.collection.id)


async def _pulled(work: Work) -> bool:
    """Pull if it is time to, or if a round is under way; say whether the round is complete."""
    collection, progress = work.collection, work.progress
    under_way = collection.position is not None or collection.delta_link is None
    timely = collection.poll_at is not None and collection.poll_at <= work.now
    asked = progress.run_id is not None and progress.pulls and progress.phase in {None, "pull"}
    if not (under_way or timely or asked):
        return True
    await _phase(work, "pull", poll_at=work.now + work.poll_every)
    await _settle_creates(work)
    try:
        if not await pull(work):
            return False
    except FolderGone as gone:
        raise folder_gone() from gone
    await _look_again(work)
    if work.collection.round_full:  # also where the token had expired, and the round became a full one
        await _end_full_round(work)
    return True


async def _look_again(work: Work) -> None:
    """Poll again soon where a notification named what this round hasn't shown: the delta lags behind it."""
    at = await work.unseen.look_again_at(work.collection.id, now=work.now)
    if at is not None:
        async with work.transaction() as session:
            await Collections(session).poll_by(work.collection.id, at=at)


async def _settle_creates(work: Work) -> None:
    """Know which of the folder's items are our own before any is imported."""
    if work.collection.delta_link is not None:
        return
    async with work.transaction() as session:
        creating = await Links(session).in_state(work.collection.id, LinkState.WANTED, attempted=True)
    if creating:
        await settle(work, creating)


async def _end_full_round(work: Work) -> None:
    """Suspect what was linked before a full round and not shown by it; each is verified one by one."""
    collection, now = work.collection, work.now
    async with work.transaction() as session:
        links = Links(session)
        while unseen := await links.unseen(
            collection.id, round_no=collection.round, before=collection.round_started_at or now
        ):
            for link in unseen:
                link.gone_at, link.seen_round = (
                    (now, link.seen_round) if work.shows(link) else (None, collection.round)
                )
            await session.flush()
        await work.move(session, round_full=False)


async def _phase(work: Work, phase: str, **values: object) -> None:
    """Begin a phase. A round moves ``poll_at`` on before it asks, so that a ring meanwhile counts."""
    progress = work.progress
    if progress.phase == phase or (progress.run_id is None and not values):
        return
    progress.phase, progress.touched = phase, progress.run_id is not None
    async with work.transaction() as session:
        await work.move(session, **values)


async def _finish(work: Work, *, done: bool, due_at: datetime | None) -> bool:
    """Say when the collection is due again and give it back; False where there is more to do at once."""
    now, progress, epoch = work.now, work.progress, work.lease.epoch
    async with work.transaction() as session:
        collections, runs = Collections(session), Runs(session)
        next_due = await Links(session).next_due(work.collection.id) if work.direction.sends else None
        asked = [at for at in (due_at, next_due if progress.pushes else None) if at is not None]
        ended = done and all(at > now + SOON for at in asked)
        if ended:
            await progress.finish(session, status="succeeded", now=now)
            await work.move(session, failures=0, problem=None, succeeded_at=now)
        else:
            await work.move(session)
        if done and not work.out_of_time:
            if ended and await runs.open_of(work.collection.id):
                return False
            row = await collections.get(work.collection.id)
            poll_at = row.poll_at if row is not None else None
            moments = [at for at in (due_at, next_due, poll_at) if at is not None]
            return await collections.finish(
                work.collection.id, epoch=epoch, wanted=work.lease.wanted, now=now,
                due_at=min(moments, default=None),
            )  # fmt: skip
        await collections.release(work.collection.id, epoch=epoch, due_at=now, now=now)
        ring(
            session,
            "collection",
            workspace=work.lease.workspace,
            target=work.collection.id,
            bulk=progress.full,
        )
        return True


async def _rested(resources: Resources, lease: Lease) -> bool:
    """Give back a collection that may not be worked on, until whoever makes it ready rings.

    False where somebody has rung since we looked: it may be ready now.
    """
    async with resources.db.transaction(lease.workspace) as session:
        await lease.move(session)
        return await Collections(session).finish(
            lease.collection_id, epoch=lease.epoch, wanted=lease.wanted, due_at=None, now=clock.now()
        )
