"""Find the workspaces that list an origin, and spell origins as browsers do."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

AS_BROWSERS_SAY_IT = r"""
UPDATE workspaces SET origins = ARRAY(
    SELECT regexp_replace(
        regexp_replace(lower(origin), '^(https)\://(.*)\:443$', '\1\://\2'), '^(http)\://(.*)\:80$', '\1\://\2')
    FROM unnest(origins) WITH ORDINALITY AS listed (origin, place) ORDER BY place)
WHERE origins <> '{}'
"""


def upgrade() -> None:
    op.execute(AS_BROWSERS_SAY_IT)
    op.create_index("ix_workspaces_origins", "workspaces", ["origins"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_index("ix_workspaces_origins", table_name="workspaces")
