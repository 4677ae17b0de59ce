"""Play a choice of settings through: the functions of the real run, on a stage of temporary tables."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from app.records.reasons import Reason
from app.sync.choosing import patched
from app.sync.collections import Collections
from app.sync.connections import Connections
from app.sync.lease import Lease
from app.sync.links import Links
from app.sync.notifications import NothingUnseen
from app.sync.policy import Direction
from app.sync.rehearsal_mailbox import Kept, RehearsedMailbox
from app.sync.rehearsal_script import Script
from app.sync.resources import Resources
from app.sync.rounds import SOON, begin, turn
from app.sync.runs import Runs
from app.sync.settings import EffectiveSettings
from app.sync.verdict import Sync
from app.sync.work import Work
from app.sync.workspaces import Workspaces

HOLDER: Final = "rehearsal"
MOST_TURNS: Final = 20
AT_ONCE: Final = 200
A_MOMENT: Final = timedelta(milliseconds=1)


async def play(resources: Resources, script: Script, *, kept: Kept, now: datetime) -> None:
    """Make the choice, let the engine take its turns until nothing is due any more, and take it all down."""
    lease = await _choose(script, now=now)
    if lease is not None:
        await _take_turns(replace(resources, db=script.scratch), lease, script, kept=kept)
    async with script.scratch.transaction(script.run.workspace_id) as session:
        settings = await EffectiveSettings(session).of(script.connection.id, script.run.entity)
        collection = await Collections(session).of(script.connection.id, script.run.entity)
        workspace = await Workspaces(session).get(script.run.workspace_id)
    assert workspace is not None  # noqa: S101  the run is in it
    direction = Direction(settings.direction)
    await script.ends(
        without_import=Reason.IMPORT_OFF if direction.hears else Reason.DIRECTION,
        resting=Reason.DISABLED if direction is Direction.DISABLED else Reason.NOT_AN_OWNER,
    )
    if direction is not Direction.DISABLED and collection is not None:
        mailbox = settings.scope(
            script.connection.user, began_at=collection.created_at, rules=workspace.rules, now=now
        )
        await script.ends_with_absent(mailbox, Sync(direction=direction, imports=settings.import_new))


async def _choose(script: Script, *, now: datetime) -> Lease | None:
    """Make the choice; return a lease of the collection where there is one to work on.

    A choice that changes nothing shows what "sync now" would do.
    """
    run = script.run
    patch = (run.preview or {})["patch"]
    async with script.scratch.transaction(run.workspace_id) as session:
        connection = await Connections(session).get(run.connection_id)
        assert connection is not None  # noqa: S101  connections are never deleted
        collections = Collections(session)
        before = await EffectiveSettings(session).of(connection.id, run.entity)
        await patched(session, connection, run.entity, patch, now=now)
        unchanged = before == await EffectiveSettings(session).of(connection.id, run.entity)
        collection = await collections.of(connection.id, run.entity)
        if collection is None or not (collection.hears or collection.sends):
            return None
        if unchanged:
            await Runs(session).queue(
                connection_id=connection.id, collection_id=collection.id, entity=run.entity,
                trigger="manual", now=now,
            )  # fmt: skip
    async with script.scratch.transaction(run.workspace_id) as session:
        held = await Collections(session).claim(collection.id, HOLDER, now=now)
        assert held is not None  # noqa: S101  nobody else is on this stage
    return Lease(run.workspace_id, held.id, HOLDER, held.epoch, held.wanted, math.inf)


async def _take_turns(on_stage: Resources, lease: Lease, script: Script, *, kept: Kept) -> None:
    """Take turns as the run would, time moving on to whatever a run waits for."""
    ahead, mailbox = timedelta(0), None
    for _ in range(MOST_TURNS):
        work = await begin(on_stage, lease, ends_at=math.inf, ahead=ahead)
        if work is None:
            return
        mailbox = mailbox or RehearsedMailbox(work.mailbox, work.words, kept=kept, script=script)
        work.mailbox = mailbox
        work.unseen, work.at_once, script.progress = NothingUnseen(on_stage.redis), AT_ONCE, work.progress
        work.asks = False
        _, due_at = await turn(work)
        script.question = script.question or next(iter(work.unasked), None)
        moment = await _next(work, due_at)
        if moment is None:
            return
        ahead += max(moment - work.now, A_MOMENT)


async def _next(work: Work, due_at: datetime | None) -> datetime | None:
    """Return when the run would go on, or None where it would end."""
    async with work.transaction() as session:
        writes = work.direction.sends and work.progress.pushes
        next_due = await Links(session).next_due(work.collection.id) if writes else None
        await work.move(session)
    moments = [at for at in (due_at, next_due) if at is not None]
    first = min(moments, default=None)
    return first if first is not None and first <= work.now + SOON else None
