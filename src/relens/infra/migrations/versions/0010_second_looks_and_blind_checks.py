"""What a second person said of an image, and what people drew without seeing the answer."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "second_look",
        sa.Column("prediction", sa.String(length=36), nullable=False),
        sa.Column("deployment", sa.String(length=36), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("wanted_at", sa.BigInteger(), nullable=False),
        sa.Column("first_by", sa.String(length=36), nullable=False),
        sa.Column("second_by", sa.String(length=36), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=True),
        sa.Column("annotations", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("settled_by", sa.String(length=36), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("held_by", sa.String(length=36), nullable=True),
        sa.Column("held_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("prediction"),
    )
    op.create_index("second_look_by_outcome", "second_look", ["deployment", "outcome", "wanted_at"], unique=False)
    op.create_table(
        "blind_look",
        sa.Column("prediction", sa.String(length=36), nullable=False),
        sa.Column("deployment", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("annotations", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("prediction"),
    )
    op.create_index("blind_look_by_deployment", "blind_look", ["deployment", "at"], unique=False)
