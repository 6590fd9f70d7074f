"""Nothing is silently overwritten: what conferences, reviews and appointments said before; reviews can be corrected"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "earlier_versions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("family_id", sa.Uuid(), sa.ForeignKey("families.id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), sa.ForeignKey("workers.id")),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.UniqueConstraint("object_id", "number"),
        sa.CheckConstraint("kind IN ('conference','review','appointment')", name="kind"),
        sa.CheckConstraint("what IN ('changed','moved','cancelled','corrected','withdrawn')", name="what"),
    )
    op.create_index("ix_earlier_versions_family_id", "earlier_versions", ["family_id"])
    op.add_column("reviews", sa.Column("not_assessed", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("reviews", sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
    op.add_column("reviews", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    # A review that was withdrawn makes room for the right one of the same day.
    op.drop_constraint("uq_reviews_plan_id_held_on", "reviews", type_="unique")
    op.create_index(
        "uq_reviews_plan_day",
        "reviews",
        ["plan_id", "held_on"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def downgrade() -> None:
    op.execute("DELETE FROM outcome_progress USING reviews r WHERE review_id = r.id AND r.withdrawn_at IS NOT NULL")
    op.execute("DELETE FROM action_effects USING reviews r WHERE review_id = r.id AND r.withdrawn_at IS NOT NULL")
    op.execute(
        "UPDATE plan_versions v SET review_id = NULL FROM reviews r"
        " WHERE v.review_id = r.id AND r.withdrawn_at IS NOT NULL"
    )
    op.execute("DELETE FROM reviews WHERE withdrawn_at IS NOT NULL")
    op.drop_index("uq_reviews_plan_day", "reviews")
    op.create_unique_constraint("uq_reviews_plan_id_held_on", "reviews", ["plan_id", "held_on"])
    op.drop_column("reviews", "version")
    op.drop_column("reviews", "withdrawn_at")
    op.drop_column("reviews", "not_assessed")
    op.drop_table("earlier_versions")
