"""Questions about images, and how many a person reviewed since a moment."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "question",
        sa.Column("prediction", sa.String(length=36), nullable=False),
        sa.Column("deployment", sa.String(length=36), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.String(length=36), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("prediction"),
    )
    op.create_index("question_by_deployment", "question", ["deployment", "at"], unique=False)
    op.create_index("verdict_by_actor", "verdict", ["deployment", "actor", "at"], unique=False)
