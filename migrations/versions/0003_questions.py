"""What of a record is in question, what of it swings, and an index for what is open."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("held", "swings"):
        kind = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
        op.add_column("records", sa.Column(name, kind, server_default=sa.text("'{}'::jsonb"), nullable=False))
    op.create_index(
        "ix_conflicts_open",
        "conflicts",
        ["workspace_id", "connection_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )


def downgrade() -> None:
    op.drop_index("ix_conflicts_open", table_name="conflicts")
    for name in ("swings", "held"):
        op.drop_column("records", name)
