"""What somebody takes on from now on is followed up; what they had before is shown, and never opened again by the clock

Months of what was taken on and never closed would be brought to mind, and then ring everybody, on the day of the
upgrade.
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("escalations", sa.Column("watched", sa.Boolean(), server_default="true", nullable=False))
    op.execute("UPDATE escalations SET watched = false WHERE state = 'acknowledged'")


def downgrade() -> None:
    op.drop_column("escalations", "watched")
