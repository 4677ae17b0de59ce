"""A run that is cancelled at the very moment in which a worker begins it stays cancelled."""

import asyncio
from datetime import UTC, datetime

import pytest

from app.sync.previews import KIND, Previews
from app.sync.runs import Runs
from app.sync.timers import Timers

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORKSPACE = "ws_runs"
LOCKED = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


async def queued(db, **wish):
    """Queue a run of one collection; return its id."""
    async with db.transaction(WORKSPACE) as session:
        run = Runs(session).add(
            connection_id="con_1", collection_id="col_1", entity="contacts", direction="both", full=False,
            status="queued", now=AT, **wish,
        )  # fmt: skip
        await session.flush()
        await Timers(session).set(KIND, run.id, AT)
        return run.id


async def begun_while_cancelled(db, cleaner, run_id, begin):
    """Cancel a run; let somebody begin it before that is committed; return what they began."""

    async def begins():
        async with db.transaction(WORKSPACE) as session:
            run = await begin(session)
            return run and run.id

    async with db.transaction(WORKSPACE) as session:
        run = await Runs(session).get(run_id)
        assert await Runs(session).cancel(run, now=AT)
        beginning = asyncio.create_task(begins())
        async with asyncio.timeout(5):
            while not await cleaner.fetchval(LOCKED):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    return await beginning


async def status_of(db, run_id):
    async with db.transaction(WORKSPACE) as session:
        return (await Runs(session).get(run_id)).status


@pytest.mark.feature("B9")
async def test_a_worker_does_not_begin_what_is_cancelled_and_takes_the_next(db, cleaner):
    run, following = await queued(db, trigger="manual"), await queued(db, trigger="settings")

    took = await begun_while_cancelled(db, cleaner, run, lambda session: Runs(session).take("col_1", now=AT))

    assert (took, await status_of(db, run)) == (following, "cancelled")
    assert await status_of(db, following) == "running"


@pytest.mark.feature("F2")
async def test_nor_does_a_preview_that_is_cancelled(db, cleaner):
    run = await queued(db, trigger=KIND)

    took = await begun_while_cancelled(db, cleaner, run, lambda session: Previews(session).begin(run, now=AT))

    assert (took, await status_of(db, run)) == (None, "cancelled")
