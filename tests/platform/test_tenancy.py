"""The second wall: PostgreSQL itself shows the service nothing but the workspace that a transaction names."""

import asyncpg
import pytest
from sqlalchemy import text

from app.models import GLOBAL_TABLES, Base

# A value of each type, to fill a row that nothing but its types describes.
SAMPLE = {
    "text": "'ws_a'",
    "integer": "1",
    "bigint": "1",
    "boolean": "false",
    "jsonb": "'{}'",
    "bytea": "'\\x00'",
    "ARRAY": "'{}'",
    "timestamp with time zone": "'2026-03-02T09:00:00Z'",
}
TENANT_TABLES = sorted(set(Base.metadata.tables) - GLOBAL_TABLES)
WALLS = """
SELECT relname, relrowsecurity AND relforcerowsecurity AS walled
  FROM pg_class JOIN information_schema.columns ON table_schema = 'public' AND table_name = relname
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND column_name = 'workspace_id'
"""
FIRST_KEYS = """
SELECT conrelid::regclass::text AS relname, conname, attname
  FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
 WHERE contype IN ('p', 'u', 'f') AND connamespace = 'public'::regnamespace
"""


@pytest.fixture
async def rows(database_url, cleaner):
    """Put one row of the workspace ws_a into every table, whatever its columns mean."""
    for table in TENANT_TABLES:
        columns = await cleaner.fetch(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1", table
        )
        names = ", ".join(f'"{column["column_name"]}"' for column in columns)
        values = ", ".join(SAMPLE[column["data_type"]] for column in columns)
        await cleaner.execute(f"INSERT INTO {table} ({names}) VALUES ({values})")


async def test_every_table_with_a_workspace_is_walled(database_url, cleaner: asyncpg.Connection):
    walls = {row["relname"]: row["walled"] for row in await cleaner.fetch(WALLS)}

    assert set(TENANT_TABLES) <= walls.keys()
    assert [table for table, walled in walls.items() if not walled and table not in GLOBAL_TABLES] == []


async def test_the_workspace_leads_every_key(database_url, cleaner: asyncpg.Connection):
    keys = [row for row in await cleaner.fetch(FIRST_KEYS) if row["relname"] in TENANT_TABLES]

    assert keys
    assert [row["conname"] for row in keys if row["attname"] != "workspace_id"] == []


@pytest.mark.parametrize(
    ("workspace", "seen"),
    [
        pytest.param(None, 0, id="no workspace is named"),
        pytest.param("ws_b", 0, id="another workspace is named"),
        pytest.param("ws_a", 1, id="its own workspace is named"),
    ],
)
async def test_what_the_service_sees_when(rows, db, workspace, seen):
    async with db.transaction(workspace) as session:
        counts = {
            table: (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar()
            for table in TENANT_TABLES
        }

    assert counts == dict.fromkeys(TENANT_TABLES, seen)


async def test_a_workspace_named_once_is_forgotten_with_its_transaction(rows, db):
    async with db.transaction("ws_a"):
        pass
    async with db.transaction(None) as session:
        assert (await session.execute(text("SELECT count(*) FROM records"))).scalar() == 0


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_nothing_is_written_into_another_workspace(rows, db, table):
    with pytest.raises(Exception, match="row-level security"):
        async with db.transaction("ws_a") as session:
            await session.execute(text(f"UPDATE {table} SET workspace_id = 'ws_b'"))
