"""Who asked not to be texted, because somebody else reads the phone"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("hushed_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("conversations", "hushed_at")
