"""Whoever runs the installation is told of warnings, once; who comes on duty is told what is still open

(``provider_checks.state_since``: how long a provider has said what it says.)
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "standing_warnings",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_standing_warnings")),
    )
    op.add_column("provider_checks", sa.Column("state_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_outbound_messages_put_off",
        "outbound_messages",
        ["error"],
        postgresql_where=sa.text("state IN ('queued','sending') AND error <> ''"),
    )
    op.add_column("shifts", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("shifts", "told_at")
    op.drop_index("ix_outbound_messages_put_off", table_name="outbound_messages")
    op.drop_column("provider_checks", "state_since")
    op.drop_table("standing_warnings")
