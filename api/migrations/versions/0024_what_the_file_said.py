"""What the last file said of a series: only what a file says otherwise changes it"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointment_series", sa.Column("said", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("appointment_series", "said")
