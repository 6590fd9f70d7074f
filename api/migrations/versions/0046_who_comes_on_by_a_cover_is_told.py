"""When whoever comes on duty by a cover was told what is still open"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rota_changes", sa.Column("told_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("rota_changes", "told_at")
