"""The embedded PostgreSQL and Redis start again over whatever the last stack left."""

import os
import signal

import asyncpg
import psutil
import pytest
import redis.asyncio

from app.dev.process import StartError
from app.dev.services import Postgres, Redis, free_port


@pytest.fixture
def cluster(tmp_path):
    """Make servers over one cluster; stop whatever is left of them."""
    made = []

    def make(*, below="data"):
        made.append(Postgres(tmp_path / below / "pg", log=tmp_path / "postgres.log", durable=False))
        return made[-1]

    yield make
    for server in made:
        server.stop()


async def query(server, statement):
    connection = await asyncpg.connect(server.url("concord_owner").replace("+asyncpg", ""))
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


async def test_data_survives_a_killed_server(cluster):
    first = cluster()
    first.start()
    await query(first, "CREATE TABLE kept AS SELECT 7 AS seven")
    os.kill(first.child.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(first.child.pid)])

    again = cluster()
    again.start()

    assert await query(again, "SELECT seven FROM kept") == [(7,)]


async def test_a_server_that_an_earlier_stack_left_is_ended_first(cluster):
    first = cluster()
    first.start()
    left = psutil.Process(first.child.pid)
    again = cluster()
    again.start()

    assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE
    assert await query(again, "SELECT 1") == [(1,)]


async def test_half_a_cluster_is_made_anew(cluster, tmp_path):
    half = tmp_path / "data" / "pg.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = cluster()
    server.start()

    assert await query(server, "SELECT 1") == [(1,)]


async def test_a_path_too_long_for_a_unix_socket_works_too(cluster):
    server = cluster(below="/".join(["deep" * 10] * 4))
    server.start()
    short = server.socket_folder

    assert await query(server, "SELECT 1") == [(1,)]
    server.stop()
    assert not short.exists()


def test_only_the_owner_of_the_cluster_may_open_its_socket(cluster):
    server = cluster()
    server.start()

    assert (server.socket_folder / ".s.PGSQL.5432").stat().st_mode & 0o777 == 0o700


def test_a_cluster_of_another_version_is_refused_with_the_cure(cluster):
    server = cluster()
    server.folder.mkdir(parents=True)
    (server.folder / "PG_VERSION").write_text("12\n")
    with pytest.raises(StartError, match="remove it and start again"):
        server.start()


async def test_redis_wants_its_password_and_shows_it_to_nobody(tmp_path):
    server = Redis(tmp_path / "redis", port=free_port(), password="pass-word", log=tmp_path / "redis.log")
    server.start()
    try:
        async with redis.asyncio.from_url(server.url()) as known:
            assert await known.ping()
        async with redis.asyncio.from_url(f"redis://127.0.0.1:{server.port}") as stranger:
            with pytest.raises(redis.AuthenticationError):
                await stranger.ping()
        assert "pass-word" not in " ".join(psutil.Process(server.child.pid).cmdline())
        assert (tmp_path / "redis" / "redis.conf").stat().st_mode & 0o077 == 0
    finally:
        server.stop()


def test_a_service_that_does_not_come_up_says_its_last_words(tmp_path):
    port = free_port()
    first = Redis(tmp_path / "one", port=port, password="p", log=tmp_path / "one.log")
    first.start()
    second = Redis(tmp_path / "two", port=port, password="p", log=tmp_path / "two.log")
    try:
        with pytest.raises(StartError, match="Address already in use"):
            second.start()
    finally:
        first.stop()
        second.stop()
