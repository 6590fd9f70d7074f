"""May the family read what a plan says, in general, of what happens if it does not work? Not until a worker says so"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0034b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "plans",
        sa.Column("family_may_see_contingency", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("plans", "family_may_see_contingency")
