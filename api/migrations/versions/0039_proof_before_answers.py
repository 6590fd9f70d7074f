"""Whose phone is asked for a proof before it is told anything: by the agency's rule, or the person's own profile"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agencies", sa.Column("proof", sa.String(), server_default="seen", nullable=False))
    op.create_check_constraint(op.f("ck_agencies_proof"), "agencies", "proof IN ('never','seen','always')")
    op.add_column("people", sa.Column("proof", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "proof")
    op.drop_constraint(op.f("ck_agencies_proof"), "agencies", type_="check")
    op.drop_column("agencies", "proof")
