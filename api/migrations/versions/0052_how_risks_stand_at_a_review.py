"""What a review says of each risk of the plan: higher, the same, lower or gone"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "risk_findings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("risk_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("words", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("change IN ('higher','same','lower','gone')", name=op.f("ck_risk_findings_change")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_risk_findings_review_id_reviews")),
        sa.ForeignKeyConstraint(
            ["risk_id"], ["risks.id"], name=op.f("fk_risk_findings_risk_id_risks"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_findings")),
        sa.UniqueConstraint("review_id", "risk_id", name=op.f("uq_risk_findings_review_id_risk_id")),
    )
    op.create_index(op.f("ix_risk_findings_risk_id"), "risk_findings", ["risk_id"])


def downgrade() -> None:
    op.drop_table("risk_findings")
