"""Previews: the steps of their plans, what they were asked about, and what was approved by looking at one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OWN = "workspace_id = NULLIF(current_setting('concord.workspace', true), '')"


def upgrade() -> None:
    op.create_table(
        "plan_steps",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("crm_id", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("fields", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("mails", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "run_id", "place", name=op.f("pk_plan_steps")),
    )
    op.create_index("ix_plan_steps_at", "plan_steps", ["workspace_id", "at"], unique=False)
    op.execute("ALTER TABLE plan_steps ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE plan_steps FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_workspace ON plan_steps USING ({OWN}) WITH CHECK ({OWN})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON plan_steps TO concord_app")
    json = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    op.add_column("runs", sa.Column("preview", json, nullable=True))
    op.add_column("collections", sa.Column("approved", json, nullable=True))


def downgrade() -> None:
    op.drop_column("collections", "approved")
    op.drop_column("runs", "preview")
    op.drop_table("plan_steps")
