"""Takeovers that nobody continues, promises to ring that nobody keeps, and what a worker leaves at the hand-back"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0031"
branch_labels = None
depends_on = None

MINUTES = {"takeover_web_minutes": "10", "takeover_sms_minutes": "30", "ring_again_minutes": "30"}


def upgrade() -> None:
    for name, default in MINUTES.items():
        op.add_column("agencies", sa.Column(name, sa.Integer(), server_default=default, nullable=False))
    op.add_column("conversations", sa.Column("taken_over_at", sa.DateTime(timezone=True), nullable=True))
    # A takeover of before: it is waited for from now on.
    op.execute("UPDATE conversations SET taken_over_at = now() WHERE taken_over_by IS NOT NULL")
    op.create_index(
        "ix_conversations_taken_over",
        "conversations",
        ["taken_over_by"],
        postgresql_where=sa.text("taken_over_by IS NOT NULL"),
    )
    op.create_index(
        "ix_inbound_messages_for_worker",
        "inbound_messages",
        ["conversation_id"],
        postgresql_where=sa.text("state = 'recorded' AND flag = 'flag.taken_over'"),
    )
    op.add_column("escalations", sa.Column("ring_reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_escalations_promised",
        "escalations",
        ["ring_by"],
        postgresql_where=sa.text("state = 'acknowledged' AND ring_by IS NOT NULL"),
    )
    op.create_table(
        "handover_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default=sa.text("nextval('message_seq')"), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=True),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_handover_notes_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_handover_notes_family_id_families")),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_handover_notes_worker_id_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_notes")),
    )
    op.create_index(op.f("ix_handover_notes_conversation_id"), "handover_notes", ["conversation_id"])
    op.create_index(op.f("ix_handover_notes_family_id"), "handover_notes", ["family_id"])


def downgrade() -> None:
    op.drop_table("handover_notes")
    op.drop_index("ix_escalations_promised", table_name="escalations")
    op.drop_column("escalations", "ring_reminded_at")
    op.drop_index("ix_inbound_messages_for_worker", table_name="inbound_messages")
    op.drop_index("ix_conversations_taken_over", table_name="conversations")
    op.drop_column("conversations", "taken_over_at")
    for name in reversed(MINUTES):
        op.drop_column("agencies", name)
