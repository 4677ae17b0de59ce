"""Two workers, each ringing the other's collection while it moves its own, never wait in a circle."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from app.sync.collections import Collections
from app.sync.feed import News, announce

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORKSPACE = "ws_locks"
MAILBOXES = ("ada", "ben", "cem")
TURNS = 40


@pytest.fixture
async def collections(db):
    """The collections of three people who share their contacts; their ids."""
    async with db.transaction(WORKSPACE) as session:
        opened = [await Collections(session).opened(name, "contacts", now=AT) for name in MAILBOXES]
    return [collection.id for collection in opened]


@pytest.mark.story("pages lock each other")
@pytest.mark.feature("A4")
@pytest.mark.lesson(20)
async def test_workers_and_the_crm_ring_for_each_others_collections_without_a_deadlock(db, collections):
    async def works(own):
        others = [each for each in collections if each != own]
        for _ in range(TURNS):
            async with db.transaction(WORKSPACE) as session:
                Collections(session).ring(others, now=AT)
                await Collections(session).move(own, epoch=0, pulled_at=AT)
                await asyncio.sleep(0.001)
                announce(session, News(type="contact.updated", subject=own, origin="microsoft", at=AT))

    async def puts():
        for _ in range(TURNS):
            async with db.transaction(WORKSPACE) as session:
                announce(session, News(type="contact.updated", subject="crm", origin="crm", at=AT))
                Collections(session).ring(reversed(collections), now=AT)

    async with asyncio.timeout(30):
        await asyncio.gather(*(works(own) for own in collections), puts(), puts())

    async with db.transaction(WORKSPACE) as session:
        wanted = await session.scalars(text("SELECT wanted FROM collections"))
        assert set(wanted) == {TURNS * (len(MAILBOXES) - 1 + 2)}


@pytest.mark.feature("A4")
async def test_who_is_stopped_after_a_ring_is_due_no_more(db, collections):
    first, second, _ = collections
    async with db.transaction(WORKSPACE) as session:
        Collections(session).ring([first, second], now=AT, pull=True)
        await Collections(session).stop([first])

    async with db.transaction(WORKSPACE) as session:
        stopped, rung = [await Collections(session).get(each) for each in (first, second)]
    assert (stopped.due_at, stopped.poll_at, stopped.epoch) == (None, None, 1)
    assert (rung.due_at, rung.poll_at, rung.epoch, rung.wanted) == (AT, AT, 0, 1)
