"""A person's own time zone; none: the agency's"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("timezone", sa.String()))


def downgrade() -> None:
    op.drop_column("people", "timezone")
