"""How a plan ended without a review, what help remains and why; conferences that are withdrawn"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0042"
branch_labels = None
depends_on = None

_KINDS = "end_kind IN ('','moved','of_age','death','court','other','withdrawn')"


def upgrade() -> None:
    op.add_column("plans", sa.Column("end_kind", sa.String(), server_default="", nullable=False))
    op.add_column("plans", sa.Column("end_support", sa.String(), server_default="", nullable=False))
    op.create_check_constraint(op.f("ck_plans_end_kind"), "plans", _KINDS)
    op.add_column("plan_versions", sa.Column("reason", sa.String(), server_default="", nullable=False))
    op.add_column("conferences", sa.Column("withdrawn_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("conferences", "withdrawn_at")
    op.drop_column("plan_versions", "reason")
    op.drop_constraint(op.f("ck_plans_end_kind"), "plans", type_="check")
    op.drop_column("plans", "end_support")
    op.drop_column("plans", "end_kind")
