"""What rounds over a calendar look at, and which record a meeting is.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OWN = "workspace_id = NULLIF(current_setting('concord.workspace', true), '')"


def upgrade() -> None:
    op.add_column("collections", sa.Column("window", postgresql.JSONB(), nullable=True))

    op.create_table(
        "meetings",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("ical_uid", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "ical_uid", name=op.f("pk_meetings")),
    )
    op.create_index("ix_meetings_record_id", "meetings", ["workspace_id", "record_id"], unique=False)
    op.execute("ALTER TABLE meetings ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE meetings FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_workspace ON meetings USING ({OWN}) WITH CHECK ({OWN})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON meetings TO concord_app")


def downgrade() -> None:
    op.drop_table("meetings")
    op.drop_column("collections", "window")
