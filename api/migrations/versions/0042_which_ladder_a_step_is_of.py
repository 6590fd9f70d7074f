"""Which ladder an escalation's step belongs to"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("escalations", sa.Column("begun", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("escalations", "begun")
