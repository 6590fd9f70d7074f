"""Families, people and workers entered by hand: who left a family, who was given one, codes for a first password"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("left_at", sa.DateTime(timezone=True)))
    op.add_column("workers", sa.Column("language", sa.String(), server_default="", nullable=False))
    op.create_table(
        "assignment_news",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("family_id", sa.Uuid(), sa.ForeignKey("families.id"), nullable=False),
        sa.Column("worker_id", sa.Uuid(), sa.ForeignKey("workers.id"), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("by_id", sa.Uuid(), sa.ForeignKey("workers.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("what IN ('given','taken')", name="what"),
    )
    op.create_index(
        "ix_assignment_news_to_see", "assignment_news", ["worker_id"], postgresql_where=sa.text("seen_at IS NULL")
    )
    op.create_table(
        "entry_codes",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("worker_id", sa.Uuid(), sa.ForeignKey("workers.id"), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("made_by", sa.Uuid(), sa.ForeignKey("workers.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_entry_codes_worker_id", "entry_codes", ["worker_id"])


def downgrade() -> None:
    op.drop_table("entry_codes")
    op.drop_table("assignment_news")
    op.drop_column("workers", "language")
    op.drop_column("people", "left_at")
