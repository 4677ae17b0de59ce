"""Plans of the statements that a page or a single record goes by, also while the statistics know of no row."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy.dialects import postgresql

from app.models import Record
from app.sync import feed, match_keys, reach, records
from app.sync.links import Links
from app.sync.records import Records, Step

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
MANY = 3000
LARGE = {"records", "links", "owners", "match_keys", "revisions", "changes"}
# Where PostgreSQL expects one row whichever way it looks, until it has looked at the table for the first time.
TIED = {"items by key"}
STATEMENTS = {
    "reach": reach.REACH,
    "records by crm_id": records.SPOKEN_OF,
    "records written": records.WRITE,
    "records by key": match_keys.RECORDS,
    "records by address": match_keys.HOLDERS,
    "unnamed records by key": match_keys.UNNAMED,
    "items by key": match_keys.ITEMS,
    "keys written": match_keys.WRITE,
    "feed": feed.STORE,
}


def record(number):
    return Record(
        workspace_id="ws_1", record_id=f"rec_{number:05}", entity="contacts", crm_id=f"c-{number}",
        doc={"display_name": f"Person {number}"}, extra={"owners": [{"user": "u", "access": "primary"}]},
        revision=1, field_at={}, crm_had={}, crm_revision=1, offers={}, held={}, swings={}, origin="crm",
        first_at=NOW, last_at=NOW,
    )  # fmt: skip


def link(number):
    return {
        "id": f"lnk_{number:05}", "connection_id": "con_1", "entity": "contacts", "collection_id": "col_1",
        "record_id": f"rec_{number:05}", "item_id": f"item-{number}", "role": "main", "born": "crm",
        "state": "linked", "generation": 1, "graph_means": {}, "shape": 1, "seen_round": 1, "failures": 0,
        "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip


async def fill(db):
    steps = [
        Step(record=record(n), origin="crm", at=NOW, previous={}, new=True, keys=[f"k{n}", f"m{n}"])
        for n in range(MANY)
    ]
    async with db.transaction("ws_1") as session:
        assert not await Records(session).write(steps)
        await Links(session).insert([link(n) for n in range(MANY)])


def read_whole(node):
    """Return the large tables of which a plan reads everything, or all of a workspace."""
    found = set().union(*(read_whole(part) for part in node.get("Plans", [])))
    if node["Node Type"] == "Seq Scan":
        return found | {node["Relation Name"]} & LARGE
    if "Index Name" in node and " AND " not in node.get("Index Cond", ""):
        return found | {table for table in LARGE if f"_{table}" in node["Index Name"]}
    return found


async def plan(session, statement):
    """Return the plan that serves whichever values, as a connection keeps it for long."""
    written = str(statement.compile(dialect=postgresql.asyncpg.dialect()))
    values = ", ".join(["NULL"] * max(int(place) for place in re.findall(r"\$(\d+)", written)))
    raw = await (await session.connection()).get_raw_connection()
    await raw.driver_connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    await raw.driver_connection.execute(f"PREPARE statement AS {written}")
    row = await raw.driver_connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE statement({values})")
    await raw.driver_connection.execute("DEALLOCATE statement")
    return row[0]["Plan"]


@pytest.fixture
async def unseen(cleaner):
    """Large tables in which nothing ever was, and at which PostgreSQL doesn't look by itself."""
    for table in LARGE:
        await cleaner.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    await cleaner.execute(f"TRUNCATE {', '.join(LARGE)}")  # which forgets no statistics
    await cleaner.execute(
        "DELETE FROM pg_statistic WHERE starelid = ANY($1::text[]::regclass[])", sorted(LARGE)
    )
    yield
    for table in LARGE:
        await cleaner.execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)")


@pytest.mark.usefixtures("unseen")
@pytest.mark.parametrize("name", STATEMENTS)
async def test_no_statement_of_a_page_reads_a_large_table_whole(db, cleaner, name):
    async def looked(known):
        async with db.transaction("ws_1") as session:
            assert read_whole(await plan(session, STATEMENTS[name])) == set(), known

    if name not in TIED:
        await looked("nothing")
    await fill(db)
    await looked("no statistics")
    await cleaner.execute(f"ANALYZE {', '.join(LARGE)}")
    await looked("statistics")
