"""messages that only the quick part of the safety screen has seen"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "inbound_messages", sa.Column("screened", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.alter_column("inbound_messages", "screened", server_default=None)


def downgrade() -> None:
    op.drop_column("inbound_messages", "screened")
