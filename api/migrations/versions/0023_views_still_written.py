"""What somebody is still writing of what they want said, and who was asked for it before which meeting"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "view_drafts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("person_id", sa.Uuid(), sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("person_id", "channel"),
        sa.CheckConstraint("stage IN ('collecting','read_back')", name="stage"),
    )
    op.create_index("ix_view_drafts_conversation_id", "view_drafts", ["conversation_id"])
    op.create_index("ix_view_drafts_due_at", "view_drafts", ["due_at"])
    op.create_table(
        "view_draft_parts",
        sa.Column("message_id", sa.Uuid(), sa.ForeignKey("inbound_messages.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("draft_id", sa.Uuid(), sa.ForeignKey("view_drafts.id", ondelete="CASCADE"), nullable=False),
    )
    op.create_index("ix_view_draft_parts_draft_id", "view_draft_parts", ["draft_id"])
    op.create_table(
        "view_asks",
        sa.Column("appointment_id", sa.Uuid(), sa.ForeignKey("appointments.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("person_id", sa.Uuid(), sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_view_asks_person_id", "view_asks", ["person_id"])


def downgrade() -> None:
    op.drop_table("view_asks")
    op.drop_table("view_draft_parts")
    op.drop_table("view_drafts")
