"""Run the migrations as the owner of the tables, through the same driver as the service."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.config import SettingsError, for_asyncpg
from app.models import Base

OWNER_URL = "CONCORD_DATABASE_OWNER_URL"
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7232647)")  # replicas that start together wait here


def owner_url() -> str:
    """Return the address given by the caller (``concord migrate``, the tests) or by the environment."""
    url = context.config.attributes.get("url") or os.environ.get(OWNER_URL)
    if not url:
        raise SettingsError(f"{OWNER_URL} is not set. See docs/settings.md.")
    return str(for_asyncpg(url))


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        connection.execute(ONE_AT_A_TIME)
        context.run_migrations()


async def connect_and_run() -> None:
    engine = create_async_engine(owner_url(), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


def print_sql() -> None:
    """Serve ``alembic upgrade --sql``: for an operator who lets nobody but a DBA run DDL."""
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    print_sql()
else:
    asyncio.run(connect_and_run())
