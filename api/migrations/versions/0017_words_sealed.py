"""Which keys have sealed what is stored; an appointment that is only sealed anew is not changed"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_keys")),
    )
    # Place, address, link and bring are sealed, each time to another value: `hearthline seal` says when it is that.
    op.execute("""
        CREATE OR REPLACE FUNCTION count_appointment_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF current_setting('hearthline.resealing', true) IS DISTINCT FROM 'on' THEN
                NEW.sequence := OLD.sequence + 1;
            END IF;
            RETURN NEW;
        END $$
    """)
