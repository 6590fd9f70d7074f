"""Who workers are at their agency's OpenID Connect provider, and how a session was proved"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "worker_identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_worker_identities_worker_id_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_worker_identities_issuer_subject")),
        sa.UniqueConstraint("worker_id", "issuer", name=op.f("uq_worker_identities_worker_id_issuer")),
    )
    for name in ("proved_by", "factor"):
        op.add_column("worker_sessions", sa.Column(name, sa.String(), server_default="", nullable=False))
