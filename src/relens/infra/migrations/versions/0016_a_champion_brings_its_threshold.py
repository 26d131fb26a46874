"""A line of the history of roles says which threshold its champion found and with which one it answers."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("role_history", sa.Column("threshold", sa.JSON(), nullable=True))
