"""What waits for a worker is found by an index of its own, however much there is"""

from alembic import op

revision = "0021"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_outbound_messages_unseen",
        "outbound_messages",
        ["conversation_id"],
        postgresql_where="state IN ('failed','uncertain') AND seen_at IS NULL",
    )
    op.create_index(
        "ix_escalations_taken", "escalations", ["acknowledged_by"], postgresql_where="state = 'acknowledged'"
    )


def downgrade() -> None:
    op.drop_index("ix_escalations_taken", table_name="escalations")
    op.drop_index("ix_outbound_messages_unseen", table_name="outbound_messages")
