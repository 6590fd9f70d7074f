"""What was known of a person before a change is kept, as it is of conferences, reviews and appointments"""

from alembic import op

revision = "0045"
down_revision = "0041"
branch_labels = None
depends_on = None

_KIND = "ck_earlier_versions_kind"


def upgrade() -> None:
    op.drop_constraint(op.f(_KIND), "earlier_versions")
    op.create_check_constraint(
        op.f(_KIND), "earlier_versions", "kind IN ('conference','review','appointment','person')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM earlier_versions WHERE kind = 'person'")
    op.drop_constraint(op.f(_KIND), "earlier_versions")
    op.create_check_constraint(op.f(_KIND), "earlier_versions", "kind IN ('conference','review','appointment')")
