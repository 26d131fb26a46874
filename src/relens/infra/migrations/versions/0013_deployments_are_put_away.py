"""A deployment can be put away and brought back, or deleted for good, which takes a while."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("deployment", sa.Column("archived_at", sa.BigInteger(), nullable=True))
    op.add_column("deployment", sa.Column("deleting_since", sa.BigInteger(), nullable=True))
