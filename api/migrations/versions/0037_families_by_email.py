"""Families by e-mail: how what nobody asked for reaches a person"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0038"
branch_labels = None
depends_on = None

_CHECK = "ck_people_contact_channel"


def upgrade() -> None:
    op.add_column("people", sa.Column("contact_channel", sa.String(), server_default="sms", nullable=False))
    op.create_check_constraint(op.f(_CHECK), "people", "contact_channel IN ('sms','email')")


def downgrade() -> None:
    op.drop_constraint(op.f(_CHECK), "people")
    op.drop_column("people", "contact_channel")
