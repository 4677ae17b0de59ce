"""Look-up of events by whoever takes part in them.

The words for the events that exist are made here, workspace by workspace: row-level security shows the owner of
the tables nothing else.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.graph.calendar import parse
from app.records.event_evidence import address_keys

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PAGE = 1000
NAME_WORKSPACE = sa.text("SELECT set_config('concord.workspace', :workspace, true)")
RECORDS = sa.text("""
SELECT record_id AS id, doc FROM records
WHERE workspace_id = :workspace AND entity = 'calendar' AND deleted_at IS NULL AND record_id > :after
ORDER BY record_id LIMIT :page
""")
ITEMS = sa.text("""
SELECT id, graph_had AS doc FROM links
WHERE workspace_id = :workspace AND entity = 'calendar' AND record_id IS NULL
  AND state IN ('unmatched', 'in_review') AND id > :after
ORDER BY id LIMIT :page
""")
INSERT = sa.text("""
INSERT INTO match_keys (workspace_id, entity, key, side, id)
SELECT :workspace, 'calendar', key, :side, r.id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, keys text[]), unnest(r.keys) AS key
ON CONFLICT DO NOTHING
""").bindparams(sa.bindparam("rows", type_=postgresql.JSONB()))


def upgrade() -> None:
    if op.get_context().as_sql:
        return
    bind = op.get_bind()
    for workspace in bind.execute(sa.text("SELECT id FROM workspaces ORDER BY id")).scalars().all():
        bind.execute(NAME_WORKSPACE, {"workspace": workspace})
        note(bind, workspace, RECORDS, side="record")
        note(bind, workspace, ITEMS, side="item")
    bind.execute(NAME_WORKSPACE, {"workspace": ""})


def note(bind: sa.Connection, workspace: str, query: sa.TextClause, *, side: str) -> None:
    after = ""
    while True:
        values = {"workspace": workspace, "after": after, "page": PAGE}
        found = bind.execute(query.columns(doc=postgresql.JSONB()), values).all()
        if not found:
            return
        docs = {row.id: row.doc if side == "record" else parse(row.doc or {}) for row in found}
        rows = [{"id": holder, "keys": address_keys(doc)} for holder, doc in docs.items()]
        bind.execute(INSERT, {"workspace": workspace, "side": side, "rows": rows})
        after = found[-1].id


def downgrade() -> None:
    """The words stay: nobody looks for them."""
