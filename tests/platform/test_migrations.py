"""Migrations of a database that has been in use."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.migrate import migrate
from app.records.evidence import address_key

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


MOMENT = "2026-03-02T09:00:00+00:00"
DOC = {"display_name": "Ada Lovelace", "emails": [{"address": "ADA@example.org", "name": None}]}
ITEM = {"displayName": "Ada L.", "emailAddresses": [{"address": "ada@example.org", "name": "Ada"}]}
RECORD = {
    "entity": "contacts", "doc": DOC, "extra": {}, "revision": 1, "field_at": {}, "crm_had": {}, "crm_revision": 0,
    "offers": {}, "held": {}, "swings": {}, "origin": "crm", "first_at": MOMENT, "last_at": MOMENT,
}  # fmt: skip
LINK = {
    "connection_id": "con_1", "entity": "contacts", "collection_id": "col_1", "role": "main", "born": "microsoft",
    "state": "unmatched", "generation": 1, "graph_had": ITEM, "graph_means": {}, "shape": 1, "seen_round": 0,
    "failures": 0, "created_at": MOMENT, "updated_at": MOMENT,
}  # fmt: skip
MATCH = {
    "connection_id": "con_1", "entity": "contacts", "link_id": "lnk_b", "summary": {}, "candidates": [],
    "opened_at": MOMENT,
}  # fmt: skip
IN_USE: list[tuple[str, dict[str, Any]]] = [
    ("records", {**RECORD, "record_id": "rec_a"}),
    ("records", {**RECORD, "record_id": "rec_gone", "deleted_at": MOMENT}),
    ("links", {**LINK, "id": "lnk_a", "item_id": "a"}),
    ("links", {**LINK, "id": "lnk_b", "item_id": "b", "state": "in_review"}),
    ("links", {**LINK, "id": "lnk_copy", "item_id": "c", "state": "ignored"}),
    ("links", {**LINK, "id": "lnk_linked", "item_id": "d", "state": "linked", "record_id": "rec_a"}),
    ("matches", {**MATCH, "id": "mat_open", "status": "open"}),
    (
        "matches",
        {**MATCH, "id": "mat_closed", "status": "resolved", "resolved_at": MOMENT, "link_id": "lnk_x"},
    ),
]


async def test_who_was_there_before_can_be_found_by_match_keys(new_database):
    migrate(new_database, revision="0005")
    engine = create_async_engine(new_database, poolclass=NullPool)
    async with engine.begin() as connection:
        for workspace in ("ws_1", "ws_2"):
            named = {"workspace": workspace}
            await connection.execute(text("SELECT set_config('concord.workspace', :workspace, true)"), named)
            await connection.execute(text(WORKSPACE), {"id": workspace, "defaults": "{}"})
            for name, row in IN_USE:
                insert = f"INSERT INTO {name} SELECT * FROM jsonb_populate_record(NULL::{name}, CAST(:row AS jsonb))"
                whole = json.dumps({**row, "workspace_id": workspace})
                await connection.execute(text(insert), {"row": whole})

    migrate(new_database)

    async with engine.begin() as connection:
        for workspace in ("ws_1", "ws_2"):
            named = {"workspace": workspace}
            await connection.execute(text("SELECT set_config('concord.workspace', :workspace, true)"), named)
            keys = (await connection.execute(text("SELECT side, id, key FROM match_keys ORDER BY id"))).all()
            # One address each: the same word, and nobody who is deleted, linked or left alone.
            assert [(key.side, key.id) for key in keys] == [
                ("item", "lnk_a"), ("item", "lnk_b"), ("record", "rec_a"),
            ]  # fmt: skip
            assert len({key.key for key in keys}) == 1
            query = "SELECT id, collection_id, looked_at = opened_at, followed_at = resolved_at FROM matches ORDER BY id"
            matches = [tuple(row) for row in await connection.execute(text(query))]
            assert matches == [("mat_closed", "", True, True), ("mat_open", "col_1", True, None)]
    await engine.dispose()


PEOPLE = [{"address": "EVE@example.org", "name": "Eve", "role": "required"}]
GUESTS = {"attendees": [{"type": "required", "emailAddress": {"address": "eve@example.org", "name": "Eve"}}]}
EVENT = {**RECORD, "entity": "calendar", "doc": {"attendees": PEOPLE}}
WITH_GUESTS = {**LINK, "entity": "calendar", "graph_had": GUESTS}


async def test_events_that_were_there_before_can_be_found_by_their_guests(new_database):
    migrate(new_database, revision="0007")
    engine = create_async_engine(new_database, poolclass=NullPool)
    rows = [
        ("records", {**EVENT, "record_id": "rec_a"}),
        ("records", {**EVENT, "record_id": "rec_alone", "doc": {}}),
        ("records", {**EVENT, "record_id": "rec_gone", "deleted_at": MOMENT}),
        ("records", {**RECORD, "record_id": "rec_contact"}),
        ("links", {**WITH_GUESTS, "id": "lnk_a", "item_id": "a"}),
        ("links", {**WITH_GUESTS, "id": "lnk_copy", "item_id": "c", "state": "ignored"}),
        (
            "links",
            {**WITH_GUESTS, "id": "lnk_linked", "item_id": "d", "state": "linked", "record_id": "rec_a"},
        ),
    ]
    async with engine.begin() as connection:
        named = {"workspace": "ws_1"}
        await connection.execute(text("SELECT set_config('concord.workspace', :workspace, true)"), named)
        await connection.execute(text(WORKSPACE), {"id": "ws_1", "defaults": "{}"})
        for name, row in rows:
            insert = (
                f"INSERT INTO {name} SELECT * FROM jsonb_populate_record(NULL::{name}, CAST(:row AS jsonb))"
            )
            await connection.execute(text(insert), {"row": json.dumps({**row, "workspace_id": "ws_1"})})

    migrate(new_database)

    async with engine.begin() as connection:
        await connection.execute(text("SELECT set_config('concord.workspace', :workspace, true)"), named)
        found = await connection.execute(text("SELECT side, id, entity, key FROM match_keys ORDER BY id"))
        eve = address_key("eve@example.org")
        assert [tuple(row) for row in found] == [
            ("item", "lnk_a", "calendar", eve), ("record", "rec_a", "calendar", eve),
        ]  # fmt: skip
    await engine.dispose()
