"""What the last file said of a family and of its people: only what a file says otherwise changes them

Rows from before have NULL there (nobody kept it); new ones begin with nothing said.
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("families", "people"):
        op.add_column(table, sa.Column("said", sa.String(), nullable=True))
        op.alter_column(table, "said", server_default="")


def downgrade() -> None:
    for table in ("families", "people"):
        op.drop_column(table, "said")
