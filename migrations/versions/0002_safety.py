"""What the breaker counts and holds: effects of runs, approvals, links that wait for a decision.

Until here `deleted_in_microsoft` was `keep` where nobody had chosen. It becomes `delete`, with the breaker behind
it; whoever synced before goes on with `keep`, now as a choice of their own.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OWN = "workspace_id = NULLIF(current_setting('concord.workspace', true), '')"
MOMENT = postgresql.TIMESTAMP(timezone=True)
KEEP = '{"deleted_in_microsoft": "keep"}'
CHOSEN_IN_CONNECTIONS = sa.text("""
UPDATE entity_settings SET chosen = CAST(:keep AS jsonb) || chosen, revision = revision + 1
WHERE workspace_id = :workspace AND entity = 'contacts' AND chosen <> '{}'
  AND NOT EXISTS (SELECT FROM workspaces AS w WHERE w.id = :workspace
                  AND w.defaults -> 'contacts' ? 'deleted_in_microsoft')
""")
CHOSEN_IN_WORKSPACES = sa.text("""
UPDATE workspaces SET revision = revision + 1,
       defaults = jsonb_set(defaults, '{contacts}', CAST(:keep AS jsonb) || (defaults -> 'contacts'))
WHERE id = :workspace AND defaults -> 'contacts' ? 'direction'
  AND NOT defaults -> 'contacts' ? 'deleted_in_microsoft'
""")


def upgrade() -> None:
    op.add_column("links", sa.Column("cleared_at", MOMENT, nullable=True))
    op.add_column("links", sa.Column("held_by", sa.Text(), nullable=True))
    for column in ("cleared_at", "held_by"):
        op.create_index(
            f"ix_links_{column}", "links", ["workspace_id", "collection_id", column], unique=False,
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )  # fmt: skip
    op.add_column("runs", sa.Column("approval", postgresql.JSONB(none_as_null=True), nullable=True))
    op.add_column("runs", sa.Column("subject", sa.Text(), nullable=True))
    op.create_index(
        "ix_runs_awaiting", "runs", ["workspace_id", "collection_id"], unique=False,
        postgresql_where=sa.text("status = 'awaiting_approval'"),
    )  # fmt: skip
    create_effects()
    keep_for_those_who_chose_nothing()


def downgrade() -> None:
    op.drop_table("effects")
    op.drop_index("ix_runs_awaiting", table_name="runs")
    op.drop_column("runs", "subject")
    op.drop_column("runs", "approval")
    op.drop_column("links", "held_by")
    op.drop_column("links", "cleared_at")


def create_effects() -> None:
    op.create_table(
        "effects",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), server_default="1", nullable=False),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("approved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_effects")),
    )
    op.create_index(
        "ix_effects_collection_id", "effects", ["workspace_id", "collection_id", "side", "kind", "at"]
    )
    op.create_index("ix_effects_run_id", "effects", ["workspace_id", "run_id"])
    op.create_index("ix_effects_at", "effects", ["workspace_id", "at"])
    op.execute("ALTER TABLE effects ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE effects FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_workspace ON effects USING ({OWN}) WITH CHECK ({OWN})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON effects TO concord_app")


def keep_for_those_who_chose_nothing() -> None:
    """Go workspace by workspace: the owner, too, sees only the rows of the one it names."""
    connection = op.get_bind()
    for workspace in connection.scalars(sa.text("SELECT id FROM workspaces ORDER BY id")).all():
        connection.execute(
            sa.text("SELECT set_config('concord.workspace', :workspace, true)"), {"workspace": workspace}
        )
        for statement in (CHOSEN_IN_CONNECTIONS, CHOSEN_IN_WORKSPACES):
            connection.execute(statement, {"workspace": workspace, "keep": KEEP})
    connection.execute(sa.text("SELECT set_config('concord.workspace', '', true)"))
