"""The browsers in which workers want to be told of escalations"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push_browsers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_secret", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("auth_secret", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_push_browsers_worker_id_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_browsers")),
        sa.UniqueConstraint("worker_id", "endpoint_secret", name=op.f("uq_push_browsers_worker_id_endpoint_secret")),
    )
