"""The feed under many writers: a reader that polls with its cursor misses nothing and sees nothing twice."""

import asyncio
import random
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from app import db as database_module
from app.db import Database
from app.sync import feed
from app.sync.changes import Changes
from app.sync.feed import News, announce

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORKSPACE = "ws_feed"
WRITERS, EACH = 16, 25


def news(name, **more):
    return News(type="contact.updated", subject=name, record_id=name, origin="microsoft", at=AT, **more)


@contextmanager
def slow_commits():
    """Let time pass between a transaction's number and its commit, as a slow disk would."""

    async def pause(session):
        await asyncio.sleep(random.choice((0, 0.001, 0.005)))

    database_module.last_before_commit(pause)
    try:
        yield
    finally:
        database_module._last_steps.remove(pause)


async def write(db, writer, written):
    for number in range(EACH):
        changes = random.choice((1, 1, 2, 5))
        async with db.transaction(WORKSPACE) as session:
            for place in range(changes):
                announce(session, news(f"{writer}-{number}-{place}"))
        written.append(changes)


async def read_until(db, done):
    """Poll with the last position, as a CRM does, and once more after the last writer has ended."""
    position, seen, over = 0, [], False
    while not over:
        over = done.is_set()
        async with db.transaction(WORKSPACE) as session:
            page = await Changes(session).after(position, limit=random.choice((3, 50, 500)))
        assert page.position >= position
        seen += [(change.seq, change.subject) for change in page.changes]
        position = page.position
        over = over and not page.has_more and not page.changes
        await asyncio.sleep(0)
    return seen


async def writers_and_a_reader(db, readers_db):
    """Return how many changes were written and what the reader, with a connection of its own, saw of them."""
    written, done = [], asyncio.Event()
    reader = asyncio.create_task(read_until(readers_db, done))
    with slow_commits():
        await asyncio.gather(*(write(db, writer, written) for writer in range(WRITERS)))
    done.set()
    return sum(written), await reader


@pytest.fixture
async def readers_db(database_url):
    database = Database(database_url, pool_size=1)
    yield database
    await database.close()


def assert_every_number_once_in_order(written, seen):
    assert [seq for seq, _ in seen] == list(range(1, written + 1))
    assert len({subject for _, subject in seen}) == written


@pytest.mark.feature("F8")
async def test_sixteen_writers_and_a_polling_reader_see_every_change_once_and_in_order(db, readers_db):
    assert_every_number_once_in_order(*await writers_and_a_reader(db, readers_db))


@pytest.fixture
async def a_sequence(db, servers):
    superuser = await servers.superuser()
    await superuser.execute("CREATE SEQUENCE a_sequence; GRANT ALL ON SEQUENCE a_sequence TO concord_app")
    yield
    await superuser.execute("DROP SEQUENCE a_sequence")
    await superuser.close()


async def test_with_a_sequence_in_place_of_the_counter_the_reader_misses_changes(
    db, readers_db, a_sequence, monkeypatch
):
    counter, stored, rest = str(feed.STORE).partition("), stored")
    assert "UPDATE feeds" in counter
    rest = rest.replace("counted.first + r.seq", "nextval('a_sequence')")
    monkeypatch.setattr(feed, "STORE", text(f"WITH counted AS (SELECT 1{stored}{rest}"))
    monkeypatch.setattr(Changes, "head", head_of_a_sequence)

    async with db.transaction(WORKSPACE) as slow:
        announce(slow, news("slow"))
        await feed.number(slow)  # it has the lower number, and commits later
        async with db.transaction(WORKSPACE) as quick:
            announce(quick, news("quick"))
        early = await seen_after(0, readers_db)
    late = await seen_after(early.position, readers_db)

    seen = [(change.seq, change.subject) for page in (early, late) for change in page.changes]
    assert seen == [(2, "quick")]
    with pytest.raises(AssertionError):
        assert_every_number_once_in_order(2, seen)


async def seen_after(position, db):
    async with db.transaction(WORKSPACE) as session:
        return await Changes(session).after(position, limit=10)


async def head_of_a_sequence(changes):
    """What a feed without a counter would take for its head: the greatest number it can see."""
    query = text("SELECT coalesce(max(seq), 0) FROM changes WHERE workspace_id = :workspace")
    return (await changes.session.execute(query, {"workspace": changes.workspace})).scalar_one()


async def test_a_transaction_that_fails_leaves_no_gap(db):
    async with db.transaction(WORKSPACE) as session:
        announce(session, news("first"))
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with db.transaction(WORKSPACE) as session:
            announce(session, news("never"))
            await feed.number(session)
            raise ZeroDivisionError  # the number was taken, and goes back
    async with db.transaction(WORKSPACE) as session:
        announce(session, news("second", changed=("emails",), previous={"emails": []}, extra={"merged": "r"}))

    async with db.transaction(WORKSPACE) as session:
        page = await Changes(session).after(0, limit=10)

    assert [(c.seq, c.subject) for c in page.changes] == [(1, "first"), (2, "second")]
    assert (page.position, page.has_more) == (2, False)
    last = page.changes[1]
    assert (last.changed, last.previous, last.snapshot) == (["emails"], {"emails": []}, {})
    assert (last.extra, last.at, page.changes[0].extra) == ({"merged": "r"}, AT, None)


@pytest.mark.parametrize(
    ("types", "read"),
    [
        pytest.param([], ["a", "b", "c"], id="all"),
        pytest.param(["*"], ["a", "b", "c"], id="any"),
        pytest.param(["contact.*"], ["a", "b"], id="one entity"),
        pytest.param(["contact.deleted", "run.*"], ["b", "c"], id="one type and one entity"),
        pytest.param(["contact"], [], id="half a type"),
        pytest.param(["contact%"], [], id="no pattern of SQL"),
    ],
)
async def test_a_reader_may_ask_for_some_types_and_still_reaches_the_head(db, types, read):
    async with db.transaction(WORKSPACE) as session:
        for name, kind in (("a", "contact.created"), ("b", "contact.deleted"), ("c", "run.finished")):
            announce(session, News(type=kind, subject=name, origin="microsoft", at=AT))

    async with db.transaction(WORKSPACE) as session:
        page = await Changes(session).after(0, limit=10, types=types)

    assert [change.subject for change in page.changes] == read
    assert page.position == 3


async def test_endpoints_that_wait_are_rung_and_timed(db):
    rung = []

    async def doorbell(rings):
        rung.extend((ring.job, ring.target) for ring in rings)

    db.doorbell = doorbell
    async with db.transaction(WORKSPACE) as session:
        for name, status in (("whk_on", "active"), ("whk_off", "disabled")):
            await session.execute(
                text(
                    "INSERT INTO webhooks (workspace_id, id, url, types, acknowledges, status, secret, position,"
                    " created_at, updated_at)"
                    " VALUES (:workspace, :id, 'https://a.example', '{}', false, :status, '', 0, :at, :at)"
                ),
                {"workspace": WORKSPACE, "id": name, "status": status, "at": AT},
            )
    async with db.transaction(WORKSPACE) as session:
        announce(session, news("a"))

    async with db.transaction(None) as session:
        timers = (await session.execute(text("SELECT kind, target, due_at FROM timers"))).all()
    assert rung == [("webhook", "whk_on")]
    assert [tuple(timer) for timer in timers] == [("webhook", "whk_on", AT + feed.UNHEARD_AFTER)]
