"""The database that every other test stands on: roles, row-level security, migrations."""

from datetime import UTC, datetime

import pytest
import redis.asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.migrate import migrate
from app.models import Base


async def ask(url: str, query: str):
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        rows = (await connection.execute(text(query))).all()
    await engine.dispose()
    return [tuple(row) for row in rows]


async def test_the_service_never_connects_as_superuser(database_url, sweep_url, owner_url):
    for url, role in (
        (database_url, "concord_app"),
        (sweep_url, "concord_sweep"),
        (owner_url, "concord_owner"),
    ):
        rights = "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles"

        assert await ask(url, f"{rights} WHERE rolname = current_user") == [(role, False, False, False)]


async def test_the_app_cannot_change_the_schema(database_url):
    with pytest.raises(DBAPIError, match="permission denied"):
        await ask(database_url, "CREATE TABLE mine ()")


@pytest.mark.parametrize("time", ["first", "second"])
async def test_each_test_begins_with_an_empty_database_and_redis(db, redis_url, time):
    async with db.transaction(None) as session:
        assert (await session.execute(text("SELECT count(*) FROM timers"))).scalar() == 0
        row = {"at": datetime(2026, 3, 2, tzinfo=UTC)}
        await session.execute(text("INSERT INTO timers VALUES ('ws_a', 'renew', 'x', :at)"), row)
    async with redis.asyncio.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("left", "over")


async def test_migrations_make_what_the_models_say(new_database):
    migrate(new_database)
    migrate(new_database)
    engine = create_async_engine(new_database, poolclass=NullPool)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


def differences(connection):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, Base.metadata)
