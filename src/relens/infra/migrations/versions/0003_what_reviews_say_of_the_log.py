"""Matches of reviewed images outlast a restart, reviewed lines are found by their mistakes, and sums say which metrics they are of."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "match_blob",
        sa.Column("prediction", sa.String(length=36), nullable=False),
        sa.Column("verdict_seq", sa.BigInteger(), nullable=False),
        sa.Column("matches", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("prediction"),
    )
    op.create_table(
        "review_cursor",
        sa.Column("deployment", sa.String(length=36), nullable=False),
        sa.Column("verdict_seq", sa.BigInteger(), nullable=False),
        sa.Column("log_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("deployment"),
    )
    op.add_column("projection_cursor", sa.Column("kinds", sa.String(length=64), server_default="", nullable=False))
