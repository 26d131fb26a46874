"""A dataset version remembers the rules that changed its labels; a dataset can be archived."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("dataset_version", sa.Column("relabelling", sa.JSON(), nullable=True))
    op.add_column("dataset", sa.Column("archived_at", sa.BigInteger(), nullable=True))
