"""Look-up of who may be whom by index, and what became of a match: decided, followed.

Keys of the records and items that exist are made here, workspace by workspace: row-level security shows the
owner of the tables nothing else.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.graph.contacts import parse
from app.records.evidence import index_keys

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OWN = "workspace_id = NULLIF(current_setting('concord.workspace', true), '')"
PAGE = 1000
NAME_WORKSPACE = sa.text("SELECT set_config('concord.workspace', :workspace, true)")
RECORDS = sa.text("""
SELECT record_id AS id, entity, doc FROM records
WHERE workspace_id = :workspace AND deleted_at IS NULL AND record_id > :after ORDER BY record_id LIMIT :page
""")
ITEMS = sa.text("""
SELECT id, entity, graph_had AS doc FROM links
WHERE workspace_id = :workspace AND record_id IS NULL AND state IN ('unmatched', 'in_review') AND id > :after
ORDER BY id LIMIT :page
""")
INSERT = sa.text("""
INSERT INTO match_keys (workspace_id, entity, key, side, id)
SELECT :workspace, r.entity, key, :side, r.id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, entity text, keys text[]), unnest(r.keys) AS key
ON CONFLICT DO NOTHING
""").bindparams(sa.bindparam("rows", type_=postgresql.JSONB()))
PLACE_MATCHES = sa.text("""
UPDATE matches AS m SET looked_at = m.opened_at, followed_at = m.resolved_at, collection_id = COALESCE((
    SELECT l.collection_id FROM links AS l WHERE l.workspace_id = :workspace AND l.id = m.link_id), '')
WHERE m.workspace_id = :workspace
""")


def upgrade() -> None:
    op.create_table(
        "match_keys",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "entity", "key", "side", "id", name=op.f("pk_match_keys")),
    )
    op.create_index("ix_match_keys_id", "match_keys", ["workspace_id", "id"], unique=False)
    op.execute("ALTER TABLE match_keys ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE match_keys FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_workspace ON match_keys USING ({OWN}) WITH CHECK ({OWN})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON match_keys TO concord_app")
    moment = postgresql.TIMESTAMP(timezone=True)
    op.add_column("matches", sa.Column("collection_id", sa.Text(), nullable=True))
    op.add_column("matches", sa.Column("decision", postgresql.JSONB(none_as_null=True), nullable=True))
    op.add_column("matches", sa.Column("looked_at", moment, nullable=True))
    op.add_column("matches", sa.Column("resolved_by", sa.Text(), nullable=True))
    op.add_column("matches", sa.Column("followed_at", moment, nullable=True))
    if not op.get_context().as_sql:
        fill()
    op.alter_column("matches", "collection_id", nullable=False)
    op.alter_column("matches", "looked_at", nullable=False)
    op.create_index(
        "ix_matches_unsettled", "matches", ["workspace_id", "collection_id", "link_id"], unique=False,
        postgresql_where=sa.text("followed_at IS NULL"),
    )  # fmt: skip


def fill() -> None:
    bind = op.get_bind()
    for workspace in bind.execute(sa.text("SELECT id FROM workspaces ORDER BY id")).scalars().all():
        bind.execute(NAME_WORKSPACE, {"workspace": workspace})
        bind.execute(PLACE_MATCHES, {"workspace": workspace})
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
        rows = [
            {
                "id": row.id,
                "entity": row.entity,
                "keys": index_keys(row.doc if side == "record" else parse(row.doc or {})),
            }
            for row in found
        ]
        bind.execute(INSERT, {"workspace": workspace, "side": side, "rows": rows})
        after = found[-1].id


def downgrade() -> None:
    op.drop_index("ix_matches_unsettled", "matches")
    for column in ("followed_at", "resolved_by", "looked_at", "decision", "collection_id"):
        op.drop_column("matches", column)
    op.drop_table("match_keys")
