"""An escalation's version: what rises with everything new, so that nothing is closed unseen"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("escalations", sa.Column("version", sa.Integer(), server_default="0", nullable=False))
    # What was opened again before counts as changed: a program that has not read it since does not close it.
    op.execute(
        """
        UPDATE escalations e SET version = v.many
        FROM (SELECT escalation_id, count(*) AS many FROM escalation_events
              WHERE kind NOT IN ('opened', 'acknowledged', 'resolved') GROUP BY escalation_id) v
        WHERE v.escalation_id = e.id AND e.state <> 'resolved'
        """
    )


def downgrade() -> None:
    op.drop_column("escalations", "version")
