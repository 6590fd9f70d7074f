"""A conference that is planned is an appointment, and knows which"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conferences", sa.Column("appointment_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_conferences_appointment_id_appointments"),
        "conferences",
        "appointments",
        ["appointment_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(op.f("ix_conferences_appointment_id"), "conferences", ["appointment_id"])


def downgrade() -> None:
    op.drop_column("conferences", "appointment_id")
