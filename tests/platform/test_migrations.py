"""Migrations of a database that has been in use."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.migrate import migrate

WORKSPACE = """
INSERT INTO workspaces (id, name, entities, enabled, entitled, paused, self_management, sync_interval_minutes,
    origins, return_urls, record_url_template, phone_region, vocabulary, settle_seconds, rules, breaker,
    defaults, revision, created_at, updated_at)
VALUES (:id, :id, '{contacts}', true, true, false, true, 15, '{}', '{}', '', '', '{}', 120, '{}', '{}',
    CAST(:defaults AS jsonb), 1, now(), now())
"""
CHOICE = """
INSERT INTO entity_settings (workspace_id, connection_id, entity, chosen, revision, updated_at)
VALUES (:workspace, 'con_1', 'contacts', CAST(:chosen AS jsonb), 1, now())
"""
READ = """
SELECT s.chosen ->> 'deleted_in_microsoft', w.defaults -> 'contacts' ->> 'deleted_in_microsoft'
  FROM workspaces AS w LEFT JOIN entity_settings AS s ON s.workspace_id = w.id WHERE w.id = 'ws_1'
"""
BEFORE = [
    ("a connection that chose a direction", '{"direction": "two_way"}', "{}", ("keep", None)),
    ("a connection that chose it", '{"deleted_in_microsoft": "recreate"}', "{}", ("recreate", None)),
    ("nothing was ever chosen", "{}", "{}", (None, None)),
    ("the workspace chose it", '{"direction": "two_way"}', '{"contacts": {"deleted_in_microsoft": "delete"}}',
     (None, "delete")),
    ("a direction for all", "{}", '{"contacts": {"direction": "two_way", "locked": []}}', (None, "keep")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "defaults", "after"), [pytest.param(*row, id=case) for case, *row in BEFORE]
)
async def test_the_breaker_brings_no_deletion_to_whoever_synced_before(new_database, chosen, defaults, after):
    migrate(new_database, revision="0001")
    engine = create_async_engine(new_database, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text("SELECT set_config('concord.workspace', 'ws_1', true)"))
        await connection.execute(text(WORKSPACE), {"id": "ws_1", "defaults": defaults})
        await connection.execute(text(CHOICE), {"workspace": "ws_1", "chosen": chosen})
    migrate(new_database)
    async with engine.begin() as connection:
        await connection.execute(text("SELECT set_config('concord.workspace', 'ws_1', true)"))
        assert tuple((await connection.execute(text(READ))).one()) == after
    await engine.dispose()


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (["https://CRM.Example", "https://b.example:443"], ["https://crm.example", "https://b.example"]),
        (["http://localhost:80", "http://localhost:443"], ["http://localhost", "http://localhost:443"]),
        ([], []),
    ],
)
async def test_origins_that_were_stored_before_are_spelt_as_browsers_do(new_database, was, becomes):
    migrate(new_database, revision="0004")
    engine = create_async_engine(new_database, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text(WORKSPACE), {"id": "ws_1", "defaults": "{}"})
        await connection.execute(text("UPDATE workspaces SET origins = :was"), {"was": was})
    migrate(new_database)
    async with engine.begin() as connection:
        assert (await connection.execute(text("SELECT origins FROM workspaces"))).scalar() == becomes
    await engine.dispose()
