"""Of each message that raised an alarm a worker may say whether it was a false one"""

import sqlalchemy as sa
from alembic import op

revision = "0034b"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbound_messages", sa.Column("alarm_was", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("inbound_messages", "alarm_was")
