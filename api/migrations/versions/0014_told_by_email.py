"""How a worker was told of an escalation: by text, by e-mail or both"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None


# The version before tells workers too while processes are replaced, by text: so the default stays in the database.
def upgrade() -> None:
    op.add_column("notifications", sa.Column("channels", sa.String(), server_default="sms", nullable=False))
