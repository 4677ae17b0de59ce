"""The tables a rehearsal plays on: temporary copies of what concerns one connection, under the real names.

What is neither copied nor blank is read as it is. Whatever the engine writes to must be one of the first two:
PostgreSQL refuses a rehearsal every other write, so a table forgotten here fails a preview and harms nothing.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import TextClause, text

from app.db import Scratch
from app.models import Connection

_HERE: Final = "t.connection_id = :connection AND t.entity = :entity"
_THEIRS: Final = "t.record_id IN (SELECT record_id FROM theirs)"
_SHOWN: Final = "(t.entity = 'tasks' AND :entity = 'calendar')"
THEIRS: Final = (
    text("CREATE TEMPORARY TABLE theirs (record_id text PRIMARY KEY)"),
    text(f"""
    INSERT INTO theirs
    SELECT t.record_id FROM public.owners AS t WHERE t.workspace_id = :workspace AND t."user" = :user
    UNION
    SELECT t.record_id FROM public.links AS t
    WHERE t.workspace_id = :workspace AND {_HERE} AND t.record_id IS NOT NULL
    """),  # noqa: S608  names of our own columns
    text("ANALYZE theirs"),
)

# A record's links elsewhere are copied too: they say whether another mailbox still has it. So are
# records of others: an item may be one of those; and what somebody is asked about already.
COPIED: Final[Mapping[str, str]] = {
    "collections": _HERE,
    "conflicts": f"t.status = 'open' AND {_THEIRS}",
    "entity_settings": _HERE,
    "links": f"({_HERE} OR {_THEIRS})",
    "effects": "t.collection_id IN (SELECT c.id FROM pg_temp.collections AS c)",
    "match_keys": "t.entity = :entity",
    "meetings": "TRUE",
    "matches": "t.connection_id = :connection AND t.followed_at IS NULL",
    "owners": _THEIRS,
    "records": f"t.entity = :entity AND (t.deleted_at IS NULL OR {_THEIRS}) OR {_SHOWN} AND {_THEIRS}",
    "runs": f"t.status = 'awaiting_approval' AND {_HERE}",
}
BLANK: Final = ("changes", "feeds", "revisions", "timers", "webhooks")
AS_THEY_ARE: Final = (
    "authorizations", "connections", "credentials", "deliveries", "idempotency_keys", "microsoft_apps",
    "plan_steps", "routes", "subscriptions", "tokens", "workspaces",
)  # fmt: skip

# What a rehearsal changed is told by comparison with the outset.
OUTSET: Final = (
    text("UPDATE pg_temp.collections SET holder = NULL, lease_until = NULL"),
    text("CREATE TEMPORARY TABLE links_at_outset AS TABLE pg_temp.links"),
    text("CREATE TEMPORARY TABLE records_at_outset AS SELECT record_id FROM pg_temp.records"),
    *(text(f"ANALYZE {name}") for name in ("links", "match_keys", "owners", "records", "links_at_outset")),
)


def _copies() -> list[TextClause]:
    made = [
        text(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL)")
        for table in (*COPIED, *BLANK)
    ]
    filled = [
        text(
            f"INSERT INTO pg_temp.{table} SELECT t.* FROM public.{table} AS t "  # noqa: S608
            f"WHERE t.workspace_id = :workspace AND ({rows})"
        )
        for table, rows in COPIED.items()
    ]
    return [*made, *filled]


@asynccontextmanager
async def stage(url: str, connection: Connection, entity: str) -> AsyncIterator[Scratch]:
    """Yield a database in which this connection's sync can be played through; nothing of it remains."""
    scratch = Scratch(url)
    values = {
        "workspace": connection.workspace_id, "connection": connection.id, "user": connection.user,
        "entity": entity,
    }  # fmt: skip
    try:
        await scratch.lay_out(connection.workspace_id, [*THEIRS, *_copies(), *OUTSET], values)
        yield scratch
    finally:
        await scratch.close()
