"""PostgreSQL's own catalogue, walked: whatever a later migration adds stands behind the same wall.

``test_tenancy.py`` shows that the wall holds, ``test_database.py`` that models and migration agree.
"""

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.models import GLOBAL_TABLES

TABLES = """
SELECT c.oid, c.relname, c.relrowsecurity AND c.relforcerowsecurity AS walled, o.rolname AS owner,
       EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'workspace_id') AS has_workspace
  FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner
 WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'
"""
UNIQUE = """
SELECT i.indrelid::regclass::text AS relname, i.indexrelid::regclass::text AS index,
       (SELECT attname FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = i.indkey[0]) AS first
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
 WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'
"""
POLICIES = "SELECT tablename, policyname, permissive, roles, cmd, qual, with_check FROM pg_policies"
MAY_SEE_PAST_THE_WALL = """
SELECT relname AS name FROM pg_class WHERE relkind IN ('v', 'm', 'f') AND relnamespace = 'public'::regnamespace
UNION ALL
SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace
"""
GRANTS = """
SELECT table_name, privilege_type FROM information_schema.role_table_grants
 WHERE grantee = $1 AND table_schema = 'public'
"""
AN_OWNER = 'INSERT INTO owners (workspace_id, "user", record_id, access)'
RIGHTS = """
SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
       (SELECT count(*) FROM pg_auth_members WHERE member = r.oid) AS memberships,
       (SELECT count(*) FROM pg_class WHERE relowner = r.oid) AS owned
  FROM pg_roles r WHERE rolname = $1
"""


@pytest.fixture
async def catalogue(database_url, cleaner: asyncpg.Connection):
    return cleaner


@pytest.fixture
async def tables(catalogue):
    return {row["relname"]: row for row in await catalogue.fetch(TABLES)}


async def test_every_table_but_the_global_ones_has_a_workspace_and_a_wall_that_binds_its_owner_too(tables):
    assert tables.keys() > GLOBAL_TABLES
    for name in tables.keys() - GLOBAL_TABLES:
        assert (name, tables[name]["has_workspace"], tables[name]["walled"]) == (name, True, True)


async def test_the_workspace_leads_every_unique_index(catalogue):
    unique = [row for row in await catalogue.fetch(UNIQUE) if row["relname"] not in GLOBAL_TABLES]

    assert len(unique) > 20
    assert [row["index"] for row in unique if row["first"] != "workspace_id"] == []


async def test_one_policy_guards_reading_and_writing_and_only_the_sweep_has_another(catalogue, tables):
    policies = await catalogue.fetch(POLICIES)
    for name in tables.keys() - GLOBAL_TABLES:
        (own,) = [row for row in policies if row["tablename"] == name and "concord_sweep" not in row["roles"]]
        assert own["cmd"] == "ALL"
        for rule in (own["qual"], own["with_check"] or own["qual"]):
            assert "workspace_id = NULLIF(current_setting('concord.workspace'" in rule
    assert {row["tablename"] for row in policies if "concord_sweep" in row["roles"]} <= {"collections"}


async def test_nothing_in_the_schema_sees_past_the_wall_for_others(catalogue):
    assert [row["name"] for row in await catalogue.fetch(MAY_SEE_PAST_THE_WALL)] == []


@pytest.mark.parametrize("role", ["concord_app", "concord_sweep"])
async def test_a_role_of_the_service_has_no_right_that_would_make_the_wall_void(catalogue, role):
    assert not any((await catalogue.fetchrow(RIGHTS, role)).values())


async def test_the_sweep_sees_of_any_workspace_only_what_is_due(catalogue):
    granted = await catalogue.fetch(GRANTS, "concord_sweep")

    assert {row["table_name"] for row in granted} <= {"collections", "routes", "timers"}
    assert {row["privilege_type"] for row in granted} <= {"SELECT"}


async def test_the_service_may_not_empty_a_table_past_the_wall_nor_own_it(catalogue, tables):
    granted = {row["privilege_type"] for row in await catalogue.fetch(GRANTS, "concord_app")}

    assert granted == {"SELECT", "INSERT", "UPDATE", "DELETE"}  # TRUNCATE asks no policy
    assert {row["owner"] for row in tables.values()} == {"concord_owner"}


@pytest.mark.parametrize("named", [None, ""])
async def test_who_names_no_workspace_sees_and_writes_nothing(db, cleaner, named):
    await cleaner.execute(f"{AN_OWNER} VALUES ('', 'agent-1', 'rec_1', 'primary')")

    async with db.transaction(None) as session:
        if named is not None:
            await session.execute(text("SELECT set_config('concord.workspace', :it, true)"), {"it": named})
        assert (await session.execute(text("SELECT count(*) FROM owners"))).scalar() == 0
    with pytest.raises(DBAPIError, match="row-level security"):
        async with db.transaction(None) as session:
            await session.execute(text(f"{AN_OWNER} VALUES ('ws_a', 'agent-1', 'rec_1', 'primary')"))
