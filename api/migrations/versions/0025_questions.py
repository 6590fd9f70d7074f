"""Questions at a phone's door where there is no PIN; links for photos that a person asked for themselves"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("door_words", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("people", sa.Column("door_hashes", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("people", sa.Column("door_turn", sa.Integer(), server_default="0", nullable=False))
    op.alter_column("upload_links", "asked_by", nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM upload_links WHERE asked_by IS NULL")
    op.alter_column("upload_links", "asked_by", nullable=False)
    for name in ("door_turn", "door_hashes", "door_words"):
        op.drop_column("people", name)
