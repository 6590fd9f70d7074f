"""What was done by hand and what a file did: a role changed here stays; who is given a family by a file is told"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("workers", sa.Column("role_by_hand", sa.Boolean(), server_default="false", nullable=False))
    op.alter_column("assignment_news", "by_id", nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM assignment_news WHERE by_id IS NULL")
    op.alter_column("assignment_news", "by_id", nullable=False)
    op.drop_column("workers", "role_by_hand")
